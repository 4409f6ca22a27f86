"""Whose turn it is: most stories run beside each other, a few need the operator to themselves.

Processes of pytest-xdist share lock files for each cluster; the kernel frees the lock of a process
that ends. Stories that need the operator to themselves change what the API server serves from their
first test to their last, so one of their files follows the other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from cluster.waiting import eventually

LONGEST_WAIT: Final = 2700.0
"""Who needs the operator alone waits for all that others have begun, however busy the machine is."""


class Turn:
    """The right to run, shared or, *alone*, for oneself."""

    def __init__(self, kubeconfig: str, alone: bool, of: str = "stories") -> None:
        cluster = hashlib.sha256(kubeconfig.encode()).hexdigest()[:12]
        self._lock = Path(tempfile.gettempdir()) / f"arkalia-{of}-{os.getuid()}-{cluster}.lock"
        self._kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> None:
        """Wait for it. Raises AssertionError after LONGEST_WAIT."""
        eventually(self._try, within=LONGEST_WAIT)

    def give_back(self) -> None:
        """Let others have their turn."""
        os.close(self._descriptor)

    def _try(self) -> None:
        try:
            fcntl.flock(self._descriptor, self._kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"other stories hold {self._lock}"
            raise AssertionError(message) from error
