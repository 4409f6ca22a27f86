"""Kernel settings of the whole machine that a node needs higher: raised once, restored by the last cluster.

Only what cannot be given to the node alone is here; init shows the kubelet the others. The values from before and
the clusters that rely on the change are written down first.
"""

from pathlib import Path

from arkalia_dev.files import read_json, write_json
from arkalia_dev.locks import locked

LOWEST = {
    # containerd, the kubelet and many programs in pods each hold watches; 128 is soon used up.
    "fs/inotify/max_user_instances": 1024,
}
SETTINGS = Path("/proc/sys")


class Sysctls:
    """The settings, with the folder that all clusters share for the record."""

    def __init__(self, states: Path, settings: Path = SETTINGS) -> None:
        self._record = states / "sysctls.json"
        self._lock = states / "sysctls.lock"
        self._settings = settings

    def are_raised(self, cluster: str) -> bool:
        """Whether nothing has to be done for *cluster*."""
        rows = read_json(self._record) or {}
        return all(
            self._value(name) >= lowest and (name not in rows or cluster in rows[name]["clusters"])
            for name, lowest in LOWEST.items()
        )

    def raise_for(self, cluster: str) -> None:
        """Raise what is too low, and note that *cluster* relies on it."""
        with locked(self._lock):
            rows = read_json(self._record) or {}
            for name, lowest in LOWEST.items():
                if self._value(name) < lowest:
                    rows[name] = {"before": self._value(name), "set": lowest, "clusters": []}
                if name in rows:
                    rows[name]["clusters"] = sorted({*rows[name]["clusters"], cluster})
            write_json(self._record, rows)
            for name, row in rows.items():
                if self._value(name) < row["set"]:
                    (self._settings / name).write_text(str(row["set"]))

    def release(self, cluster: str) -> None:
        """Restore what no cluster relies on any more, unless somebody else changed it meanwhile."""
        with locked(self._lock):
            rows = read_json(self._record) or {}
            for name in list(rows):
                rows[name]["clusters"] = [x for x in rows[name]["clusters"] if x != cluster]
                if not rows[name]["clusters"]:
                    row = rows.pop(name)
                    if self._value(name) == row["set"]:
                        (self._settings / name).write_text(str(row["before"]))
            write_json(self._record, rows)
            if not rows:
                self._record.unlink()
                self._lock.unlink(missing_ok=True)

    def _value(self, name: str) -> int:
        return int((self._settings / name).read_text())
