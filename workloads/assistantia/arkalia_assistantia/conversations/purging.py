"""Retention: conversations in which nothing was said for long are deleted, some at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import Counter

from arkalia_assistantia.conversations.store import AT_ONCE, Store
from arkalia_runtime import background
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

EVERY_SECONDS: Final = 600
MOST_BATCHES: Final = 100
"""Transactions of one run: what is left over waits for the next, and chats need not."""


class Purging:
    """Deletes beside the requests. A part of the service."""

    def __init__(self, store: Store, days: int, every_seconds: float = EVERY_SECONDS) -> None:
        self._store, self._days, self._every_seconds = store, days, every_seconds
        self._purged = Counter(
            "arkalia_conversations_purged",
            "Conversations that were deleted because nothing was said in them for long.",
            registry=None,
        )

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how many."""
        metrics.registry.register(self._purged)

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
            self._purged.inc(some)
            purged += some
            if some < AT_ONCE:
                break
        return purged

    async def _again_and_again(self) -> None:
        while True:
            try:
                if number := await self.purge():
                    logger.info("Old conversations were deleted.", extra={"conversations": number})
            except DatabaseError as error:
                logger.info("Old conversations stay for now: %s", error.detail)
            except Exception:
                logger.exception("Old conversations could not be deleted.")
            await asyncio.sleep(self._every_seconds)
