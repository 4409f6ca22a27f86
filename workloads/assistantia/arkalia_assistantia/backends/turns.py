"""What is held of each server: who is being answered, who waits, and whether it is left alone."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from arkalia_assistantia.backends.errors import QueuedError

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 15.0
"""After each further failure a server is left alone for twice as long, up to this."""

MOST_CONVERSATIONS: Final = 10_000
"""Of which the server is remembered."""
REMEMBERED_SECONDS: Final = 600.0
"""About as long as a server keeps a model and what it has read of a conversation."""


class Turns:
    """A bounded number of answers at once, and a bounded queue before them."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self.waiting = 0
        self.answering = 0

    @asynccontextmanager
    async def turn(self, seconds: float) -> AsyncIterator[None]:
        """Wait for a turn, and keep it during the block. Raises QueuedError."""
        release = await self.take(seconds)
        try:
            yield
        finally:
            release()

    async def take(self, seconds: float) -> Callable[[], None]:
        """Wait for a turn, at most *seconds*; returns what ends it. Raises QueuedError."""
        if self._free.locked() and self.waiting >= self._most_waiting:
            message = f"has {self.waiting} requests waiting"
            raise QueuedError(message)
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
        except TimeoutError:
            message = f"had no turn free within {seconds:.0f} s"
            raise QueuedError(message) from None
        finally:
            self.waiting -= 1
        self.answering += 1
        return self._release

    def _release(self) -> None:
        self.answering -= 1
        self._free.release()


class Cooling:
    """Whether a server that failed is left alone for a while."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._until = 0.0
        self._met_by: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether it is left alone now."""
        return self._now() < self._until

    @property
    def left(self) -> float:
        """Seconds until it is asked again."""
        return max(0.0, self._until - self._now())

    def failed(self) -> None:
        """Leave it alone."""
        pause = FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10)
        self._failures += 1
        self._until = self._now() + min(LONGEST_PAUSE_SECONDS, pause)

    def failed_for(self, user: str) -> None:
        """Leave it alone if it failed for another user before: one alone may ask what it cannot answer."""
        if self._met_by not in (None, user):
            self.failed()
        self._met_by = user

    def answered(self) -> None:
        """It works."""
        self._failures, self._until, self._met_by = 0, 0.0, None


class Remembered:
    """Which server answered a conversation last: it has read most of the next prompt already."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._servers: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def server(self, conversation: str) -> str | None:
        """Its server; None if nobody knows."""
        name, at = self._servers.get(conversation, (None, 0.0))
        return name if self._now() - at < REMEMBERED_SECONDS else None

    def note(self, conversation: str, server: str) -> None:
        """Remember it, and forget the conversation that was silent for the longest time."""
        self._servers[conversation] = (server, self._now())
        self._servers.move_to_end(conversation)
        if len(self._servers) > MOST_CONVERSATIONS:
            self._servers.popitem(last=False)
