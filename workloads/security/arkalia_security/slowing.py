"""Guessing is slowed: after some failures each further try waits twice as long as the one before.

Failures are counted for a name from an address, for the address, and for the name from everywhere.
The last waits a minute at most: otherwise anybody could lock anybody out.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rule:
    """How patient one is with a kind of subject."""

    kind: str
    free: int
    """Failures without a wait."""
    longest_seconds: int


PAIR: Final = Rule("name and address", 4, 900)
ADDRESS: Final = Rule("address", 20, 900)
NAME: Final = Rule("name", 50, 60)

FORGET_SECONDS: Final = 3600
"""After so long without a failure all is forgotten."""

_DOUBLINGS: Final = 20
"""More than any wait needs; keeps the arithmetic small."""


def wait_seconds(rule: Rule, failures: int) -> int:
    """Seconds until the next try after so many *failures*."""
    beyond = failures - rule.free
    return 0 if beyond <= 0 else min(2 ** min(beyond - 1, _DOUBLINGS), rule.longest_seconds)


def subjects(name: str, client: str) -> tuple[tuple[Rule, str], ...]:
    """What a try is counted for, always in the same order, so that two never wait for each other."""
    return (
        (ADDRESS, f"address {client}"),
        (NAME, f"name {name}"),
        (PAIR, f"pair {name} {client}"),
    )
