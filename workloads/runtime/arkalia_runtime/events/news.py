"""That there is something new: wakes those who wait in this process, and tells nothing else."""

import asyncio
from contextlib import suppress


class Bell:
    """Many may wait for it; one ring wakes them all."""

    def __init__(self) -> None:
        self.rings = 0
        """How often it has rung. Who notes it before looking, and then waits, misses nothing."""
        self._next: asyncio.Event | None = None

    def ring(self) -> None:
        """Wake all who wait now."""
        self.rings += 1
        if self._next is not None:
            self._next.set()
            self._next = None

    async def wait(self, since: int, seconds: float) -> None:
        """Return once it has rung more than *since* times, after *seconds* at the latest."""
        if self.rings != since:
            return
        if self._next is None:
            self._next = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next.wait()


class News:
    """What is new in a module: by this pod, or by another one of the module."""

    def __init__(self) -> None:
        self.told = Bell()
        """Rings for what this pod has done, so that the others can be told."""
        self.any = Bell()
        """Rings for whatever is new."""

    def tell(self) -> None:
        """This pod has done something."""
        self.told.ring()
        self.any.ring()

    def hear(self) -> None:
        """Another pod has."""
        self.any.ring()
