"""Kubernetes' Events about a system and its objects, in the order in which they happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arkalia_cli.durations import before

Body = Mapping[str, Any]

GENERATED: Final = {
    "ReplicaSet": r"-[a-z0-9]{1,10}",
    "Pod": r"(-[a-z0-9]{1,10})?-[a-z0-9]{1,5}",
    "Job": r"-[a-z0-9]{1,10}",
}
"""What Kubernetes appends to the name of an object that makes others, by the kind of these."""
STYLES: Final = {"Warning": "yellow"}
KEPT: Final = timedelta(hours=1)
"""How long an API server keeps an Event, unless it is told otherwise (`--event-ttl`)."""
DROPPED: Final = "EventsLeftOut"
"""Reason of the Event by which the operator says that it has posted fewer than it had to tell."""


@dataclass(frozen=True, slots=True)
class Event:
    """One Event."""

    time: str
    """When it was last seen, RFC 3339 in UTC."""
    type: str
    object: str
    """Kind and name, with a slash between them."""
    reason: str
    message: str
    count: int

    @classmethod
    def from_body(cls, body: Body) -> Event:
        """The Event that the API server gave as *body*."""
        about, series = body["involvedObject"], body.get("series") or {}
        return cls(
            time=_time(body),
            type=body.get("type", ""),
            object=f"{about.get('kind', '')}/{about.get('name', '')}",
            reason=body.get("reason", ""),
            message=(body.get("message") or "").strip(),
            count=series.get("count") or body.get("count") or 1,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is looked at, both ends RFC 3339 in UTC."""

    begin: str
    end: str

    @classmethod
    def of(cls, system: Body, now: str) -> Span:
        """All the time that *system* is there."""
        return cls(system["metadata"].get("creationTimestamp", now), now)

    def since(self, moment: str) -> Span:
        """What of it is not before *moment*."""
        return Span(max(self.begin, moment), self.end)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why Events may be missing, and what to do."""

    cause: str
    """`Dropped` by the operator, `Expired` in the cluster, or about objects that are `Unreadable`."""
    message: str
    advice: str


def of_system(system: Body, children: Iterable[Body], bodies: Iterable[Body]) -> list[Event]:
    """Those of *bodies* that are about *system* or its *children*, also about pods that are gone."""
    owned = [system, *children]
    uids = {each["metadata"]["uid"] for each in owned}
    exact = {(each["kind"], each["metadata"]["name"]) for each in owned}
    names = {each["metadata"]["name"] for each in owned}
    mine = [
        Event.from_body(body)
        for body in bodies
        if _about(body, uids, exact) or _made_by(body["involvedObject"], names)
    ]
    return sorted(mine, key=lambda event: event.time)


def since(events: Iterable[Event], moment: str) -> list[Event]:
    """The events at or after *moment*, RFC 3339 in UTC."""
    return [each for each in events if each.time >= moment]


def left_out(events: Iterable[Event], span: Span, unreadable: Sequence[str]) -> list[LeftOut]:
    """What may be missing among *events* of *span*; objects of the kinds *unreadable* were not found."""
    found = [_dropped(events), _expired(span), _unreadable(unreadable)]
    return [each for each in found if each]


def text(events: Sequence[Event], missing: Iterable[LeftOut] = ()) -> RenderableType:
    """The events as a table, the last one at its end, and what may be missing below."""
    lines = [Text(f"! {each.message} {each.advice}", STYLES["Warning"]) for each in missing]
    return Group(_table(events) if events else Text("There are no Events."), *lines)


def data(events: Iterable[Event], missing: Iterable[LeftOut] = ()) -> dict[str, Any]:
    """The same for programs."""
    return {
        "events": [asdict(each) for each in events],
        "leftOut": [asdict(each) for each in missing],
    }


def _table(events: Sequence[Event]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("TIME", "TYPE", "OBJECT", "REASON"):
        table.add_column(heading, no_wrap=True)
    table.add_column("MESSAGE", overflow="fold")
    for each in events:
        times = f" (seen {each.count} times)" if each.count > 1 else ""
        table.add_row(
            _readable(each.time), Text(each.type, STYLES.get(each.type, "")),
            each.object, each.reason, Text(f"{each.message}{times}"),
        )  # fmt: skip
    return table


def _dropped(events: Iterable[Event]) -> LeftOut | None:
    times = [each.time for each in events if each.reason == DROPPED]
    if not times:
        return None
    return LeftOut(
        "Dropped",
        f"The operator has left out Events, the last time at {_readable(max(times))}.",
        f"`arkalia status` is whole; `arkalia explain {DROPPED}` says more.",
    )


def _expired(span: Span) -> LeftOut | None:
    oldest = before(span.end, KEPT)
    if span.begin >= oldest:
        return None
    return LeftOut(
        "Expired",
        f"What happened before {_readable(oldest)} may be missing: clusters forget an Event after "
        "an hour, unless they are set up otherwise.",
        "`arkalia status` tells how it is now, `arkalia logs --since 1d` what the modules wrote.",
    )


def _unreadable(kinds: Sequence[str]) -> LeftOut | None:
    if not kinds:
        return None
    return LeftOut(
        "Unreadable",
        f"Events about objects of these kinds may be missing, since you may not list them: "
        f"{', '.join(kinds)}.",
        "Ask for the role view in the namespace; `arkalia doctor` lists what you may do.",
    )


def _readable(time: str) -> str:
    return time[:19].replace("T", " ")


def _about(body: Body, uids: set[str], exact: set[tuple[str, str]]) -> bool:
    about = body["involvedObject"]
    return about.get("uid") in uids or (about.get("kind"), about.get("name")) in exact


def _made_by(about: Body, names: set[str]) -> bool:
    """Whether the object has a name that Kubernetes made of one of *names*."""
    ending = GENERATED.get(about.get("kind", ""))
    if ending is None:
        return False
    name = about.get("name", "")
    cuts = (name.rsplit("-", parts)[0] for parts in (1, 2))
    return any(cut in names and re.fullmatch(ending, name.removeprefix(cut)) for cut in cuts)


def _time(body: Body) -> str:
    series = body.get("series") or {}
    seen = series.get("lastObservedTime"), body.get("lastTimestamp"), body.get("eventTime")
    return next(filter(None, seen), None) or body["metadata"].get("creationTimestamp") or ""
