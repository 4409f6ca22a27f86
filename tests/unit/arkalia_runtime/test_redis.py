"""Redis under what happens to it: a restart, a cut, a rotated password, another authority."""

import asyncio
import json

import pytest

from arkalia_contract import files
from arkalia_runtime.health import UnhealthyError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.redis import Redis, RedisUnavailableError
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Authority, Mounts, mount

MEASURE = "arkalia_redis_queue_failures_total"


@pytest.fixture
def mounts(tmp_path, redis):
    made = Mounts(tmp_path)
    tell(made, redis.file())
    return made


def tell(mounts, content):
    mount(mounts.data, **{files.REDIS_QUEUE_KEY.replace(".", "_"): content})


@pytest.fixture
def settings(mounts):
    return ServiceSettings(**mounts.settings)


@pytest.fixture
async def queue(settings):
    async with Redis.of(settings, "queue").open() as opened:
        yield opened


async def remember(queue, text="text"):
    with queue.needed():
        await queue.client.set(queue.key("said"), text)
        return await queue.client.get(queue.key("said"))


async def test_keys_carry_the_prefix_of_the_module(queue, redis):
    assert await remember(queue, "hello") == b"hello"

    assert redis.admin("GET", "zeroia:said") == "hello"


async def test_module_cannot_reach_the_keys_of_another(queue):
    with pytest.raises(RedisUnavailableError), queue.needed():
        await queue.client.get("sandozia:said")


async def test_check_says_whether_it_answers(queue, redis):
    assert await queue.check.run() == "it answers"

    redis.door.close()
    try:
        with pytest.raises(UnhealthyError, match="does not answer"):
            await queue.check.run()
    finally:
        redis.door.open()
    assert await queue.check.run() == "it answers"


async def test_service_says_whether_it_can_do_without(settings):
    assert Redis.of(settings, "queue").check.required
    assert not Redis.of(settings, "cache", required=False).check.required
    assert Redis.of(settings, "cache").check.name == "redis-cache"


async def test_connections_that_a_restart_broke_fail_nobody(queue, redis):
    await asyncio.gather(*(remember(queue) for _ in range(5)))
    redis.door.cut()
    await asyncio.sleep(0.1)

    await asyncio.gather(*(remember(queue) for _ in range(5)))


async def test_redis_that_is_away_is_a_problem_with_a_time_to_ask_again(settings, redis):
    metrics, queue = Metrics("m", "1"), Redis.of(settings, "queue")
    queue.measure(metrics)
    redis.door.close()
    try:
        async with queue.open():
            with pytest.raises(RedisUnavailableError) as away:
                await remember(queue)
    finally:
        redis.door.open()

    assert (away.value.status_code, away.value.headers["Retry-After"]) == (503, "2")
    assert metrics.registry.get_sample_value(MEASURE) == 1


async def test_server_that_hangs_is_given_up(settings, redis, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.redis.ANSWER_SECONDS", 0.2)
    async with Redis.of(settings, "queue").open() as queue:
        await remember(queue)
        with redis.door.held(), pytest.raises(RedisUnavailableError):
            await remember(queue)

        assert await remember(queue, "after") == b"after"


async def test_new_connections_use_the_rotated_password(queue, mounts, redis):
    await remember(queue)
    redis.admin("ACL", "SETUSER", "zeroia", ">rotated", "<secret")
    try:
        tell(mounts, redis.file("rotated"))
        redis.door.cut()
        await asyncio.sleep(0.1)

        assert await remember(queue, "after") == b"after"
    finally:
        redis.admin("ACL", "SETUSER", "zeroia", ">secret", "<rotated")


async def test_new_connections_trust_the_authority_of_the_file(queue, mounts, redis):
    successor = Authority("the next authority of redis")
    await remember(queue)
    redis.door.show(successor)
    try:
        redis.door.cut()
        await asyncio.sleep(0.1)
        with pytest.raises(RedisUnavailableError):
            await remember(queue)
        tell(mounts, redis.file(authorities=successor.pem.decode()))

        assert await remember(queue, "after") == b"after"
    finally:
        redis.door.show(redis.authority)


async def test_server_with_the_certificate_of_another_name_is_not_told_the_password(queue, redis):
    redis.door.show(redis.authority, names=("elsewhere",))
    try:
        with pytest.raises(RedisUnavailableError):
            await remember(queue)
    finally:
        redis.door.show(redis.authority)


async def test_nothing_is_known_of_redis_before_there_is_a_file(settings, mounts, redis):
    tell(mounts, json.dumps({"host": "localhost"}))
    async with Redis.of(settings, "queue").open() as queue:
        with pytest.raises(RedisUnavailableError):
            queue.key("said")
        with pytest.raises(UnhealthyError):
            await queue.check.run()
        tell(mounts, redis.file())

        assert await remember(queue, "later") == b"later"
