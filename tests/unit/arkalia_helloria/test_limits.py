"""How much one may ask for: the arithmetic, and many gateways that count together."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_helloria.callers import Caller, DeniedError
from arkalia_helloria.limits import rate
from arkalia_helloria.limits import shared as sharing
from arkalia_helloria.limits.rate import Accounts, Limit
from arkalia_helloria.limits.shared import SharedAccounts
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.redis import Redis
from data_services import a_redis
from unit.arkalia_helloria.conftest import ADA, a_module
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

TEN_A_SECOND = Limit("caller", 20, 2.0)


def taken(accounts, number, now, key="ada", limit=TEN_A_SECOND):
    """How many of *number* requests at the time *now* are allowed."""
    return sum(accounts.take(key, limit, now).allowed for _ in range(number))


def test_burst_is_allowed_at_once_and_then_the_rate():
    accounts = Accounts()

    assert taken(accounts, 50, 100.0) == 20
    assert taken(accounts, 50, 100.55) == 5
    assert taken(accounts, 50, 200.0) == 20


@given(st.lists(st.floats(0, 3), max_size=80))
def test_no_window_gets_more_than_burst_and_rate(pauses):
    accounts, now, allowed = Accounts(), 100.0, []
    for pause in pauses:
        now += pause / 20
        if accounts.take("ada", TEN_A_SECOND, now).allowed:
            allowed.append(now)

    for index, start in enumerate(allowed):
        for later, end in enumerate(allowed[index:], 1):
            assert later <= 20 + 10 * (end - start) + 1e-6


def test_headers_tell_what_is_left_and_when_it_is_full_again():
    accounts = Accounts()
    taken(accounts, 4, 100.0)

    verdict = accounts.take("ada", TEN_A_SECOND, 100.0)

    assert TEN_A_SECOND.policy == '"caller";q=20;w=2'
    assert verdict.header == '"caller";r=15;t=1'


def test_refusal_tells_when_one_more_is_allowed():
    slow = Limit("route", 2, 20.0)
    accounts = Accounts()
    taken(accounts, 2, 100.0, limit=slow)

    verdict = accounts.take("ada", slow, 103.0)

    assert (verdict.allowed, verdict.remaining, verdict.retry_after) == (False, 0, 7)
    assert accounts.take("ada", slow, 103.0 + verdict.retry_after).allowed


def test_keys_are_counted_apart_and_full_accounts_are_forgotten():
    accounts = Accounts()
    assert taken(accounts, 30, 100.0) == taken(accounts, 30, 100.0, key="bob") == 20

    accounts.untold()
    accounts.forget(103.0)

    assert len(accounts) == 0


def test_accounts_have_a_bound(monkeypatch):
    monkeypatch.setattr(rate, "MOST_KEYS", 3)
    accounts = Accounts()
    for number in range(10):
        accounts.take(f"key-{number}", TEN_A_SECOND, 100.0)

    assert len(accounts) == 3


@pytest.fixture(scope="module")
def redis():
    with a_redis() as server:
        yield server


@pytest.fixture
def shared(redis, mounts):
    """`shared()`: the accounts of one more gateway."""
    mount(mounts.data, **{"redis-cache_json": redis.file()})

    def made():
        settings = GatewaySettings(**mounts.settings)
        return SharedAccounts(Redis.of(settings, "cache", required=False))

    redis.admin("FLUSHALL")
    return made


async def test_gateways_together_keep_the_limit_of_one(shared):

    one, two = shared(), shared()
    now = time.monotonic()
    first = taken(one.accounts, 12, now)
    await one.tell()
    assert taken(two.accounts, 1, now) == 1
    await two.tell()

    later = time.monotonic()
    second = taken(two.accounts, 50, later)

    assert first == 12
    assert second <= 7 + 10 * (later - now) + 1
    await one._redis.client.aclose()
    await two._redis.client.aclose()


async def test_what_was_too_much_is_owed(shared):

    one, two = shared(), shared()
    now = time.monotonic()
    assert taken(one.accounts, 20, now) + taken(two.accounts, 20, now) == 40
    await one.tell()
    await two.tell()

    assert taken(two.accounts, 50, now + 1.9) == 0, "20 of the 40 are owed: two seconds"
    await one._redis.client.aclose()
    await two._redis.client.aclose()


async def test_absurd_charge_ends_one_day_and_does_not_keep_others_from_sharing(shared):
    one, two = shared(), shared()
    now = time.monotonic()
    one.accounts.charge("absurd", Limit("tokens-day", 1, 86_400.0), 10**15, now)
    taken(one.accounts, 20, now)
    taken(two.accounts, 1, now)
    await one.tell()
    await two.tell()

    assert taken(two.accounts, 50, now) == 0
    assert one.accounts.look("absurd", TEN_A_SECOND, now).ahead < sharing.MOST_OWED_SECONDS + 10
    await one._redis.client.aclose()
    await two._redis.client.aclose()


async def test_limits_go_on_without_redis_and_say_so(redis, gateway, mounts, caplog):
    mount(mounts.data, **{"redis-cache_json": redis.file()})
    redis.admin("FLUSHALL")
    async with a_module() as (_, port), gateway({"taskia": port}, requests_per_second=10) as client:
        before = await client.get("/api/v1/taskia/x")
        redis.door.close()
        try:
            during = await until(client, lambda answer: "Arkalia-Limits" in answer.headers)
            metrics = await (await client.get("/metrics")).text()
        finally:
            redis.door.open()
        after = await until(client, lambda answer: "Arkalia-Limits" not in answer.headers)

    assert "Arkalia-Limits" not in before.headers
    assert during.headers["Arkalia-Limits"] == "local"
    assert "arkalia_gateway_limits_shared 0.0" in metrics
    assert after.headers["RateLimit"].startswith('"caller";r=')
    assert "Limits are this gateway's own: Redis cannot be used." in caplog.text


async def until(client, holds):
    """The first answer for which *holds* is true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await client.get("/api/v1/taskia/x")
            if holds(answer):
                return answer
            await asyncio.sleep(0.1)


async def statuses(client, number, path="/api/v1/taskia/x", **wanted):
    return [(await client.get(path, **wanted)).status for _ in range(number)]


async def test_who_asks_too_often_is_told_when_to_come_back(gateway):
    slow = {"requests_per_second": 0.1}
    async with a_module() as (module, port), gateway({"taskia": port}, **slow) as client:
        allowed = await client.get("/api/v1/taskia/x")
        # Of a tenth a second, two seconds are no whole request.
        assert allowed.status == 429
        assert module.asked == []

    async with (
        a_module() as (module, port),
        gateway({"taskia": port}, requests_per_second=0.5) as client,
    ):
        found = await statuses(client, 3)
        refused = await client.get("/api/v1/taskia/x")

        assert found == [200, 429, 429]
        assert refused.headers["RateLimit-Policy"] == '"caller";q=1;w=2'
        assert refused.headers["RateLimit"].startswith('"caller";r=0;t=')
        assert 1 <= int(refused.headers["Retry-After"]) <= 2
        assert (await refused.json())["limit"] == "caller"
        assert len(module.asked) == 1
        metrics = await (await client.get("/metrics")).text()
        assert 'arkalia_gateway_limited_total{limit="caller"} 3.0' in metrics


async def test_route_with_a_limit_of_its_own_is_counted_apart(gateway):
    routes = {"taskia": [{"path": "/x"}, {"path": "/slow", "requests_per_second": 1}]}
    async with a_module() as (_, port), gateway({"taskia": port}, routes=routes) as client:
        slow = await statuses(client, 10, "/api/v1/taskia/slow")

        assert slow.count(200) < 10
        assert 429 in slow
        assert await statuses(client, 3) == [200] * 3


class Named:
    """A door that lets in whoever says a name, and everybody to /open."""

    async def let_in(self, headers, _client, route, _method):
        name = headers.get("x-name", "")
        if not name and route.path == "/x":
            raise DeniedError(401, "Say who you are.")
        return Caller(name, frozenset(), frozenset())


async def test_callers_are_counted_apart_and_who_says_nothing_by_address(gateway):
    limited = {"path": "/limited", "requests_per_second": 1}
    routes = {"taskia": [{"path": "/x"}, {"path": "/open"}, limited]}
    async with (
        a_module() as (_, port),
        gateway(
            {"taskia": port}, door=Named(), routes=routes,
            requests_per_second=1, unknown_requests_per_second=1,
        ) as client,
    ):  # fmt: skip
        ada = await statuses(client, 10, headers={"X-Name": "ada"})
        nobody = await statuses(client, 10, "/api/v1/taskia/open")
        failing = await statuses(client, 10)
        elsewhere = await statuses(client, 10, "/api/v1/taskia/limited")
        bob = await statuses(client, 1, headers={"X-Name": "bob"})

        assert ada[0] == nobody[0] == elsewhere[0] == 200
        assert 429 in elsewhere
        assert 429 in ada
        assert 429 in nobody
        assert 429 in failing
        assert bob == [200], "others of the same address keep nobody out"


class Forbidding:
    """A door that knows everybody, and lets nobody do anything."""

    async def let_in(self, _headers, _client, _route, _method):
        raise DeniedError(403, "You may not.", caller=ADA)


async def test_who_may_not_has_no_more_requests_than_who_may(gateway):
    async with (
        a_module() as (module, port),
        gateway({"taskia": port}, door=Forbidding(), requests_per_second=0.5) as client,
    ):
        first, second = [await client.get("/api/v1/taskia/x") for _ in range(2)]

        assert (first.status, second.status) == (403, 429)
        assert first.headers["RateLimit"].startswith('"caller";r=0;t=')
        assert second.headers["RateLimit-Policy"] == '"caller";q=1;w=2'
        assert module.asked == []


async def test_refusals_and_failures_tell_what_is_left(gateway):
    routes = {"taskia": [{"path": "/x"}, {"path": "/open"}]}
    async with gateway({"taskia": free_port()}, door=Named(), routes=routes) as client:
        unknown = await client.get("/api/v1/taskia/x")
        failed = await client.get("/api/v1/taskia/x", headers={"X-Name": "ada"})

        assert (unknown.status, failed.status) == (401, 503)
        assert unknown.headers["RateLimit"].startswith('"address";r=')
        assert failed.headers["RateLimit"].startswith('"caller";r=')
        assert failed.headers["Retry-After"] == "1"


async def test_gateway_learns_of_a_redis_that_is_named_later(redis, mounts, monkeypatch):
    monkeypatch.setattr(sharing, "AGAIN_SECONDS", 0.05)
    own = SharedAccounts(Redis.of(GatewaySettings(**mounts.settings), "cache", required=False))
    async with own.open(), asyncio.timeout(PATIENCE_SECONDS):
        taken(own.accounts, 1, time.monotonic())
        while own.is_shared:  # noqa: ASYNC110 - polls what another task says
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        mount(mounts.data, **{"redis-cache_json": redis.file()})
        while not own.is_shared:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await own._redis.client.aclose()
