"""How messages for people name many things: the first of them, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NAMED: Final = 3
"""A message names this many things of a kind, where nothing else is said."""


def first_of(things: Iterable[object], most: int = NAMED) -> list[str]:
    """At most so many of *things*, and how many there are beside them."""
    told = [str(each) for each in things]
    left = len(told) - most
    return [*told[:most], *([f"and {left} more"] if left > 0 else [])]
