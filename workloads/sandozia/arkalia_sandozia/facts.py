"""A fact that somebody measured, as a clause: then it is evidence like a sentence."""

import re
from dataclasses import dataclass
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[^\W\d_]+")
_SUFFIXES: Final = {
    "bytes": "bytes",
    "seconds": "s",
    "percent": "%",
    "ratio": "ratio",
    "cores": "cores",
    "milliseconds": "ms",
    "celsius": "°C",
}
"""What Prometheus writes at the end of a metric's name is its unit."""

LARGEST_WHOLE: Final = 1e15
"""Larger numbers are no longer exact."""

Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one thing."""

    subject: str
    """What it is known of: `luna-helloria`."""
    name: str
    """What is known: `memory_bytes`, `ready`, `image`."""
    value: Value
    unit: str = ""

    @property
    def sentence(self) -> str:
        """It, in words."""
        words = _WORDS.findall(self.name)
        given = self.unit or _unit_of(words)
        about = " ".join(words).lower()
        if isinstance(self.value, bool):
            return f"{self.subject} is {'' if self.value else 'not '}{about}"
        if isinstance(self.value, str):
            return f"{self.subject} {about} {self.value}"
        return f"{self.subject} {about} {number(self.value)}{given and ' '}{given}"


def _unit_of(words: list[str]) -> str:
    last = [each.lower() for each in words[-2:]]
    if last == ["per", "second"]:
        return "req/s"
    return _SUFFIXES.get(last[-1], "") if last else ""


def number(value: float) -> str:
    """*value* as digits, with as many decimals as it has."""
    whole = float(value).is_integer() and abs(value) < LARGEST_WHOLE
    return str(int(value)) if whole else f"{value:.6f}".rstrip("0").rstrip(".")
