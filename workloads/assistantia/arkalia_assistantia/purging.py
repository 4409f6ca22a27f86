"""Retention: what is too old is deleted, some at a time: conversations and uploads."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from prometheus_client import Counter

from arkalia_runtime import background
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

EVERY_SECONDS: Final = 600
MOST_BATCHES: Final = 100
"""Transactions of one run: what is left over waits for the next, and chats need not."""


class Purgeable(Protocol):
    """Holds what is kept for some days."""

    purged: Counter
    """What became too old and was deleted."""

    async def purge_some(self, days: int) -> int:
        """Delete some that are older, and say how many: none when none is left. Raises DatabaseError."""


class Purging:
    """Deletes beside the requests. A part of the service."""

    def __init__(self, store: Purgeable, days: int, every_seconds: float = EVERY_SECONDS) -> None:
        self._store, self._days, self._every_seconds = store, days, every_seconds

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how many."""
        metrics.registry.register(self._store.purged)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Purging"]:
        """Do it during the block."""
        async with background.running(self._again_and_again()):
            yield self

    async def purge(self) -> int:
        """One run; how many were deleted."""
        purged = 0
        for _ in range(MOST_BATCHES):
            some = await self._store.purge_some(self._days)
            self._store.purged.inc(some)
            purged += some
            if not some:
                break
        return purged

    async def _again_and_again(self) -> None:
        while True:
            try:
                if number := await self.purge():
                    logger.info("What was kept for too long was deleted.", extra={"rows": number})
            except DatabaseError as error:
                logger.info("What is kept for too long stays for now: %s", error.detail)
            except Exception:
                logger.exception("What is kept for too long could not be deleted.")
            await asyncio.sleep(self._every_seconds)
