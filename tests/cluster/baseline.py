"""The last release, from which an upgrade must lead to this checkout: its tree, by git.

It is the highest tag `v1.2.3` before the present commit. While there is none, it is BEFORE_RELEASES,
the last commit before the charts could be released: the first tag takes its place by itself.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
BEFORE_RELEASES: Final = "db71b3d86c0cf65fee610caa206e8678f7f2e814"
GIT_SECONDS: Final = 60
RELEASE: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def last(tags: str) -> str:
    """The highest release among *tags*, one a line; empty if there is none. Trials do not count."""
    found = [match for line in tags.split() if (match := RELEASE.fullmatch(line))]
    return max(found, key=lambda match: tuple(map(int, match.groups())))[0] if found else ""


def name() -> str:
    """What the upgrade starts from: a tag, or a commit."""
    return (
        last(_git("tag", "--list", "v*", "--merged", "HEAD", "--no-contains", "HEAD").decode())
        or BEFORE_RELEASES
    )


def tree(into: Path) -> Path:
    """The files of the last release. Skips the test in a clone that does not hold it."""
    start = name()
    if _attempt("cat-file", "-e", f"{start}^{{commit}}").returncode:
        pytest.skip(f"this clone holds no {start}: fetch the whole history and the tags")
    archive = _git("archive", start, "charts", "docs", "tests/golden")
    # Not by `tarfile`: its `filter="data"` came with Python 3.11.4, and 3.11.0 is supported.
    unpack = ["tar", "--extract", "--file", "-"]
    subprocess.run(unpack, cwd=into, input=archive, check=True, timeout=GIT_SECONDS)
    return into


def _git(*words: str) -> bytes:
    done = _attempt(*words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _attempt(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, timeout=GIT_SECONDS, check=False
    )
