"""The edge's programs as Debian has them, unpacked for the tests; nothing is installed.

They are the packages of `workloads/edge/Containerfile`, with what they need beside what is there.
"""

import fcntl
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from arkalia_dev.buildah import release
from arkalia_dev.errors import ImpossibleHereError
from arkalia_dev.files import fingerprint
from arkalia_dev.paths import default_paths

RECIPE = Path(__file__).resolve().parents[1] / "workloads/edge/Containerfile"
SECONDS = 300


@cache
def unpacked() -> Path:
    """The folder that stands for the root of the image; the test is skipped where there is no apt."""
    try:
        found = release()
    except ImpossibleHereError:
        found = ""
    if not found or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("nginx with ModSecurity and Lua is unpacked from Debian's packages")
    wanted = packages()
    folder = default_paths().cache / f"edge-programs-{found}-{fingerprint((), *wanted)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _unpack(wanted, folder)
    return folder


def nginx_in(folder: Path) -> Path:
    """A program in *folder* that runs nginx with the libraries of its packages."""
    root, program = unpacked(), folder / "nginx"
    libraries = ":".join(str(each.parent) for each in root.rglob("lib*.so.*"))
    program.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/sbin/nginx "$@"\n')
    program.chmod(0o755)
    return program


def packages() -> list[str]:
    """What the recipe of the image installs."""
    text = RECIPE.read_text().replace("\\\n", " ")
    [found] = re.findall(r"--no-install-recommends ([a-z0-9 .+-]+?) +&&", text)
    return found.split()


def _unpack(wanted: list[str], folder: Path) -> None:
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
