"""What a caller may do, in words: the scopes of routes, roles and keys.

A route names the scopes that it asks for; a role and a key name patterns that grant them. A pattern
is a scope, or ends with `*` and stands for every scope that begins with what is before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PUBLIC: Final = "public"
"""In a route alone: it may be asked without saying who one is."""
CHAT: Final = "chat"
"""Of routes that a language model answers: what their answers say of tokens is believed and counted."""
ALL: Final = "*"
"""Grants everything."""
MODEL: Final = "model:"
"""What the scope of a language model begins with; its name comes after it."""
PATTERN: Final = r"^(\*|[a-z][a-z0-9.:/_@+-]{0,125}\*?)$"
"""The form of a pattern."""


def covers(granted: Iterable[str], asked: str) -> bool:
    """Whether one of the patterns *granted* grants the scope, or the whole pattern, *asked*."""
    return any(_covers(each, asked) for each in granted)


def both(one: Iterable[str], other: Iterable[str]) -> frozenset[str]:
    """Patterns that grant what both *one* and *other* grant."""
    first, second = frozenset(one), frozenset(other)
    return frozenset(each for each in first if covers(second, each)) | frozenset(
        each for each in second if covers(first, each)
    )


def _covers(pattern: str, asked: str) -> bool:
    if pattern.endswith(ALL):
        return asked.startswith(pattern.removesuffix(ALL))
    return pattern == asked
