"""Names and texts as SQL writes them, in one place: nothing else puts quotes into SQL."""

from __future__ import annotations

from typing import Final

LONGEST_IDENTIFIER: Final = 63
"""Bytes of a name; PostgreSQL would cut off what is longer (NAMEDATALEN - 1)."""


def identifier(name: str) -> str:
    """*name* as an SQL identifier. Raises ValueError if PostgreSQL has no such name."""
    if not name or len(name.encode()) > LONGEST_IDENTIFIER:
        message = f"{name!r} has not between 1 and {LONGEST_IDENTIFIER} bytes"
        raise ValueError(message)
    return '"' + _storable(name).replace('"', '""') + '"'


def literal(text: str) -> str:
    """*text* as an SQL string; a backslash means itself, whatever the session is set to."""
    quoted = "'" + _storable(text).replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def _storable(text: str) -> str:
    if "\0" in text:
        message = "PostgreSQL cannot hold the character NUL"
        raise ValueError(message)
    return text
