"""A queue is closed as long as somebody renews that, on a real Redis."""

import asyncio

import pytest

from arkalia_runtime.redis import Redis, RedisUnavailableError
from arkalia_taskia import quarantine
from arkalia_taskia.closed_queues import LEASE_SECONDS
from arkalia_taskia.quarantine import Quarantine, QuarantineQueue
from unit.arkalia_taskia.conftest import eventually

KEY = "zeroia:quarantine:default"


@pytest.fixture
async def close(settings):
    """`async with close():` the queue `default` is closed."""
    queue = Redis.of(settings, "queue", required=False)
    async with queue.open():
        [ability] = Quarantine(queue).abilities
        yield lambda: ability.carry_out(QuarantineQueue(queue="default"))


def lease(redis):
    """Seconds after which the queue is open again; -2 if it is open."""
    return int(redis.admin("TTL", KEY))


async def test_queue_is_closed_for_a_lease_and_open_again_at_the_end(redis, close):
    async with close():
        assert 0 < lease(redis) <= LEASE_SECONDS

    assert lease(redis) == -2


async def test_queue_stays_closed_until_the_last_who_closed_it_ends(redis, close):
    async with close():
        async with close():
            pass
        assert lease(redis) > 0

    assert lease(redis) == -2


async def test_lease_is_renewed_while_the_queue_is_closed(redis, close, monkeypatch):
    monkeypatch.setattr(quarantine, "RENEW_SECONDS", 0.05)
    async with close():
        redis.admin("DEL", KEY)
        await asyncio.to_thread(eventually, lambda: lease(redis) > 0)


async def test_queue_cannot_be_closed_while_redis_is_away(redis, close):
    redis.door.close()
    try:
        with pytest.raises(RedisUnavailableError):
            await close().__aenter__()
    finally:
        redis.door.open()
