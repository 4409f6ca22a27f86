"""Real model servers for the tests: llama.cpp as a process, with the demonstration model."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from arkalia_model.chains import NAME
from arkalia_model.file import write
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

STOPPED_SECONDS, GOING_SECONDS = 0.4, 0.02


@cache
def model_file() -> Path:
    """The demonstration model's file, made once for a worker."""
    path = Path(mkdtemp(prefix="arkalia-model-")) / "model.gguf"
    write(path)
    return path


@dataclass
class ModelServer:
    """A model server that can be killed, stopped for a while, and started again at the same place."""

    port: int
    name: str = NAME
    key_file: str = ""
    more: tuple[str, ...] = ()
    """Further words of its command."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = (
            "serve",
            str(model_file()),
            "--port",
            str(self.port),
            "--name",
            self.name,
            *self.more,
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "arkalia_model", *words],
            env={**os.environ, "ARKALIA_MODEL_KEY_FILE": self.key_file},
        )
        self.await_answer()

    @property
    def health(self) -> str:
        return f"{self.url}/health"

    def await_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            assert time.monotonic() < deadline, "the model server does not answer"
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.health, timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def tell(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    @contextmanager
    def stuttering(self) -> Iterator[None]:
        """It works for a twentieth of the time during the block: a machine that is too busy."""
        over = threading.Event()

        def stutter() -> None:
            while not over.is_set():
                self.tell(signal.SIGSTOP)
                over.wait(STOPPED_SECONDS)
                self.tell(signal.SIGCONT)
                over.wait(GOING_SECONDS)

        with ThreadPoolExecutor(1) as thread:
            stuttered = thread.submit(stutter)
            try:
                yield
            finally:
                over.set()
                stuttered.result(PATIENCE_SECONDS)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)


@dataclass
class OllamaServer(ModelServer):
    """The same model by Ollama's API, in the place of Ollama."""

    folder: Path = field(default_factory=lambda: Path(mkdtemp(prefix="arkalia-ollama-")))
    inner_port: int = field(default_factory=free_port)

    def start(self) -> None:
        words = ("serve", str(model_file()), "--port", str(self.inner_port))
        told = {"OLLAMA_HOST": f"127.0.0.1:{self.port}", "OLLAMA_MODELS": str(self.folder)}
        command = [sys.executable, "-m", "arkalia_model", *words]
        self.process = subprocess.Popen(command, env={**os.environ, **told})
        self.await_answer()

    @property
    def health(self) -> str:
        return f"{self.url}/api/version"


@contextmanager
def an_ollama_server() -> Iterator[OllamaServer]:
    """A server by Ollama's API that answers, during the block, and has no model yet."""
    server = OllamaServer(free_port())
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def a_model_server(name: str = NAME, key_file: str = "", *more: str) -> Iterator[ModelServer]:
    """A server that answers, during the block."""
    server = ModelServer(free_port(), name, key_file, more)
    server.start()
    try:
        yield server
    finally:
        server.kill()
