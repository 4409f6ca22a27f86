"""What all gateways know of a key is asked for when somebody comes with it, and not again for a time.

All who come with one while an exchange goes on are asked for together in the next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

GOOD_SECONDS: Final = 1.0
"""What was heard of a key holds for so long."""

Ask = Callable[[list[str]], Awaitable[None]]
"""Asks for keys, and never fails."""


@dataclass(slots=True, eq=False)
class _Round:
    keys: set[str] = field(default_factory=set)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class Asking:
    """The keys that were asked for, and those that will be."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._good_until: dict[str, float] = {}
        self._next = _Round()
        self._going_on: asyncio.Task[None] | None = None

    async def know(self, keys: Iterable[str]) -> None:
        """Wait until *keys* were asked for, if they were not just now."""
        now = time.monotonic()
        due = [key for key in keys if self._good_until.get(key, 0.0) <= now]
        if not due:
            return
        coming = self._next
        coming.keys.update(due)
        if self._going_on is None or self._going_on.done():
            self._going_on = asyncio.create_task(self._go_on())
        await coming.is_over.wait()

    def forget(self, now: float) -> None:
        """Drop what holds no longer."""
        self._good_until = {key: end for key, end in self._good_until.items() if end > now}

    async def _go_on(self) -> None:
        while self._next.keys:
            current, self._next = self._next, _Round()
            try:
                await self._ask(list(current.keys))
            finally:
                end = time.monotonic() + GOOD_SECONDS
                self._good_until.update(dict.fromkeys(current.keys, end))
                current.is_over.set()
