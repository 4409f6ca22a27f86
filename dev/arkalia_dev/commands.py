"""Actions as data: what a step will do can be printed before, and without, doing it."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MINUTE = 60.0


@dataclass(frozen=True)
class Command:
    """A program to run to its end."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """Set on top of the caller's environment."""
    cwd: Path | None = None
    stdin: str = ""
    timeout: float = 5 * MINUTE
    """Seconds after which it is stopped and counts as failed."""

    def text(self) -> str:
        """The command as a person would type it."""
        words = [f"{name}={shlex.quote(value)}" for name, value in self.env.items()]
        words += [shlex.quote(word) for word in self.argv]
        line = " ".join(words)
        return f"(cd {shlex.quote(str(self.cwd))} && {line})" if self.cwd else line


@dataclass(frozen=True)
class Call:
    """Something that Python does itself, with the sentence that describes it."""

    sentence: str
    function: Callable[[], None]

    def text(self) -> str:
        """The sentence, as a shell comment."""
        return f"# {self.sentence}"


Action = Command | Call


def command(
    *argv: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
    timeout: float = 5 * MINUTE,
) -> Command:
    """A Command whose words may also be paths."""
    return Command(tuple(str(word) for word in argv), env or {}, cwd, stdin, timeout)
