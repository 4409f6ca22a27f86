"""Operators as processes of this machine, beside the cluster that they serve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from cluster.forked_operator import COUNT, KILL_AT, KILL_AT_OFFSET, Order
from cluster.waiting import eventually

TESTS: Final = Path(__file__).resolve().parents[1]
LAST_LINES: Final = 30
CALM_LOOKS: Final = 5
"""After so many looks in which it asked nothing, an operator has nothing more to do."""


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
        requests, first, _ = COUNT.unpack(Path(self.order.counter).read_bytes())
        return requests, first

    def kill_after(self, more: int) -> None:
        """Have it killed at the request that so many *more* lead to, from 1 on."""
        with Path(self.order.counter).open("r+b") as counter:
            counter.seek(KILL_AT_OFFSET)
            counter.write(KILL_AT.pack(self.requests + more))

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

    def calm(self, looks: int = CALM_LOOKS) -> Callable[[], None]:
        """A look that raises AssertionError until it lives no more, or has nothing more to do."""
        counted: list[int] = []

        def look() -> None:
            counted.append(self.requests)
            busy = len(counted) < looks or len(set(counted[-looks:])) > 1 or not counted[-1]
            assert not self.lives or not busy, f"the operator is at request {counted[-1]}"

        return look

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
    turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, kill_at: int = 0, *, answered: bool = False, **environment: str) -> Operator:
        """Start another one; it is killed at its request *kill_at*, before or *answered*."""
        number = next(self.numbers)
        counter = self.folder / f"operator-{number}.requests"
        counter.write_bytes(COUNT.pack(0, 0, kill_at))
        order = Order(
            {**self.environment, **environment},
            str(self.folder / f"operator-{number}.log"),
            str(counter),
            answered,
        )
        return Operator(self._pid_of(order), order)

    def _pid_of(self, order: Order) -> int:
        """Have *order* carried out; several threads may order."""
        assert self.process.stdin, "it reads its orders"
        assert self.process.stdout, "it answers them"
        with self.turn:
            self.process.stdin.write(f"{order}\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())


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
