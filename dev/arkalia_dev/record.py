"""What is written down about a cluster, so that a later command finds it: also after a crash or a reboot.

The record is written before anything is started and removed after everything is gone.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from arkalia_dev.files import read_json, write_json
from arkalia_dev.identity import Identity, from_json


@dataclass(frozen=True)
class Record:
    """One cluster."""

    provider: str
    """"node" or "kind"."""
    slot: int = 0
    """The node's address range; see subnets."""
    init: Identity | None = None
    """The node's first process."""
    made_of: str = ""
    """Fingerprint of what the running node was started with."""
    launched: float = 0.0
    """When it was started, in seconds since 1970."""

    def is_running(self) -> bool:
        """Whether the node's first process lives."""
        return bool(self.init and self.init.is_alive())


def read(path: Path) -> Record | None:
    """The record in *path*, or None when there is no cluster."""
    value: Any = read_json(path)
    if not isinstance(value, dict):
        return None
    return Record(
        provider=value.get("provider", "node"),
        slot=int(value.get("slot", 0)),
        init=from_json(value.get("init")),
        made_of=value.get("made_of", ""),
        launched=float(value.get("launched", 0.0)),
    )


def write(path: Path, record: Record) -> None:
    """Replace the record in *path*."""
    write_json(path, asdict(record))


def update(path: Path, **changes: Any) -> Record:
    """Change fields of the record in *path*, and return it."""
    record = replace(read(path) or Record("node"), **changes)
    write(path, record)
    return record
