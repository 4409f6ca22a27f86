"""That there is something new: wakes those who wait in this process, and tells nothing else."""

import asyncio
from contextlib import suppress


class News:
    """Many may wait; one call wakes them all."""

    def __init__(self) -> None:
        self._next: asyncio.Event | None = None

    def tell(self) -> None:
        """Wake all who wait now."""
        if self._next is not None:
            self._next.set()
            self._next = None

    async def wait(self, seconds: float) -> None:
        """Return when something is told, after *seconds* at the latest."""
        if self._next is None:
            self._next = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next.wait()
