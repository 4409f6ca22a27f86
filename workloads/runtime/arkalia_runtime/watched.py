"""Files that are replaced while the service runs, and what was read from them.

Nobody is told of a new file: whoever asks for the value looks at most every few seconds whether
another file lies there now. That is one `stat`; so no task has to run, and none can end unnoticed.
A file that cannot be used changes nothing: what was read before stays good until a better one comes.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")

Stamp = tuple[tuple[int, int, int, int] | None, ...]

logger: Final = logging.getLogger(__name__)


class UnreadableError(Exception):
    """The files could not be used yet, not once; the message says which and why."""


class Watched(Generic[T]):
    """The value that *read* makes of the files at *paths*.

    *read* raises OSError or ValueError if it can make nothing of them.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[], T], look_seconds: float) -> None:
        self._paths = tuple(paths)
        self._read = read
        self._look_seconds = look_seconds
        self._look_at = 0.0
        self._seen: Stamp | None = None
        self._value: T | None = None
        self._fault = ""

    def current(self, *, look: bool = False) -> T:
        """The newest usable value; *look* now, whenever the last look was.

        Raises UnreadableError while there has not been one.
        """
        if look or time.monotonic() >= self._look_at:
            self._look()
        if self._value is None:
            raise UnreadableError(self._fault)
        return self._value

    def _look(self) -> None:
        self._look_at = time.monotonic() + self._look_seconds
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            self._value = self._read()
        except (OSError, ValueError) as error:
            self._complain(error)
        else:
            logger.info("Read.", extra={"files": self._names()})
            self._seen, self._fault = stamp, ""

    def _complain(self, error: Exception) -> None:
        """Log a fault when it is new: it is met again at every look until somebody mends it."""
        fault = f"{self._names()} cannot be used: {error}"
        if fault != self._fault:
            logger.warning("%s", fault)
        self._fault = fault

    def _names(self) -> str:
        return ", ".join(str(path) for path in self._paths)

    def _stamp(self) -> Stamp:
        return tuple(_stamp(path) for path in self._paths)


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    """What tells one file from the next at the same path, behind all symbolic links."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
