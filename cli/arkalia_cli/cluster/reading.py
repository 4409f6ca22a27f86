"""Reading the logs of many containers: once and joined, or for as long as somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from queue import Empty, Full, Queue
from typing import Final

from arkalia_cli.api_paths import POD
from arkalia_cli.cluster.connection import Connection
from arkalia_cli.errors import CliError, NotFoundError, RefusedError, UnreachableError
from arkalia_cli.views.logs import Entry, Source, entry

WAITING_LINES: Final = 1000
"""Lines that were read and not yet shown; readers wait while there are more."""
LOOK_SECONDS: Final = 3.0
"""Between two looks for new pods."""
SILENCE_SECONDS: Final = 60.0
"""A stream that is silent for so long is opened again: the other side may be gone."""
PAUSES: Final = (0.0, 1.0, 2.0, 5.0)
"""Seconds before a stream is opened, and opened again when it ended: a container may start anew."""
LONGEST_PAUSE: Final = 15.0
HAND_OVER_SECONDS: Final = 1.0

Query = Mapping[str, str]


def read(cluster: Connection, source: Source, query: Query) -> list[Entry]:
    """What *source* wrote; nothing if it has not started. Raises CliError."""
    try:
        return list(_lines(cluster, source, dict(query)))
    except (NotFoundError, RefusedError):  # gone since it was listed, or not started yet
        return []


def _lines(
    cluster: Connection, source: Source, query: dict[str, str], silence: float = SILENCE_SECONDS
) -> Iterator[Entry]:
    path = f"{POD.path(cluster.namespace, source.pod)}/log"
    asked = {"container": source.container, "timestamps": "true", **query}
    return (entry(source, line) for line in cluster.lines(path, asked, silence))


@dataclass
class Follower:
    """Lines of many containers as they come, also of pods that start meanwhile."""

    cluster: Connection
    find: Callable[[], Iterable[Source]]
    query: Query
    look_seconds: float = LOOK_SECONDS
    _lines: Queue[Entry | CliError] = field(default_factory=lambda: Queue(WAITING_LINES))
    _ended: threading.Event = field(default_factory=threading.Event)
    _known: set[Source] = field(default_factory=set)

    def entries(self) -> Iterator[Entry]:
        """Lines without an end. Raises CliError if the cluster cannot be asked for pods."""
        self._look(self.query)
        looked = time.monotonic()
        try:
            while True:
                with suppress(Empty):
                    yield self._next()
                if time.monotonic() - looked >= self.look_seconds:
                    self._look({})
                    looked = time.monotonic()
        finally:
            self._ended.set()

    def _next(self) -> Entry:
        line = self._lines.get(timeout=self.look_seconds)
        if isinstance(line, CliError):
            raise line
        return line

    def _look(self, query: Query) -> None:
        """Start a reader for each new source; those that come later are read from their start."""
        for source in set(self.find()) - self._known:
            self._known.add(source)
            reader = threading.Thread(target=self._read, args=(source, query), daemon=True)
            reader.start()

    def _read(self, source: Source, query: Query) -> None:
        """Put the lines of *source* into the queue until its pod is gone."""
        last = ""
        for pause in chain(PAUSES, repeat(LONGEST_PAUSE)):
            if self._ended.wait(pause):
                return
            since = {"sinceTime": last} if last else dict(query)
            try:
                for line in _lines(self.cluster, source, {"follow": "true", **since}):
                    if line.time > last:
                        self._put(line)
                        last = line.time
            except NotFoundError:
                return
            except (UnreachableError, RefusedError):
                pass  # silent, or not started yet: again
            except CliError as error:
                self._put(error)
                return

    def _put(self, line: Entry | CliError) -> None:
        """Hand *line* over, unless nobody reads any more."""
        while not self._ended.is_set():
            with suppress(Full):
                self._lines.put(line, timeout=HAND_OVER_SECONDS)
                return
