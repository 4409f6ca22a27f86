"""What is done beside the requests: the first administrator, the signing keys, and cleaning up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from arkalia_runtime import background
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem
from arkalia_security import guessing, sessions, signing
from arkalia_security.first import FirstAdministrator
from arkalia_security.ground import Ground

logger: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2
CLEAN_SECONDS: Final = 60


class Upkeep:
    """Keeps accounts as they must be while the service lives."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._first = FirstAdministrator(ground)

    def measure(self, metrics: Metrics) -> None:
        """Show the service's own numbers in *metrics*."""
        self._ground.measures.register(metrics.registry)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Upkeep"]:
        """Do it during the block."""
        async with background.running(self._look(), self._clean()):
            yield self

    async def _look(self) -> None:
        while True:
            await self._tried(self._let_in)
            await asyncio.sleep(LOOK_SECONDS)

    async def _clean(self) -> None:
        while True:
            await self._tried(self._freshen)
            await asyncio.sleep(CLEAN_SECONDS)

    async def _let_in(self) -> None:
        await self._first.let_in()

    async def _freshen(self) -> None:
        await signing.keep_fresh(self._ground)
        async with self._ground.database.transaction() as connection:
            await connection.execute(guessing.CLEAN.encode())
            await connection.execute(sessions.CLEAN)

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (DatabaseError, Problem) as error:
            logger.info("Not now: %s", error.detail)
        except Exception:
            logger.exception("Upkeep failed.")
