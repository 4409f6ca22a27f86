"""Wake-ups through Redis: the pods of one module tell each other that there is something new.

Who waits looks by itself every second, so a wake-up that is lost costs a moment and no event. The
stream is capped; it says nothing but that something is new.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from arkalia_contract import data
from arkalia_runtime import background
from arkalia_runtime.events.news import News
from arkalia_runtime.redis import Redis, RedisUnavailableError
from arkalia_runtime.settings import ServiceSettings

logger: Final = logging.getLogger(__name__)

LENGTH: Final = 100
BLOCK_MILLISECONDS: Final = 2000
PAUSE_SECONDS: Final = 2
"""After Redis was away."""

QUIET_SECONDS: Final = 3600


class Wakes:
    """Shares the news of a module with its other pods."""

    def __init__(self, redis: Redis, settings: ServiceSettings, news: News) -> None:
        self._redis = redis
        self._stream = data.wake_stream(settings.module)
        self._news = news

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Share them, during the block."""
        async with background.running(self._tell(), self._hear()):
            yield

    async def _tell(self) -> None:
        rings = 0
        while True:
            await self._news.told.wait(rings, QUIET_SECONDS)
            if self._news.told.rings == rings:
                continue
            rings = self._news.told.rings
            try:
                with self._redis.needed():
                    await self._redis.client.xadd(self._stream, {b"": b""}, maxlen=LENGTH)
            except RedisUnavailableError:
                logger.info("A wake-up was not sent.")

    async def _hear(self) -> None:
        seen: Any = b"$"
        while True:
            try:
                with self._redis.needed():
                    found = await self._redis.client.xread(
                        {self._stream: seen}, block=BLOCK_MILLISECONDS
                    )
            except RedisUnavailableError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            for _, entries in found:
                seen = entries[-1][0]
                self._news.hear()
