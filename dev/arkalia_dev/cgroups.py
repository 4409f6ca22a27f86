"""Control groups: the pods of a cluster live below one group of its own, in every hierarchy.

Works on cgroup v2 (one hierarchy) and on v1 (one per controller, as older systems have).
"""

import time
from pathlib import Path

from arkalia_dev.errors import DevError

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuset", "cpu", "memory", "pids")
EMPTY_SECONDS = 10.0
SHARES = {"cpu.weight": "2000", "cpu.shares": "20480"}
"""The processor time of all pods together, by version: 20 times the usual. The kernel takes them for
one among the machine's processes, and beside a handful of busy ones no probe would be in time."""


def hierarchies(root: Path = ROOT) -> list[Path]:
    """Every folder that a group is made in: one on v2, one per mounted controller on v1."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(x for x in root.iterdir() if (x / "cgroup.procs").exists() and not x.is_symlink())


def create(group: str, root: Path = ROOT) -> None:
    """Make the group */name*; on v2 also hand the controllers down to it."""
    for hierarchy in hierarchies(root):
        folder = hierarchy / group.lstrip("/")
        folder.mkdir(exist_ok=True)
        if (folder / "cgroup.controllers").exists():
            _hand_down(hierarchy)
            _hand_down(folder)
        _inherit_cpuset(folder)
        _give_time(folder)


def _give_time(folder: Path) -> None:
    for name, share in SHARES.items():
        if (folder / name).exists():
            (folder / name).write_text(share)


def _hand_down(folder: Path) -> None:
    available = (folder / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{name}" for name in CONTROLLERS if name in available)
    if wanted:
        (folder / "cgroup.subtree_control").write_text(wanted)


def _inherit_cpuset(folder: Path) -> None:
    """On v1 a new cpuset is empty, and nothing can run in it."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = folder / name
        if (folder / "cpuset.cpu_exclusive").exists() and not file.read_text().strip():
            file.write_text((folder.parent / name).read_text())


def remove(group: str, root: Path = ROOT) -> None:
    """Remove the group and everything below it; the kernel empties it a moment after the processes end.

    Raises:
        DevError: a process is still in it after 10 s.
    """
    deadline = time.monotonic() + EMPTY_SECONDS
    for hierarchy in hierarchies(root):
        folder = hierarchy / group.lstrip("/")
        while folder.exists() and not _removed(folder):
            if time.monotonic() > deadline:
                message = f"The control group {folder} is still in use."
                raise DevError(message, f"See which process: cat {folder}/**/cgroup.procs")
            time.sleep(0.1)


def _removed(folder: Path) -> bool:
    """Remove bottom up what is empty; True when nothing is left."""
    below = [path for path in folder.rglob("*") if path.is_dir()]
    for path in (*sorted(below, key=lambda p: len(p.parts), reverse=True), folder):
        try:
            path.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
