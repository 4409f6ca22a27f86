"""Which process a recorded number means: a pid alone may have been given to somebody else since."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process of one boot of the machine."""

    pid: int
    started: int
    """Clock ticks after boot, field 22 of /proc/PID/stat."""
    boot: str

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return identify(self.pid) == self

    def to_json(self) -> dict[str, Any]:
        """The form in which it is written down."""
        return asdict(self)


UNKNOWN = Identity(pid=0, started=0, boot="")
"""Stands for a process that does not exist yet."""


def identify(pid: int) -> Identity | None:
    """The identity of the running process *pid*, or None."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = parse_stat(stat)
    return None if state in "ZX" else Identity(pid, started, boot_id())


def parse_stat(stat: str) -> tuple[str, int]:
    """State letter and start time from a /proc/PID/stat line; the name in it may hold anything."""
    fields = stat[stat.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def boot_id() -> str:
    """A word that is another one after every boot."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def from_json(value: Any) -> Identity | None:
    """The identity that was recorded, or None when the record says nothing usable."""
    try:
        return Identity(int(value["pid"]), int(value["started"]), str(value["boot"]))
    except (KeyError, TypeError, ValueError):
        return None
