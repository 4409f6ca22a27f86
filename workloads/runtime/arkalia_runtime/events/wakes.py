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
from arkalia_runtime.events.news import News
from arkalia_runtime.redis import Redis, RedisUnavailableError

logger: Final = logging.getLogger(__name__)

LENGTH: Final = 100
BLOCK_MILLISECONDS: Final = 2000
PAUSE_SECONDS: Final = 2
"""After Redis was away."""

QUIET_SECONDS: Final = 3600


@asynccontextmanager
async def shared(redis: Redis, module: str, news: News) -> AsyncIterator[None]:
    """Share *news* with the other pods of *module*, during the block."""
    stream = data.wake_stream(module)
    tasks = (
        asyncio.create_task(_tell(redis, stream, news), name="wake-ups told"),
        asyncio.create_task(_hear(redis, stream, news), name="wake-ups heard"),
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(redis: Redis, stream: str, news: News) -> None:
    rings = 0
    while True:
        await news.told.wait(rings, QUIET_SECONDS)
        rings = news.told.rings
        try:
            with redis.needed():
                await redis.client.xadd(stream, {b"": b""}, maxlen=LENGTH)
        except RedisUnavailableError:
            logger.info("A wake-up was not sent.")


async def _hear(redis: Redis, stream: str, news: News) -> None:
    seen: Any = b"$"
    while True:
        try:
            with redis.needed():
                found = await redis.client.xread({stream: seen}, block=BLOCK_MILLISECONDS)
        except RedisUnavailableError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        for _, entries in found:
            seen = entries[-1][0]
            news.hear()
