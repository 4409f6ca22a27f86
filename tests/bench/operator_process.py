"""The operator as a process on this machine, against the API server of the benchmark."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from bench.control_plane import ROOT, ControlPlane, cpu_seconds, resident_mebibytes
from unit.arkalia_runtime.serving import free_port

START_SECONDS: Final = 120.0
CONTAINERFILE: Final = ROOT / "operator" / "Containerfile"
ALLOCATOR: Final = dict(re.findall(r"\b(MALLOC_\w+)=(\w+)", CONTAINERFILE.read_text()))
"""How memory is given back, as in the image."""
PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class OperatorProcess:
    """A running operator."""

    process: subprocess.Popen[bytes]
    port: int
    started: float
    """Seconds from the start of the process until `/readyz` said yes."""

    def cpu_seconds(self) -> float:
        """Processor time that it has taken."""
        return cpu_seconds(self.process.pid)

    def resident_mebibytes(self) -> float:
        """Memory that it holds now."""
        return resident_mebibytes(self.process.pid)

    def peak_mebibytes(self) -> float:
        """The most memory that it ever held."""
        found = PEAK.search(Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        named = (line.rpartition(" ") for line in lines if re.match(rf"{name}[ {{]", line))
        return sum(float(value) for _, _, value in named)


@cache
def interpreter() -> str:
    """A Python beside which there is what the operator's image has, and nothing else.

    kopf loads the client of the command line where it finds it, for 8 MiB.
    """
    home = ROOT / "build" / "bench" / "operator"
    run = partial(subprocess.run, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    asked = [sys.executable, "-m", "arkalia_dev", "bootstrap"]
    uv = run(asked, env={**os.environ, "PYTHONPATH": str(ROOT / "dev")}).stdout.strip()
    what = ("--frozen", "--quiet", "--no-dev", "--package", "arkalia-operator")
    where = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(home)}
    run([uv, "sync", *what, "--python", sys.executable], env=where)
    return str(home / "bin" / "python")


@contextmanager
def operator(
    plane: ControlPlane, user: str = "operator", **settings: str
) -> Iterator[OperatorProcess]:
    """An operator that is ready, which ends with the block; *settings* by their names."""
    port = free_port()
    environment = {
        **os.environ,
        **ALLOCATOR,
        "KUBECONFIG": str(plane.kubeconfig(user)),
        "ARKALIA_OPERATOR_HEALTH_PORT": str(port),
        "ARKALIA_OPERATOR_DRAIN_SECONDS": "2",
        **{f"ARKALIA_OPERATOR_{name.upper()}": value for name, value in settings.items()},
    }
    with (plane.folder / "operator.log").open("ab") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            [interpreter(), "-m", "arkalia_operator", "run"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _until_ready(process, port)
        yield OperatorProcess(process, port, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + START_SECONDS
    while not _is_ready(port):
        assert process.poll() is None, "the operator ended: read operator.log"
        assert time.monotonic() < ends, "the operator does not get ready"
        time.sleep(0.01)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
