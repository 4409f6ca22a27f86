"""One condition of a status."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from arkalia_operator.api.base import StatusModel


class Condition(StatusModel):
    """One fact about a resource (metav1.Condition)."""

    type: str = Field(max_length=316)
    """What the condition is about."""

    status: Literal["True", "False", "Unknown"]
    """Whether it holds. `Unknown` while it is being worked on."""

    reason: str = Field(max_length=1024, min_length=1)
    """Why, in one CamelCase word."""

    message: str = Field(max_length=32768)
    """Why, in a sentence for people."""

    observed_generation: int = Field(ge=0)
    """`metadata.generation` of the spec that was judged."""

    last_transition_time: datetime
    """When `status` last changed."""
