"""Programs of this machine that a test runs beside itself: none outlives it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

WITH_PARENT: Final = ("setpriv", "--pdeathsig", "KILL", "--")
"""Before a command: it ends with the program that began it, however that ends."""


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """*command* as long as the block lasts; what it says goes into *log*."""
    words = (*WITH_PARENT, *command)
    with (
        log.open("wb") as told,
        subprocess.Popen(words, env=environment, stdout=told, stderr=told) as process,
    ):
        try:
            yield
        finally:
            process.kill()
