"""What is told of a file, in OpenAI's form."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

ID: Final = r"^file-[A-Za-z0-9-]{1,64}$"
PURPOSE: Final = "user_data"
"""OpenAI's word for what a question may name."""


class _Form(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class File(_Form):
    """A file, without what stands in it."""

    id: str
    object: Literal["file"] = "file"
    filename: str
    media_type: str
    bytes: int
    created_at: int
    """Seconds since 1970."""
    expires_at: int
    """When it is deleted, in seconds since 1970."""
    purpose: str = PURPOSE
    status: Literal["processed"] = "processed"


class Listed(_Form):
    """Some of the files, the newest first."""

    object: Literal["list"] = "list"
    data: list[File]
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool
    """Whether there may be more: `after` of the next page is `last_id`."""


class DeletedFile(_Form):
    """What became of a file."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = Field(default=True)
