"""Gateways that share what they keep, through a real Redis that goes, is slow and comes back."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from arkalia_helloria.cache import answers
from data_services import a_redis
from unit.arkalia_helloria.cache.test_answers import (
    TASK,
    ByKey,
    Keeping,
    metric,
    text,
    until_missed,
)
from unit.arkalia_helloria.conftest import a_module
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, more


@pytest.fixture(scope="module")
def redis():
    with a_redis() as server:
        yield server


@pytest.fixture
def gateways(gateway, mounts, redis):
    """`gateways(number, answer)`: a module that answers so, and clients of gateways before it."""

    @asynccontextmanager
    async def opened(number, answer, **settings):
        mount(mounts.data, **{"redis-cache_json": redis.file()})
        redis.admin("FLUSHALL")
        own = {"door": ByKey(), **settings}
        async with a_module(answer) as (module, port), AsyncExitStack() as stack:
            places = [gateway({"taskia": port}, **own) for _ in range(number)]
            yield module, [await stack.enter_async_context(each) for each in places]

    return opened


async def test_answer_that_one_gateway_keeps_is_given_by_another(gateways):
    async with gateways(2, Keeping(b"max-age=60")) as (module, (one, two)):
        first = await text(one)
        other = await two.get(TASK, headers={"X-Api-Key": "ada"})
        again = await text(two)

        assert (first, await other.text(), again) == ("answer 1",) * 3
        assert "hit; detail=shared" in other.headers["Cache-Status"]
        assert await text(two, "bob") == "answer 2", "it was Ada's"
        assert len(module.asked) == 2
        assert await metric(two, 'arkalia_cache_hits_total{level="shared"}') == 1
        assert await metric(two, 'arkalia_cache_hits_total{level="local"}') == 1


async def test_many_gateways_ask_the_module_once(gateways):
    answer = Keeping(b"public, max-age=60")
    async with gateways(3, answer) as (module, clients):
        for each in clients:  # each knows by now that this route's answers are kept
            await text(each, path=TASK + "?known=1")
        answer.go_on = asyncio.Event()
        asked = [asyncio.create_task(text(each, f"user-{n}")) for each in clients for n in range(5)]
        for each in clients:
            await until_missed(each, 6, 'arkalia_cache_misses_total{level="local"}')
        answer.go_on.set()

        assert set(await asyncio.gather(*asked)) == {"answer 2"}
        assert len(module.asked) == 2


async def test_gateway_that_gets_no_answer_keeps_the_others_from_asking_for_a_moment_only(
    gateways, monkeypatch
):
    monkeypatch.setattr(answers, "TURN_SECONDS", 0.3)
    answer = Keeping(b"max-age=60")
    async with gateways(2, answer) as (module, (one, two)):
        for each in (one, two):
            await text(each, path=TASK + "?known=1")
        answer.go_on = asyncio.Event()
        asked = [asyncio.create_task(text(each)) for each in (one, two)]
        await more(module.asked, 3 - len(module.asked))
        answer.go_on.set()

        assert set(await asyncio.gather(*asked)) <= {"answer 2", "answer 3"}


async def test_change_through_one_gateway_ends_what_is_shared(gateways):
    async with gateways(3, Keeping(b"max-age=60")) as (_, (one, two, three)):
        await text(one)
        await two.put(TASK, data=b"new", headers={"X-Api-Key": "bob"})

        assert await text(three) == "answer 3"


async def test_gateway_goes_on_without_redis_and_tells(gateways, redis, caplog):
    caplog.set_level("INFO")
    async with gateways(2, Keeping(b"max-age=60")) as (_, (one, two)):
        await text(one)
        redis.door.close()
        try:
            got = [await text(two), await text(two), await text(one)]
            away = await metric(two, "arkalia_cache_shared")
        finally:
            redis.door.open()
        async with asyncio.timeout(PATIENCE_SECONDS):
            number = 0
            while not await metric(two, "arkalia_cache_shared"):
                number += 1
                await text(two, path=f"{TASK}?number={number}")
                await asyncio.sleep(0.1)

        assert got == ["answer 2", "answer 2", "answer 1"]
        assert away == 0
        assert "Kept answers are this gateway's own: Redis cannot be used." in caplog.text
        assert "Kept answers are shared again." in caplog.text


async def test_what_cannot_be_read_in_redis_is_not_there(gateways, redis):
    async with gateways(2, Keeping(b"max-age=60")) as (_, (one, two)):
        await text(one)
        for key in redis.admin("KEYS", "*answer*").splitlines():
            redis.admin("SET", key, json.dumps({"status": "none"}))

        assert await text(two) == "answer 2"
