"""What the person at the terminal sees while long steps run.

A terminal gets one line that is rewritten; a log file gets a line every 15 s. All of it goes to standard
error, so that standard output holds only what a caller asked for.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

HEARTBEAT_SECONDS = 15.0
REDRAW_SECONDS = 0.5


def clock(seconds: float) -> str:
    """`83` as `1:23`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Console:
    """Prints steps as they begin and end, and how far the running ones are."""

    def __init__(self, total: int, stream: TextIO = sys.stderr) -> None:
        self._total = total
        self._count = 0
        self._stream = stream
        self._live = stream.isatty()
        self._begun = time.monotonic()
        self._drawn = self._begun
        self._running: dict[str, tuple[float, Callable[[], str]]] = {}
        self._untold = 0
        self._lock = threading.RLock()

    def already(self) -> None:
        """Note that a step has nothing to do; all of them together are told in one line."""
        with self._lock:
            self._count += 1
            self._untold += 1

    @contextmanager
    def step(self, name: str, progress: Callable[[], str]) -> Iterator[None]:
        """Show *name* as running until the block ends."""
        begun = time.monotonic()
        with self._lock:
            self._running[name] = (begun, progress)
            if not self._live:
                self._print(f"{' ' * len(self._place())} {name} ...")
        try:
            yield
        finally:
            with self._lock:
                del self._running[name]
        with self._lock:
            self._count += 1
            self._print(f"{self._place()} {name}: {clock(time.monotonic() - begun)}")

    def tick(self) -> None:
        """Say how far the running steps are, when it is time."""
        now = time.monotonic()
        with self._lock:
            if now - self._drawn < (REDRAW_SECONDS if self._live else HEARTBEAT_SECONDS):
                return
            self._drawn = now
            told = [_told(name, now - begun, far()) for name, (begun, far) in self._running.items()]
        if not told:
            return
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            line = f"{clock(now - self._begun)}  {' | '.join(told)}"
            self._stream.write(f"\r\x1b[K{line[:width]}")
            self._stream.flush()
        else:
            for line in told:
                self._print(f"{clock(now - self._begun):>7} {line}")

    def finish(self) -> None:
        """Tell what has not been told yet."""
        with self._lock:
            if self._untold:
                self._tell_untold()

    def _place(self) -> str:
        return f"[{self._count:>2}/{self._total}]"

    def _print(self, line: str) -> None:
        if self._untold:
            self._tell_untold()
        self._write(line)
        self._drawn = time.monotonic()

    def _tell_untold(self) -> None:
        self._write(f"{' ' * len(self._place())} {_steps(self._untold)} done already")
        self._untold = 0

    def _write(self, line: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{clear}{line}\n")
        self._stream.flush()


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _told(name: str, seconds: float, progress: str) -> str:
    far = f" ({progress})" if progress else ""
    return f"{name} {clock(seconds)}{far}"
