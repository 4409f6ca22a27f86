"""News: nobody who looked before waiting misses a ring."""

import asyncio
import time

import pytest

from arkalia_runtime.events.news import Bell, News


async def test_one_ring_wakes_all_who_wait():
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(0, 30)) for _ in range(5)]
    await asyncio.sleep(0)
    bell.ring()

    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)


async def test_ring_between_looking_and_waiting_is_not_missed():
    bell = Bell()
    seen = bell.rings
    bell.ring()

    async with asyncio.timeout(1):
        await bell.wait(seen, 30)


async def test_waiting_ends_when_nothing_rings():
    start = time.monotonic()
    await Bell().wait(0, 0.05)

    assert 0.04 < time.monotonic() - start < 5


@pytest.mark.parametrize(("does", "told"), [("tell", 1), ("hear", 0)])
def test_only_what_this_pod_has_done_is_passed_on(does, told):
    news = News()
    getattr(news, does)()

    assert (news.any.rings, news.told.rings) == (1, told)
