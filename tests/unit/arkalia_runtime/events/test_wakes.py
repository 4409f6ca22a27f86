"""Wake-ups: pods of one module hear of each other's news, and nothing depends on it."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from arkalia_runtime.events import wakes
from arkalia_runtime.events.news import News
from arkalia_runtime.redis import Redis
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Mounts, mount


@pytest.fixture
def settings(tmp_path, redis):
    mounts = Mounts(tmp_path)
    mount(mounts.data, **{"redis-queue_json": redis.file()})
    return ServiceSettings(**mounts.settings)


@asynccontextmanager
async def pod(settings):
    news = News()
    redis = Redis.of(settings, "queue")
    async with redis.open(), wakes.Wakes(redis, settings, news).open():
        yield news


async def heard(news, since=0, seconds=5):
    """Whether something was heard within *seconds*."""
    await news.any.wait(since, seconds)
    return news.any.rings > since


async def test_pods_hear_of_each_others_news(settings):
    async with pod(settings) as first, pod(settings) as second:
        await asyncio.sleep(0.3)
        first.tell()

        assert await heard(second)


async def test_stream_has_a_bound(settings, redis):
    redis.admin("DEL", "wake:zeroia")
    async with pod(settings) as news:
        for _ in range(150):
            news.tell()
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.2)

    assert 1 <= int(redis.admin("XLEN", "wake:zeroia")) <= 2 * wakes.LENGTH + 1


async def test_wake_ups_come_again_when_redis_is_back(settings, redis, monkeypatch):
    monkeypatch.setattr(wakes, "PAUSE_SECONDS", 0.1)
    async with pod(settings) as first, pod(settings) as second:
        redis.door.close()
        first.tell()
        await asyncio.sleep(0.3)
        redis.door.open()
        async with asyncio.timeout(20):
            while not second.any.rings:
                first.tell()
                await asyncio.sleep(0.2)
