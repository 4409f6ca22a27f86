"""What is wrong with a stored spec, in words for people: the one form for every kind of resource."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from arkalia_operator.api.wording import first_of

INSTEAD: Final = {"extra_forbidden": "there is no such field: see its name in the reference"}
"""What is told in the place of pydantic's words for those who write models, by its type."""


def mistakes_of(error: ValidationError) -> str:
    """The first mistakes of a spec that does not fit its model, each with its place."""
    return "; ".join(first_of(_told(each) for each in error.errors()))


def said(mistake: ErrorDetails) -> str:
    """What is wrong: a validator's own words as they are, else pydantic's."""
    own = mistake["type"] == "value_error"
    return str(mistake["ctx"]["error"]) if own else mistake["msg"]


def _told(mistake: ErrorDetails) -> str:
    place = ".".join(map(str, ("spec", *mistake["loc"])))
    return f"{place}: {INSTEAD.get(mistake['type']) or said(mistake)}"
