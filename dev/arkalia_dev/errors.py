"""What can go wrong for the person at the terminal.

DevError
├── CommandError         a program that was started ended with an error, or took too long
└── ImpossibleHereError  this machine lacks something that only its owner can decide to install
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass
class DevError(Exception):
    """A failure told in two parts: what is wrong, and what to do about it."""

    message: str
    advice: str = ""

    def __str__(self) -> str:
        """Return both parts, the advice on lines of its own."""
        return f"{self.message}\n{self.advice}" if self.advice else self.message


@dataclass
class CommandError(DevError):
    """A program ended with an error; *log* holds all it said, when it was kept."""

    log: Path | None = None


class ImpossibleHereError(DevError):
    """The machine lacks something; the advice names it exactly. Nothing was installed."""
