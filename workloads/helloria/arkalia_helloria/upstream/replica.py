"""One pod of a module: its connections, how quick it is, and whether it is asked at all.

Its breaker is a few numbers: so many failures in a row put it aside, for twice as long each time,
and then one request is let through to see. They are read before a pod is chosen, which no library's
breaker is made for: decision 0054.
"""

import asyncio
import math
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arkalia_helloria.upstream.connection import Connection
from arkalia_helloria.upstream.errors import NotSentError

FAILURES_UNTIL_ASIDE: Final = 5
"""In a row, as for the calls between modules."""

FIRST_ASIDE_SECONDS: Final = 1.0
LONGEST_ASIDE_SECONDS: Final = 10.0
"""About as long as a pod takes to be replaced."""

CONNECT_SECONDS: Final = 1.0
"""Inside a cluster a connection takes milliseconds; after this another pod has better chances."""

IDLE_SECONDS: Final = 60.0
"""Less than the 75 s after which a service closes idle connections: a request must not meet that."""

MOST_IDLE: Final = 128
"""Idle connections of one pod."""

MEMORY_SECONDS: Final = 10.0
"""In about this time a pod's former slowness is forgotten."""

UNKNOWN_SECONDS: Final = 0.001
"""What a pod is thought to take before it was asked: little, so that new pods get their share."""


@dataclass(frozen=True)
class Endpoint:
    """Where a pod listens, and as whom it must prove itself."""

    host: str
    port: int
    name: str
    """The name in its certificate."""
    trusted: Callable[[], ssl.SSLContext | None]
    max_header_bytes: int


class Replica:
    """One pod."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.in_flight = 0
        self._idle: deque[Connection] = deque()
        self._seconds = UNKNOWN_SECONDS
        self._measured_at = 0.0
        self._failures = 0
        self._asides = 0
        self._aside_until = 0.0
        self._on_trial = False

    @property
    def cost(self) -> float:
        """What one more request is likely to wait here."""
        return self._seconds * (self.in_flight + 1)

    def is_aside(self, now: float) -> bool:
        """Whether it is not asked: it has failed, and its time is not over or somebody tries."""
        if not self._asides:
            return False
        return now < self._aside_until or self._on_trial

    def begin(self) -> None:
        """A request is sent here."""
        self.in_flight += 1
        self._on_trial = bool(self._asides)

    def end(self) -> None:
        """It is over, however it went."""
        self.in_flight -= 1
        self._on_trial = False

    def recovered(self, seconds: float, now: float) -> bool:
        """It answered within *seconds*; whether it was put aside before."""
        was_aside, self._failures, self._asides = bool(self._asides), 0, 0
        age = max(0.0, now - self._measured_at)
        self._measured_at = now
        if seconds > self._seconds:  # slowness is believed at once, and forgotten slowly
            self._seconds = seconds
        else:
            weight = math.exp(-age / MEMORY_SECONDS)
            self._seconds = self._seconds * weight + seconds * (1 - weight)
        return was_aside

    def failed(self, now: float) -> bool:
        """It did not answer; whether that puts it aside."""
        self._failures += 1
        if not self._asides and self._failures < FAILURES_UNTIL_ASIDE:
            return False
        seconds = min(FIRST_ASIDE_SECONDS * 2**self._asides, LONGEST_ASIDE_SECONDS)
        self._asides += 1
        self._aside_until = now + seconds
        self.close()
        return True

    async def connection(self, now: float) -> Connection:
        """One that nobody uses, opened now if there is none. Raises NotSentError."""
        trusted = self.endpoint.trusted()
        while self._idle:
            found = self._idle.pop()
            # One that was opened under former trust has proved nothing under the present one.
            if (
                found.closed
                or found.trusted is not trusted
                or now - found.idle_since > IDLE_SECONDS
            ):
                found.close()
                continue
            return found
        return await self._opened(trusted)

    def give_back(self, connection: Connection, now: float) -> None:
        """Keep *connection* for the next request, if it can be used again."""
        if not connection.is_usable or len(self._idle) >= MOST_IDLE:
            connection.close()
            return
        connection.idle_since = now
        self._idle.append(connection)

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().close()

    async def _opened(self, trusted: ssl.SSLContext | None) -> Connection:
        loop, end = asyncio.get_running_loop(), self.endpoint
        name = None if trusted is None else end.name
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, opened = await loop.create_connection(
                    lambda: Connection(end.max_header_bytes, trusted),
                    end.host,
                    end.port,
                    ssl=trusted,
                    server_hostname=name,
                )
        except (OSError, TimeoutError) as error:
            message = f"cannot be reached: {type(error).__name__}"
            raise NotSentError(message) from error
        return opened
