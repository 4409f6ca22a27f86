"""What can go wrong, and with which exit code the process then ends.

    CliError
    ├── MistakeError        2  the command cannot be understood, or is not clear
    ├── UnreachableError    3  no kubeconfig, no such context, no answer
    ├── NotFoundError       4  the system, module or word does not exist
    ├── ForbiddenError      5  the user's rights do not suffice
    │   └── CodeNeededError     a code of the second factor is needed too
    └── RefusedError        6  an answer, but not what was asked for

A message says what is wrong; the hint says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum
from typing import ClassVar, Final, Self

MENTIONED: Final = 12
"""Names in a hint, at most: more than a system has modules of its own."""


class Exit(IntEnum):
    """An exit code that carries its meaning."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """The code that says *meaning*."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "What was asked for is there, and is as it should be."
    NOT_READY = (
        1,
        "A system is not ready, `doctor` found something missing, or the operator has not looked at "
        "the spec that `plan` asks about.",
    )
    MISTAKE = 2, "The command cannot be understood, or it is not clear which system is meant."
    UNREACHABLE = 3, "No kubeconfig, no such context, or no answer from the cluster."
    NOT_FOUND = 4, "The system, module or word does not exist."
    FORBIDDEN = 5, "The rights of the user do not suffice."
    REFUSED = 6, "The API server, the gateway or the assistant does not give what was asked for."
    WAITING = 7, "`plan` found changes that wait."


class CliError(Exception):
    """Something that ends a command."""

    code: ClassVar[Exit]

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class MistakeError(CliError):
    """The command cannot be understood, or is not clear."""

    code = Exit.MISTAKE


class UnreachableError(CliError):
    """There is no way to the cluster."""

    code = Exit.UNREACHABLE


class NotFoundError(CliError):
    """What was named does not exist."""

    code = Exit.NOT_FOUND


class ForbiddenError(CliError):
    """The user's rights do not suffice."""

    code = Exit.FORBIDDEN


class CodeNeededError(ForbiddenError):
    """The password is right, and a code of the second factor is needed too."""


class RefusedError(CliError):
    """What was asked for is not given: by the API server, the gateway or the assistant."""

    code = Exit.REFUSED


def close_matches(name: str, known: Iterable[str], whole: str = "") -> str:
    """A sentence with those of *known* that look like *name*, else with the first of them.

    Where some are left out it says how many, and *whole* says what lists all.
    """
    every = sorted(known)
    by_lower = {each.lower(): each for each in every}
    close = [by_lower[each] for each in get_close_matches(name.lower(), by_lower)]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if len(every) > MENTIONED:
        more = len(every) - MENTIONED
        return f"There is {', '.join(every[:MENTIONED])} and {more} more. {whole}".strip()
    return f"There is {', '.join(every)}." if every else ""
