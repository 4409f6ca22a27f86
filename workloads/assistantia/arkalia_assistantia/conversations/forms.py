"""What is told of a conversation."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
"""The form of a conversation's id: it can stand in a path."""
LONGEST_ID: Final = 128

Role = Literal["system", "user", "assistant", "tool"]


class _Form(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class Message(_Form):
    """What one side said."""

    id: str
    role: Role
    text: str
    model: str | None = None
    """Of an answer: the model that gave it, as its server calls it."""
    backend: str | None = None
    """The model server."""
    finish_reason: str | None = None
    """Why the answer ended; `cancelled` if its client left, `error` if its model broke off."""
    score: float | None = None
    """How probable it is that the answer holds; none if nobody could validate it."""
    verdict: str | None = None
    """Of an answer what its inspection said; of what was asked what the check of the prompt said."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    created_at: datetime


class Summary(_Form):
    """A conversation, without what was said."""

    id: str
    title: str
    """How its first question begins."""
    messages: int
    characters: int
    created_at: datetime
    updated_at: datetime
    """When something was said last."""


class Conversation(Summary):
    """All of it."""

    said: list[Message]
    """From the first message to the last."""


class Page(_Form):
    """Some of the conversations, those first in which something was said last."""

    conversations: list[Summary]
    next: str | None
    """`before` of the next page, if there may be one."""
    retention_days: int
    """So many days after its last message a conversation is deleted."""


class Deleted(_Form):
    """What became of all conversations."""

    deleted: int
