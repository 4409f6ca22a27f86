"""What is published: the routes of all modules, and which of them a request is for.

The routes come from a file that the operator writes and replaces: the table is made anew with it.
A path is compared as it came, segment by segment, and never as a whole decoded text: what a segment
holds can then not turn it into two, so the module sees the path that was allowed. Only where a pattern
takes all that goes on from it, encoded slashes are slashes; no other route may answer what then stands there.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from pydantic import TypeAdapter

from arkalia_contract import endpoints, identity

PREFIX: Final = endpoints.PUBLISHED
"""Each module's routes lie below it, in a folder of the module's name."""

PUBLISHED: Final = ("/api/", "/v1/")
"""Where all published paths lie: elsewhere nothing is looked for."""

ENCODED_SLASH: Final = re.compile("%2[Ff]")
DANGEROUS: Final = frozenset({b".", b".."})


class PathError(ValueError):
    """A path that two programs could read differently."""


@dataclass(frozen=True)
class Route:
    """A path of a module that is published."""

    module: str
    path: str
    """Pattern of the path, as the module serves it."""
    methods: frozenset[str]
    scopes: frozenset[str]
    """All of them are needed; none: everybody who is known."""
    requests_per_second: int | None = None
    """For each caller, if the module says so."""
    answer_seconds: int | None = None
    """Until an answer must have begun, if the module says so."""


@dataclass(frozen=True)
class ModuleAddress:
    """Where a module is."""

    module: str
    address: str
    """Base URL of its Service."""
    pods: str
    """Name that stands for the address of each of its pods."""


@dataclass(frozen=True)
class Match:
    """A route, and what of the path the module is asked for."""

    route: Route
    public: "Public"
    target: str


@dataclass(slots=True)
class Habit:
    """What the answers at a path of a module said so far about being kept."""

    is_read: bool = False
    """Whether there is a route that only reads there."""
    keeps: bool = False
    """An answer said that it may be kept."""
    shares: bool = False
    """The last of those said that it is for everybody."""
    passes_until: float = 0.0
    """Until then (monotonic) nothing is looked for here: an answer said nothing of being kept."""


@dataclass(frozen=True)
class Public:
    """The pattern by which a route is found; its `path` names it in logs and metrics."""

    path: str
    habit: Habit = field(default_factory=Habit)

    @property
    def takes_slashes(self) -> bool:
        """Whether it stands for every path that goes on from it."""
        return self.path.endswith(identity.PATTERN_END)


@dataclass
class _Node:
    """What may follow in a path."""

    fixed: dict[str, "_Node"] = field(default_factory=dict)
    anything: "_Node | None" = None
    routes: dict[str, tuple[Route, Public]] = field(default_factory=dict)
    """By method: a path that ends here."""
    below: dict[str, tuple[Route, Public]] = field(default_factory=dict)
    """By method: every path that goes on from here."""


class RouteTable:
    """All that is published."""

    def __init__(self) -> None:
        self._root = _Node()
        self._habits: dict[tuple[str, str], Habit] = {}
        self.callees: dict[str, ModuleAddress] = {}
        self.routes: list[tuple[Public, Route]] = []
        """Everything that was published, in order."""

    def add(self, route: Route, public: str) -> None:
        """Publish *route* under the pattern *public*. What is published already stays."""
        habit = self._habits.setdefault((route.module, route.path), Habit())
        habit.is_read = habit.is_read or "GET" in route.methods
        node, named = self._root, Public(public, habit)
        *before, last = public.split("/")[1:]
        for segment in before:
            node = _entered(node, segment)
        end = node.below if last == identity.PATTERN_END else _entered(node, last).routes
        for method in route.methods:
            end.setdefault(method, (route, named))
        self.routes.append((named, route))

    def match(self, method: str, path: str) -> Match | None:
        """The route that answers *method* on *path*, as it came, without its query.

        Raises PathError for a path that could be read in another way, and MethodError.
        """
        segments = path.split("/")[1:]
        found = _find(self._root, segments, 0, [])
        if found is None:
            return None
        if "%" in path or "/." in path or "\\" in path:
            found = self._plain(segments, found)
        routes, captured = found
        # Who may read a resource may also ask for its headers alone.
        answering = routes.get(method) or (routes.get("GET") if method == "HEAD" else None)
        if answering is None:
            raise MethodError(sorted(routes))
        route, public = answering
        return Match(route, public, _filled(route.path, captured))

    def publishes(self, module: str, path: str) -> bool:
        """Whether *path*, as *module* serves it, is published below the module's own name."""
        found = _find(self._root, f"{PREFIX}/{module}{path}".split("/")[1:], 0, [])
        return found is not None and any(each.module == module for each, _ in found[0].values())

    def leads(self, path: str) -> bool:
        """Whether anything is published at *path*."""
        return _find(self._root, path.split("/")[1:], 0, []) is not None

    def _plain(self, segments: list[str], found: "_Found") -> "_Found":
        """*found* at *segments*, if no program reads them in another way. Raises PathError.

        What goes on below a pattern may have its slashes encoded, as clients write a name that holds some
        (`org%2Fname`): what is judged, and what the module is asked for, has them as slashes.
        """
        routes, captured = found
        if any(public.takes_slashes for _, public in routes.values()):
            rest = captured[-1]
            fixed = segments[: len(segments) - rest.count("/") - 1]
            segments = [*fixed, *ENCODED_SLASH.sub("/", rest).split("/")]
            again = _find(self._root, segments, 0, [])
            if again is None or again[0] is not routes:
                message = f"{json.dumps(rest)} could be read as another path"
                raise PathError(message)
            found = again
        _require_plain(segments)
        return found


class MethodError(Exception):
    """The path is published, for other methods."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = tuple(allowed)


def parse_routes(text: str | bytes) -> RouteTable:
    """The table that `routes.json` describes. Raises ValueError if it is not of that form."""
    table = RouteTable()
    given = _FORM.validate_json(text)
    for module, found in given.items():
        table.callees[module] = ModuleAddress(module, found.address, found.pods)
    for module, route in _each(given):
        table.add(_route(module, route), f"{PREFIX}/{module}{route.path}")
    # Aliases come last: none hides a path that is a module's own.
    for module, route in _each(given):
        for alias in route.alias:
            table.add(_route(module, route), alias)
    return table


@dataclass(frozen=True)
class _GivenRoute:
    path: str
    methods: list[str]
    scopes: list[str]
    requests_per_second: int | None = None
    answer_seconds: int | None = None
    alias: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _GivenModule:
    address: str
    pods: str
    routes: list[_GivenRoute]


_FORM: Final = TypeAdapter(dict[str, _GivenModule])


def _each(given: Mapping[str, _GivenModule]) -> Iterator[tuple[str, _GivenRoute]]:
    for module, found in given.items():
        for route in found.routes:
            yield module, route


def _route(module: str, given: _GivenRoute) -> Route:
    return Route(
        module,
        given.path,
        frozenset(given.methods),
        frozenset(given.scopes),
        given.requests_per_second,
        given.answer_seconds,
    )


def _entered(node: _Node, segment: str) -> _Node:
    if segment.startswith("{"):
        node.anything = node.anything or _Node()
        return node.anything
    return node.fixed.setdefault(segment, _Node())


_Found = tuple[dict[str, tuple[Route, Public]], list[str]]


def _find(node: _Node, segments: list[str], at: int, captured: list[str]) -> _Found | None:
    """What is published at *segments*: the fixed before the free, the exact before the rest."""
    if at == len(segments):
        return (node.routes, captured) if node.routes else None
    segment = segments[at]
    if (fixed := node.fixed.get(segment)) and (found := _find(fixed, segments, at + 1, captured)):
        return found
    if (
        node.anything
        and segment
        and (found := _find(node.anything, segments, at + 1, [*captured, segment]))
    ):
        return found
    if node.below and segments[at:] != [""]:
        return node.below, [*captured, "/".join(segments[at:])]
    return None


def _filled(pattern: str, captured: list[str]) -> str:
    """The path that *pattern* stands for, with the *captured* segments in their places."""
    if not captured:
        return pattern
    left = iter(captured)
    return "/".join(
        next(left, "") if part.startswith("{") or part == identity.PATTERN_END else part
        for part in pattern.split("/")
    )


def _require_plain(segments: Sequence[str]) -> None:
    for segment in segments:
        decoded = unquote_to_bytes(segment)
        if decoded in DANGEROUS or any(each in decoded for each in (b"/", b"\\", b"\0")):
            message = f"the segment {json.dumps(segment)} could be read as another path"
            raise PathError(message)
