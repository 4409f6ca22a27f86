"""Operators as processes of this machine, beside the cluster that they serve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from cluster.forked_operator import COUNT, Order
from cluster.waiting import eventually

TESTS: Final = Path(__file__).resolve().parents[1]
LAST_LINES: Final = 30


@dataclass(frozen=True, slots=True)
class Operator:
    """One that was started."""

    pid: int
    order: Order

    @property
    def requests(self) -> int:
        """How many it has begun."""
        return self._counted()[0]

    @property
    def first_write(self) -> int:
        """Which of them was the first that writes; 0 if none was."""
        return self._counted()[1]

    def _counted(self) -> tuple[int, int]:
        requests, first = COUNT.unpack(Path(self.order.counter).read_bytes())
        return requests, first

    @property
    def lives(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        eventually(self._is_gone)

    def _is_gone(self) -> None:
        assert not self.lives, f"the operator {self.pid} is still there"

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(Path(self.order.log).read_text().splitlines()[-LAST_LINES:])


@dataclass(slots=True)
class Operators:
    """Starts them."""

    folder: Path
    process: subprocess.Popen[str]
    environment: Mapping[str, str]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self, kill_at: int = 0, *, answered: bool = False, **environment: str) -> Operator:
        """Start another one; it is killed at its request *kill_at*, before or *answered*."""
        number = next(self.numbers)
        counter = self.folder / f"operator-{number}.requests"
        counter.write_bytes(COUNT.pack(0, 0))
        order = Order(
            {**self.environment, **environment},
            str(self.folder / f"operator-{number}.log"),
            str(counter),
            kill_at,
            answered,
        )
        assert self.process.stdin, "it reads its orders"
        assert self.process.stdout, "it answers them"
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        return Operator(int(self.process.stdout.readline()), order)


@contextmanager
def operators(folder: Path, kubeconfig: Path) -> Iterator[Operators]:
    """Operators for the cluster of *kubeconfig*; all of them end with the block."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{TESTS}",
        "KUBECONFIG": str(kubeconfig),
        "ARKALIA_OPERATOR_HEALTH_PORT": "0",
        "ARKALIA_OPERATOR_LEADER_ELECTION": "false",
        "ARKALIA_OPERATOR_LOG_FORMAT": "text",
    }
    command = [sys.executable, "-m", "cluster.forked_operator"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Operators(folder, process, environment)
        finally:
            process.kill()
