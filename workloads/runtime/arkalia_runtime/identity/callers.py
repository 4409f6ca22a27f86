"""Who may ask for which paths of this service: the patterns of `callers.json`, and how they match."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from arkalia_contract import identity

_FORM: Final = TypeAdapter(dict[str, list[str]])


@dataclass(frozen=True)
class Paths:
    """A set of paths, given by patterns."""

    exact: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Paths":
        """The paths that *patterns* stand for. Raises ValueError for one that stands for none."""
        given = tuple(patterns)
        for pattern in given:
            if not pattern.startswith("/"):
                message = f"{pattern!r} is no pattern of a path: it must start with /"
                raise ValueError(message)
        open_ended = [each for each in given if each.endswith(identity.PATTERN_END)]
        return cls(
            exact=frozenset(given) - frozenset(open_ended),
            beginnings=tuple(each.removesuffix(identity.PATTERN_END) for each in open_ended),
        )

    def __contains__(self, path: str) -> bool:
        return path in self.exact or path.startswith(self.beginnings)


def parse_callers(text: str | bytes) -> dict[str, Paths]:
    """What each caller may ask for. Raises ValueError if *text* is not of that form."""
    given = _FORM.validate_json(text, strict=True)
    return {caller: Paths.of(patterns) for caller, patterns in given.items()}
