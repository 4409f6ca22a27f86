"""Locks between processes: two `up` of one checkout, or two builds of one component, take turns.

A lock is held by an open file, so the kernel releases it when its holder is killed.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arkalia_dev.errors import DevError

LONGEST_WAIT_SECONDS = 3600.0
"""A cold build of everything takes a quarter of it on two cores."""
PAUSE_SECONDS = 0.1


@contextmanager
def locked(
    path: Path, busy: str = "", longest_wait: float = LONGEST_WAIT_SECONDS
) -> Iterator[None]:
    """Hold the lock file *path*; with *busy* raise that text at once if somebody else holds it.

    Raises:
        DevError: somebody else holds it, for *longest_wait* seconds if there is no *busy*.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + (0 if busy else longest_wait)
    descriptor = _acquire(path, busy or f"Another command has held {path} too long.", deadline)
    try:
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, busy: str, deadline: float) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        taken = _taken(descriptor)
        if taken and _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)
        if not taken:
            _pause(busy, deadline)


def _pause(busy: str, deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise DevError(busy, "Wait for it to end, then run the command again.")
    time.sleep(PAUSE_SECONDS)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether *path* is the locked file: `down` removes it while it holds it."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
