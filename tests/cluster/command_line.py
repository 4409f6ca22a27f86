"""The command line as a process, as somebody types it in a namespace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from cluster.development import environment
from cluster.systems import System

ARKALIA: Final = Path(sys.executable).parent / "arkalia"
ANSWER_SECONDS: Final = 120


def arkalia(system: System, *words: str, typed: str = "", **variables: str) -> tuple[str, str]:
    """Standard output and standard error of a verb that succeeds."""
    done = subprocess.run(
        [ARKALIA, *words, "--namespace", system.namespace],
        env={**environment(), **variables},
        input=typed,
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, done.stderr
