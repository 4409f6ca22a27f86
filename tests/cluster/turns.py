"""Whose turn it is: most stories run beside each other, a few need the operator to themselves.

Processes of pytest-xdist share the lock file; the kernel frees the lock of a process that ends.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cluster.waiting import eventually

LOCK: Final = Path(tempfile.gettempdir()) / f"arkalia-stories-{os.getuid()}.lock"
LONGEST_WAIT: Final = 300.0


@contextmanager
def turn(alone: bool) -> Iterator[None]:
    """Hold the lock: shared, or, *alone*, for oneself."""
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        eventually(lambda: _take(descriptor, alone), within=LONGEST_WAIT)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, alone: bool) -> None:
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"other stories hold {LOCK}"
        raise AssertionError(message) from error
