"""Queues from which nothing is taken for a while: a key in Redis that must be renewed.

Whoever closes a queue renews its key; when that one is gone, the key ends by itself and the queue
is served again. What is in the queue stays there.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

from arkalia_contract import control
from arkalia_runtime import background
from arkalia_runtime.control.abilities import Ability, Arguments
from arkalia_runtime.redis import Redis, RedisUnavailableError
from arkalia_taskia.closed_queues import KEY, LEASE_SECONDS
from arkalia_taskia.kinds import QueueName

logger: Final = logging.getLogger(__name__)

RENEW_SECONDS: Final = 10


class QuarantineQueue(Arguments):
    """Which queue is closed."""

    queue: QueueName
    """Nothing is taken from it until the action ends; what is in it stays."""


class Quarantine:
    """The part of the service that closes queues."""

    def __init__(self, queue: Redis) -> None:
        self._queue = queue
        self._holders: Counter[str] = Counter()
        self.abilities: Sequence[Ability[Any]] = (
            Ability(control.QUARANTINE_QUEUE, QuarantineQueue, self._closed),
        )

    def open(self) -> AbstractAsyncContextManager[None]:
        """Nothing has to be held."""
        return nullcontext()

    @asynccontextmanager
    async def _closed(self, wanted: QuarantineQueue) -> AsyncIterator[None]:
        await self._renew(wanted.queue)
        self._holders[wanted.queue] += 1
        try:
            async with background.running(self._keep(wanted.queue)):
                yield
        finally:
            self._holders[wanted.queue] -= 1
            if not self._holders[wanted.queue]:
                await self._open_again(wanted.queue)

    async def _keep(self, queue: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._renew(queue)
            except RedisUnavailableError:
                logger.warning("A quarantine could not be renewed.", extra={"queue": queue})

    async def _open_again(self, queue: str) -> None:
        with self._queue.needed():
            await self._queue.client.delete(self._queue.key(f"{KEY}{queue}"))

    async def _renew(self, queue: str) -> None:
        with self._queue.needed():
            await self._queue.client.set(
                self._queue.key(f"{KEY}{queue}"), "closed", ex=LEASE_SECONDS
            )
