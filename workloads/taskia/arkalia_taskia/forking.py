"""How the processes of the pool are forked: with as much memory in common as can be.

A page that two processes have in common costs once, until one of them writes to it. Python writes
to an object whenever it is used, so that what is loaded but not used stays in common, and what a
new process does first decides what it costs.
"""

import ctypes
import os
from typing import Final

from celery import platforms

from arkalia_runtime.settled_memory import settle

SET_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of `prctl(2)`."""


def prepare() -> None:
    """Set the present process up to fork a pool."""
    os.register_at_fork(before=_set_apart)
    # Celery's own compiles a line of C with cffi where that is installed: 12 MiB in each process.
    platforms._set_pdeathsig = end_with_parent


def end_with_parent(signal_number: int) -> None:
    """Have the kernel send the signal to this process when its parent ends. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_DEATH_SIGNAL, ctypes.c_ulong(signal_number)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _set_apart() -> None:
    """Keep collections, which write to every object, from what the processes have in common."""
    settle()
