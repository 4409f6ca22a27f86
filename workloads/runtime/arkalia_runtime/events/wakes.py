"""Wake-ups through Redis: that a module has news reaches other pods at once. Best effort.

Whoever waits looks by itself from time to time, so a wake-up that is lost costs a moment and no
event. The stream is capped; nobody needs what it says, only that it says something.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from arkalia_contract import data
from arkalia_runtime.events.news import News
from arkalia_runtime.redis import Redis, RedisUnavailableError

logger: Final = logging.getLogger(__name__)

LENGTH: Final = 100
BLOCK_MILLISECONDS: Final = 2000
PAUSE_SECONDS: Final = 5
"""After Redis was away."""

QUIET_SECONDS: Final = 3600


@asynccontextmanager
async def passed_on(redis: Redis, module: str, news: News) -> AsyncIterator[None]:
    """During the block, tell the pods of all modules what *news* tells this pod."""
    async with _running(_pass_on(redis, data.wake_stream(module), news), "wake-ups sent"):
        yield


@asynccontextmanager
async def heard(
    redis: Redis, modules: Iterable[str], wake: Callable[[str], None]
) -> AsyncIterator[None]:
    """During the block, call *wake* with the name of each of *modules* that has news."""
    streams = {data.wake_stream(module).encode(): module for module in modules}
    async with _running(_hear(redis, streams, wake), "wake-ups heard"):
        yield


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _pass_on(redis: Redis, stream: str, news: News) -> None:
    while True:
        await news.wait(QUIET_SECONDS)
        try:
            with redis.needed():
                await redis.client.xadd(stream, {b"": b""}, maxlen=LENGTH)
        except RedisUnavailableError:
            logger.info("A wake-up was not sent.")
            await asyncio.sleep(PAUSE_SECONDS)


async def _hear(redis: Redis, streams: dict[bytes, str], wake: Callable[[str], None]) -> None:
    seen: dict[Any, Any] = dict.fromkeys(streams, b"$")
    while True:
        try:
            with redis.needed():
                found = await redis.client.xread(seen, block=BLOCK_MILLISECONDS)
        except RedisUnavailableError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        for stream, entries in found:
            seen[stream] = entries[-1][0]
            wake(streams[stream])
