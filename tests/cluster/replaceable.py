"""An operator as a process of this machine that another one follows, as after a restart of its pod."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from bench.control_plane import ControlPlane
from bench.operator_process import OperatorProcess, operator

USER: Final = "operator"
"""Its name in the audit log."""
ANSWER_SECONDS: Final = 30


@dataclass(slots=True)
class Replaceable:
    """The one that runs now."""

    plane: ControlPlane
    settings: dict[str, str]
    _running: ExitStack = field(default_factory=ExitStack)
    _process: OperatorProcess | None = None

    def replace(self) -> None:
        """End it in order, and start the next one; it is ready when this returns."""
        self.end()
        started = operator(self.plane, USER, **self.settings)
        self._process = self._running.enter_context(started)

    def end(self) -> None:
        """End it in order."""
        self._running.close()
        self._process = None

    def figures(self) -> dict[str, float]:
        """All its metrics now, by name with labels as they are written."""
        assert self._process, "no operator runs"
        url = f"http://127.0.0.1:{self._process.port}/metrics"
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            lines = answer.read().decode().splitlines()
        parts = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in parts}


@contextmanager
def replaceable(plane: ControlPlane, **settings: str) -> Iterator[Replaceable]:
    """An operator that is ready, which ends with the block; *settings* by their names."""
    running = Replaceable(plane, settings)
    running.replace()
    try:
        yield running
    finally:
        running.end()
