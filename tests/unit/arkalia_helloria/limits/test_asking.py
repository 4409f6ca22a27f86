"""Budgets of tokens, which another gateway may have seen used up."""

import asyncio
import time

import pytest

from arkalia_helloria.limits import shared as sharing
from arkalia_helloria.limits.asking import GOOD_SECONDS, Asking
from arkalia_helloria.limits.shared import SharedAccounts
from arkalia_helloria.limits.tokens import per_day
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.redis import Redis
from data_services import a_redis
from unit.arkalia_helloria.conftest import a_module
from unit.arkalia_helloria.limits.test_tokens import OF_A_MODEL, Counted
from unit.arkalia_runtime.authority import mount

BUDGET = per_day(100)
KEY = f"{BUDGET.name}:key:k-1"


@pytest.fixture(scope="module")
def redis():
    with a_redis() as server:
        yield server


@pytest.fixture
async def shared(redis, mounts):
    """`shared()`: the accounts of one more gateway."""
    mount(mounts.data, **{"redis-cache_json": redis.file()})
    redis.admin("FLUSHALL")
    made = []

    def another():
        settings = GatewaySettings(**mounts.settings)
        made.append(SharedAccounts(Redis.of(settings, "cache", required=False)))
        return made[-1]

    yield another
    for each in made:
        await each._redis.client.aclose()


async def used_up(accounts, key=KEY):
    accounts.accounts.charge(key, BUDGET, 200, time.monotonic())
    await accounts.tell()


def is_left(accounts, key=KEY):
    return accounts.accounts.look(key, BUDGET, time.monotonic()).allowed


async def test_budget_that_is_used_up_is_known_at_a_gateway_that_counted_nothing_of_it(shared):
    one, two = shared(), shared()
    await used_up(one)

    await two.know([KEY, "other"])

    assert (is_left(two), is_left(two, "other")) == (False, True)
    await two.tell()
    assert not is_left(two)


async def test_budget_is_asked_for_again_after_a_second(shared, monkeypatch):
    monkeypatch.setattr("arkalia_helloria.limits.asking.GOOD_SECONDS", 0.05)
    one, two = shared(), shared()
    two.accounts.charge(KEY, BUDGET, 1, time.monotonic())
    await two.tell()
    await two.know([KEY])
    await used_up(one)

    await asyncio.sleep(0.1)
    await two.know([KEY])

    assert not is_left(two)


async def test_answer_takes_nothing_back_that_is_being_told(shared):
    one = shared()
    one.accounts.charge(KEY, BUDGET, 200, time.monotonic())
    one.accounts.untold()  # as if it were on its way

    await one.know([KEY])

    assert not is_left(one)


async def test_none_of_many_that_come_at_once_gets_through_a_budget_that_is_used_up(
    shared, gateway
):
    await used_up(shared())
    usual = {"door": Counted(tokens_per_day=100), "routes": OF_A_MODEL}
    async with a_module() as (module, port), gateway({"taskia": port}, **usual) as client:
        answers = await asyncio.gather(*(client.get("/api/v1/taskia/x") for _ in range(15)))

        assert [each.status for each in answers] == [429] * 15
        assert module.asked == []


async def test_redis_that_is_lost_is_waited_for_once(shared, monkeypatch):
    async def hang(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(sharing, "ANSWER_SECONDS", 0.1)
    one = shared()
    monkeypatch.setattr(one._redis.client, "execute_command", hang)

    begun = time.monotonic()
    await asyncio.gather(*(one.know([f"key-{number}"]) for number in range(50)))
    first = time.monotonic() - begun
    await one.know(["another"])

    assert (is_left(one), one.is_shared) == (True, False)
    assert 0.1 <= first < GOOD_SECONDS
    assert time.monotonic() - begun - first < 0.05


async def test_keys_are_asked_for_together_and_once():
    asked = []

    async def ask(keys):
        asked.append(sorted(keys))
        await asyncio.sleep(0.01)

    asking = Asking(ask)
    async with asyncio.TaskGroup() as group:
        for key in ("a", "a", "b"):
            group.create_task(asking.know([key]))
        await asyncio.sleep(0.005)
        for key in ("c", "d"):
            group.create_task(asking.know([key]))
    await asking.know(["a", "d"])

    assert asked == [["a", "b"], ["c", "d"]]
    asking.forget(time.monotonic() + GOOD_SECONDS)
    await asking.know(["a"])
    assert asked[2:] == [["a"]]


async def test_who_leaves_while_waiting_keeps_nobody_else_from_knowing():
    async def ask(_keys):
        await asyncio.sleep(0.05)

    asking = Asking(ask)
    leaving, staying = (asyncio.create_task(asking.know(["a"])) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()

    await asyncio.wait_for(staying, 1)

    assert leaving.cancelled()
