"""Which systems an operator serves, by their labels: a label selector in kubectl's own words.

The API server selects when it is asked for a list. An answer to the operator's own write is never
selected, so a system that has just been given to another operator is recognised here.
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

KEY: Final = r"(?:[A-Za-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
VALUE: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?"
EQUAL: Final = re.compile(rf"({KEY})\s*(==|=|!=)\s*({VALUE})")
AMONG: Final = re.compile(rf"({KEY})\s+(in|notin)\s*\(([^()]*)\)")
EXISTS: Final = re.compile(rf"(!?)\s*({KEY})")
COMMA: Final = re.compile(r",(?![^(]*\))")
"""A comma that stands in no brackets."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of the conditions that a selector joins."""

    key: str
    values: frozenset[str] | None
    """None: any value will do."""
    negated: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether it is so; a label that is missing has none of the values."""
        found = self.key in labels and (self.values is None or labels[self.key] in self.values)
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector; an empty one selects everything."""

    text: str = ""
    requirements: tuple[Requirement, ...] = ()

    def __str__(self) -> str:
        """As it was written."""
        return self.text

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.requirements)

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read *text*, as `kubectl get --selector` takes it. Raises ValueError."""
        return cls(text.strip(), tuple(_requirements(text)))

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with *labels* is meant."""
        return all(each.holds(labels) for each in self.requirements)


def _requirements(text: str) -> Iterator[Requirement]:
    for part in COMMA.split(text) if text.strip() else ():
        yield _requirement(part.strip())


def _requirement(part: str) -> Requirement:
    if found := EQUAL.fullmatch(part):
        return Requirement(found[1], frozenset({found[3]}), found[2] == "!=")
    if found := AMONG.fullmatch(part):
        values = frozenset(each.strip() for each in found[3].split(","))
        if all(re.fullmatch(VALUE, each) for each in values):
            return Requirement(found[1], values, found[2] == "notin")
    if found := EXISTS.fullmatch(part):
        return Requirement(found[2], None, bool(found[1]))
    message = (
        f"{part!r} is no part of a label selector: write key=value, key!=value, "
        "key in (a, b), key notin (a, b), key or !key, joined by commas"
    )
    raise ValueError(message)
