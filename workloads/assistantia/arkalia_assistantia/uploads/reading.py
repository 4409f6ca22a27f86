"""A file as it was sent → the text in it.

Only text is taken: a program that takes documents and pictures apart reads what strangers have made,
and none of it is needed to answer from a text.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

BY_SUFFIX: Final = {
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".log": "text/plain",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""A table of its own: that of the machine is another one on each."""
ALIASES: Final = {
    "application/x-yaml": "application/yaml",
    "application/jsonl": "application/x-ndjson",
    "text/json": "application/json",
    "text/x-markdown": "text/markdown",
    "text/x-yaml": "application/yaml",
    "text/xml": "application/xml",
    "text/yaml": "application/yaml",
}
"""Other names for the same, by clients that are older than the name."""
UNTOLD: Final = frozenset({"", "application/octet-stream"})
"""What clients say that do not know what they send."""
LONGEST_NAME: Final = 200
BYTE_ORDER_MARK: Final = "\ufeff"


class UnreadableError(Exception):
    """It is no text of a kind that is taken; the message says what to send."""


@dataclass(frozen=True)
class ReadFile:
    """What stands in a file."""

    name: str
    media_type: str
    content: str
    size: int
    """In bytes, as it was sent."""


def read(name: str, declared: str, content: bytes, taken: Collection[str]) -> ReadFile:
    """The text of the file *name*, whose client *declared* its type. *taken*: the types to take.

    Raises UnreadableError.
    """
    called = name_of(name)
    media_type = type_of(called, declared)
    if media_type not in taken:
        message = f"{called} is {media_type or 'of no known type'}: send {_listed(taken)}."
        raise UnreadableError(message)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        message = (
            f"{called} is not UTF-8 at byte {error.start}: save it as UTF-8, and send it again."
        )
        raise UnreadableError(message) from error
    if "\0" in text:
        message = f"{called} has a character 0 in it, and is no text: send text."
        raise UnreadableError(message)
    return ReadFile(called, media_type, text.removeprefix(BYTE_ORDER_MARK), len(content))


def name_of(name: str) -> str:
    """The last part of *name*, on one line and not too long: it is shown to people and models."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(each if each.isprintable() else " " for each in last).strip()
    return plain[-LONGEST_NAME:] or "file"


def type_of(name: str, declared: str) -> str:
    """The media type of the file *name*: what its client *declared*, else what its end tells."""
    told = declared.partition(";")[0].strip().lower()
    if told not in UNTOLD:
        return ALIASES.get(told, told)
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return BY_SUFFIX.get(suffix, "")


def _listed(taken: Collection[str]) -> str:
    return ", ".join(sorted(taken)) or "none, since no type is taken (setting upload_types)"
