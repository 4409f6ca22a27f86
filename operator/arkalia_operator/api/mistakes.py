"""What is wrong with a stored spec, in words for people: the one form for every kind of resource."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

NAMED: Final = 3
"""A message names this many mistakes."""


def mistakes_of(error: ValidationError) -> str:
    """The first mistakes of a spec that does not fit its model, each with its place."""
    return "; ".join(_told(each) for each in error.errors()[:NAMED])


def _told(mistake: ErrorDetails) -> str:
    place = ".".join(map(str, ("spec", *mistake["loc"])))
    return f"{place}: {mistake['msg']}"
