"""Locks between processes: two `up` of one checkout, or two builds of one component, take turns.

A lock is held by an open file, so the kernel releases it when its holder is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arkalia_dev.errors import DevError


@contextmanager
def locked(path: Path, busy: str = "") -> Iterator[None]:
    """Hold the lock file *path*; with *busy* raise that text at once if somebody else holds it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _acquire(path, busy)
    try:
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, busy: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            os.close(descriptor)
            raise DevError(busy, "Wait for it to end, then run the command again.") from None
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether *path* is the locked file: `down` removes it while it holds it."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
