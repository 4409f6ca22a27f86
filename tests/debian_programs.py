"""Programs as Debian has them, unpacked for the tests and benchmarks; nothing is installed."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from arkalia_dev.buildah import release
from arkalia_dev.errors import ImpossibleHereError
from arkalia_dev.files import fingerprint
from arkalia_dev.paths import default_paths

SECONDS = 300


@cache
def unpacked(name: str, wanted: tuple[str, ...]) -> Path:
    """The folder that stands for the root of an image with the packages *wanted*.

    They come with what they need beside what is there. The test is skipped where there is no apt.
    """
    found = _release(name)
    folder = default_paths().cache / f"{name}-programs-{found}-{fingerprint((), *wanted)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _unpack(wanted, folder)
    return folder


def postgresql() -> tuple[str, ...]:
    """The packages of the server, as `workloads/postgresql/Containerfile` finds them.

    The test is skipped where there is no apt.
    """
    _release("postgresql")
    asked = ["apt-cache", "depends", "postgresql"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=SECONDS, check=True)
    [major] = re.findall(r"Depends: postgresql-(\d+)$", told.stdout, re.MULTILINE)
    return f"postgresql-{major}", f"postgresql-client-{major}"


def libraries(root: Path) -> str:
    """Where the libraries of the packages in *root* lie, as LD_LIBRARY_PATH has it."""
    return ":".join(sorted({str(each.parent) for each in root.rglob("lib*.so.*")}))


def _release(name: str) -> str:
    """Debian's, for what is called *name*; the test is skipped where there is no apt."""
    try:
        found = release()
    except ImpossibleHereError:
        found = ""
    if not found or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip(f"{name} is unpacked from Debian's packages")
    return found


def _unpack(wanted: Sequence[str], folder: Path) -> None:
    """As apt does it, with lists and archives of its own: it needs no right to install."""
    work = folder.with_suffix(".work")
    shutil.rmtree(work, ignore_errors=True)
    for each in ("lists/partial", "archives/partial", "root"):
        (work / each).mkdir(parents=True)
    options = {
        "Dir::State::lists": work / "lists",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Debug::NoLocking": 1,
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    get = ["install", "--yes", "--download-only", "--no-install-recommends", "--reinstall"]
    for words in (["update"], [*get, *wanted]):
        _run(*apt, *words)
    for archive in (work / "archives").glob("*.deb"):
        _run("dpkg-deb", "--extract", str(archive), str(work / "root"))
    (work / "root").rename(folder)
    shutil.rmtree(work)


def _run(*words: str) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=SECONDS, env=quiet)
    except subprocess.CalledProcessError as error:
        message = f"{words[0]} failed: {error.stderr.decode()}"
        raise AssertionError(message) from error
