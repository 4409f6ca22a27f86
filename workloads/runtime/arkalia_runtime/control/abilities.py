"""What a service can do to itself: a verb, the form of its arguments, and the doing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from arkalia_contract.control import Verb


class Arguments(BaseModel):
    """The arguments of a verb; `module.yaml` holds the same as JSON schema."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Ability(Generic[A]):
    """One verb that the service carries out."""

    verb: Verb
    arguments: type[A]
    carry_out: Callable[[A], AbstractAsyncContextManager[None]]
    """Entered to begin and left to end. What cannot be undone is done by entering it."""
