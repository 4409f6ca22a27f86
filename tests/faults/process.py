"""The operator as a process on this machine, in the hands of a story: killed, stopped and measured."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cluster.waiting import eventually
from unit.arkalia_runtime.serving import free_port

START_SECONDS: Final = 120.0
END_SECONDS: Final = 30.0


class OperatorProcess:
    """A process that runs the operator with a kubeconfig."""

    def __init__(self, kubeconfig: Path, log: Path, **settings: object) -> None:
        self.port = free_port()
        self.log = log
        given = {f"ARKALIA_OPERATOR_{name.upper()}": str(each) for name, each in settings.items()}
        environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "ARKALIA_OPERATOR_HEALTH_PORT": str(self.port),
            **given,
        }
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "arkalia_operator", "run"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def ready(self) -> OperatorProcess:
        """Itself, once `/readyz` says yes."""
        eventually(self._is_ready, START_SECONDS)
        return self

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(END_SECONDS)

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self._ask("metrics").splitlines()
        named = (line.rpartition(" ") for line in lines if re.match(rf"{name}[ {{]", line))
        return sum(float(value) for _, _, value in named)

    def said(self, *words: str) -> list[str]:
        """The lines of its log with one of *words*."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if any(word in line for word in words)]

    def _ask(self, path: str) -> str:
        address = f"http://127.0.0.1:{self.port}/{path}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def _is_ready(self) -> None:
        assert self.is_running(), f"the operator ended: {self.log.read_text()[-2000:]}"
        try:
            self._ask("readyz")
        except (urllib.error.URLError, OSError) as error:
            message = f"the operator is not ready: {error}"
            raise AssertionError(message) from error


@contextmanager
def operator(kubeconfig: Path, log: Path, **settings: object) -> Iterator[OperatorProcess]:
    """An operator with *settings*, which ends with the block."""
    running = OperatorProcess(kubeconfig, log, **settings)
    try:
        yield running
    finally:
        running.signal(signal.SIGCONT)
        running.signal(signal.SIGTERM)
        try:
            running.ended()
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
