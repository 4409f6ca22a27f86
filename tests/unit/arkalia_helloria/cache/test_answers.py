"""Requests through a gateway that keeps answers, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from arkalia_helloria.cache import answers
from arkalia_helloria.callers import Caller
from unit.arkalia_helloria.conftest import a_module, reply
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, more

TASK = "/api/v1/taskia/tasks/7"


class ByKey:
    """A door behind which who shows a key has its name."""

    async def let_in(self, headers, _client, _route, _method):
        name = headers.get("x-api-key", "ada")
        return Caller(name, frozenset({"user"}), frozenset({"tasks"}), key=f"key-of-{name}")


class Keeping:
    """A module whose answers say that they may be kept; each has its number."""

    def __init__(self, cache_control, *headers, status=200):
        self.headers = [(b"cache-control", cache_control), *headers] if cache_control else []
        self.status = status
        self.go_on = None
        self.body = b""
        self.number = 0

    async def __call__(self, scope, _receive, send):
        if scope["path"] == "/openapi.json":
            await reply(send, status=404)
            return
        number = self.number = self.number + 1
        if self.go_on is not None:
            await self.go_on.wait()
        known = dict(scope["headers"]).get(b"if-none-match")
        if known and known == dict(self.headers).get(b"etag"):
            await reply(send, b"", 304, self.headers)
        else:
            await reply(send, self.body or b"answer %d" % number, self.status, self.headers)


@pytest.fixture
def keeping(gateway):
    """`keeping(answer, **settings)`: a module that answers so, and a client of a gateway before it."""

    @asynccontextmanager
    async def opened(answer, **settings):
        own = {"door": ByKey(), **settings}
        async with a_module(answer) as (module, port), gateway({"taskia": port}, **own) as client:
            yield module, client

    return opened


async def text(client, key="ada", path=TASK, **headers):
    answer = await client.get(path, headers={"X-Api-Key": key, **headers})
    assert answer.status == 200
    return await answer.text()


async def metric(client, line):
    """The value of a line of `/metrics`."""
    lines = (await (await client.get("/metrics")).text()).splitlines()
    return next(float(each.rsplit(" ", 1)[1]) for each in lines if each.startswith(line))


async def until_missed(client, number, series="arkalia_cache_misses_total{"):
    """Wait until so many requests have found nothing."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await metric(client, series) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_answer_that_may_be_kept_is_given_again_with_its_age(keeping):
    async with keeping(Keeping(b"max-age=60")) as (module, client):
        first = await client.get(TASK)
        second = await client.get(TASK)

        assert [await each.text() for each in (first, second)] == ["answer 1", "answer 1"]
        assert len(module.asked) == 1
        assert first.headers["Cache-Status"].startswith("arkalia; fwd=miss; stored; ttl=")
        assert second.headers["Cache-Status"].startswith("arkalia; hit; ttl=")
        assert int(second.headers["Age"]) <= 60
        assert await metric(client, 'arkalia_cache_hits_total{level="local"}') == 1
        assert await metric(client, 'arkalia_cache_misses_total{level="local"}') == 1
        assert await metric(client, "arkalia_cache_answers") == 1
        assert await metric(client, "arkalia_cache_bytes") > 500


async def test_each_answer_tells_the_limits_of_its_own_caller(keeping):
    settings = {"requests_per_second": 5}
    async with keeping(Keeping(b"max-age=60"), **settings) as (_, client):
        told = [(await client.get(TASK)).headers["RateLimit"] for _ in range(3)]

        assert [each.split(";")[1] for each in told] == ["r=9", "r=8", "r=7"]


@pytest.mark.parametrize("cache_control", [b"", b"no-store", b"private, max-age=60"])
async def test_answer_that_may_not_be_kept_is_asked_for_each_time(keeping, cache_control):
    async with keeping(Keeping(cache_control)) as (module, client):
        assert [await text(client) for _ in range(3)] == ["answer 1", "answer 2", "answer 3"]
        assert len(module.asked) == 3


async def test_answer_is_given_to_others_only_if_it_is_public(keeping):
    async with keeping(Keeping(b"max-age=60")) as (_, client):
        assert [await text(client, who) for who in ("ada", "bob", "ada", "bob")] == [
            "answer 1",
            "answer 2",
            "answer 1",
            "answer 2",
        ]
    async with keeping(Keeping(b"public, max-age=60")) as (_, client):
        assert [await text(client, who) for who in ("ada", "bob")] == ["answer 1", "answer 1"]


async def test_public_answer_that_depends_on_who_asks_is_not_given_to_others(keeping):
    headers = (b"vary", b"Arkalia-User")
    async with keeping(Keeping(b"public, max-age=60", headers)) as (_, client):
        assert [await text(client, who) for who in ("ada", "bob", "ada")] == [
            "answer 1",
            "answer 2",
            "answer 1",
        ]


async def test_answer_is_found_by_query_and_by_what_it_depends_on(keeping):
    async with keeping(Keeping(b"max-age=60", (b"vary", b"Accept-Language"))) as (_, client):
        asked = [("", "fr"), ("?a=1", "fr"), ("", "en"), ("", "fr"), ("?a=1", "fr"), ("", "en")]
        got = [await text(client, path=TASK + q, **{"Accept-Language": to}) for q, to in asked]

        assert got == [f"answer {number}" for number in (1, 2, 3, 1, 2, 3)]


async def test_client_that_has_the_answer_is_told_so(keeping):
    async with keeping(Keeping(b"max-age=60", (b"etag", b'"7"'))) as (module, client):
        await text(client)
        known = await client.get(TASK, headers={"If-None-Match": 'W/"7"'})
        other = await client.get(TASK, headers={"If-None-Match": '"8"'})

        assert (known.status, await known.read()) == (304, b"")
        assert known.headers["ETag"] == '"7"'
        assert "Content-Type" not in known.headers
        assert (other.status, await other.text()) == (200, "answer 1")
        assert len(module.asked) == 1


async def test_old_answer_is_only_asked_about(keeping):
    answer = Keeping(b"no-cache", (b"etag", b'"7"'))
    async with keeping(answer) as (module, client):
        got = [await text(client) for _ in range(3)]
        answer.headers = [(b"cache-control", b"no-cache"), (b"etag", b'"8"')]

        assert got == ["answer 1"] * 3
        assert await text(client) == "answer 4"
        assert [each["given"].get("if-none-match") for each in module.asked] == [
            None,
            '"7"',
            '"7"',
            '"7"',
        ]


async def test_client_may_ask_for_a_newer_answer(keeping):
    async with keeping(Keeping(b"max-age=60")) as (_, client):
        await text(client)

        assert await text(client, **{"Cache-Control": "no-cache"}) == "answer 2"
        assert await text(client) == "answer 2"
        assert await text(client, **{"Cache-Control": "no-store"}) == "answer 3"
        assert await text(client) == "answer 2"


async def test_many_who_ask_at_once_get_one_answer(keeping):
    answer = Keeping(b"max-age=60")
    async with keeping(answer) as (module, client):
        await text(client, path=TASK + "?known=1")
        answer.go_on = asyncio.Event()
        asked = [asyncio.create_task(text(client)) for _ in range(50)]
        await until_missed(client, 51)
        answer.go_on.set()

        assert set(await asyncio.gather(*asked)) == {"answer 2"}
        assert len(module.asked) == 2
        assert await metric(client, "arkalia_cache_collapsed_total") == 49


async def test_many_callers_at_once_get_one_public_answer(keeping):
    answer = Keeping(b"public, max-age=60")
    async with keeping(answer) as (module, client):
        await text(client, path=TASK + "?known=1")
        answer.go_on = asyncio.Event()
        asked = [asyncio.create_task(text(client, f"user-{n}")) for n in range(20)]
        await until_missed(client, 21)
        answer.go_on.set()

        assert set(await asyncio.gather(*asked)) == {"answer 2"}
        assert len(module.asked) == 2


async def test_those_who_wait_are_asked_for_when_who_asked_first_has_gone(keeping):
    answer = Keeping(b"max-age=60")
    async with keeping(answer) as (module, client):
        await text(client, path=TASK + "?known=1")
        answer.go_on = asyncio.Event()
        asked = [asyncio.create_task(text(client)) for _ in range(5)]
        await until_missed(client, 6)
        await more(module.asked, 2 - len(module.asked))
        asked[0].cancel()
        await more(module.asked, 3 - len(module.asked))
        answer.go_on.set()

        assert set(await asyncio.gather(*asked[1:])) == {"answer 3"}
        assert len(module.asked) == 3


async def test_nobody_waits_for_an_answer_that_is_not_kept(keeping, monkeypatch):
    monkeypatch.setattr(answers, "UNSURE_SECONDS", PATIENCE_SECONDS)
    go_on, together = asyncio.Event(), asyncio.Barrier(3)

    async def in_step(scope, receive, send):
        if scope["path"] != "/openapi.json":
            # The first is held until the others wait for it, and those come together after it.
            await (together.wait() if go_on.is_set() else go_on.wait())
        await reply(send, b"for nobody else")

    async with keeping(in_step) as (module, client):
        asked = [asyncio.create_task(text(client)) for _ in range(4)]
        await until_missed(client, 4)
        first = len(module.asked)
        go_on.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*asked)

        assert (first, len(module.asked)) == (1, 4)


async def test_change_ends_what_was_kept_of_it_for_everybody(keeping):
    async with keeping(Keeping(b"max-age=60")) as (_, client):
        assert [await text(client), await text(client, "bob")] == ["answer 1", "answer 2"]
        await client.put(TASK, data=b"new", headers={"X-Api-Key": "ada"})

        assert [await text(client), await text(client, "bob")] == ["answer 4", "answer 5"]
        assert await text(client) == "answer 4"


async def test_old_answer_is_better_than_an_error_if_it_says_so(keeping):
    answer = Keeping(b"max-age=0, stale-if-error=60", (b"etag", b'"7"'))
    async with keeping(answer) as (module, client):
        await text(client)
        answer.status, answer.headers = 500, []
        stale = await client.get(TASK)
        again = await text(client)

        assert (stale.status, await stale.text()) == (200, "answer 1")
        assert "hit; detail=stale-if-error" in stale.headers["Cache-Status"]
        assert again == "answer 1"
        assert len(module.asked) == 2, "a module that fails is left in peace for a moment"
        assert await metric(client, "arkalia_cache_given_on_error_total") == 1


async def test_old_answer_is_given_while_no_pod_can_be_reached(gateway):
    answer = Keeping(b"max-age=0, stale-if-error=60", (b"etag", b'"7"'))
    async with a_module(answer) as (_, port):
        opened = gateway({"taskia": port}, door=ByKey())
        client = await opened.__aenter__()
        await text(client)
    try:
        assert await text(client) == "answer 1"
        assert (await client.get(TASK + "?other=1")).status == 503
    finally:
        await opened.__aexit__(None, None, None)


async def test_error_is_told_where_an_old_answer_does_not_say_that_it_is_better(keeping):
    answer = Keeping(b"max-age=0, must-revalidate, stale-if-error=60", (b"etag", b'"7"'))
    async with keeping(answer) as (_, client):
        await text(client)
        answer.status, answer.headers = 500, []

        assert (await client.get(TASK)).status == 500


async def test_answer_that_is_too_long_passes_and_is_not_kept(keeping):
    answer = Keeping(b"max-age=60")
    answer.body = b"x" * 3000

    async def without_length(scope, receive, send):
        headers = [(b"cache-control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    for each in (answer, without_length):
        async with keeping(each, cache_answer_bytes=2000) as (module, client):
            assert [len(await text(client)) for _ in range(2)] == [3000, 3000]
            assert len(module.asked) == 2


async def test_compressed_and_plain_answers_are_kept_apart(keeping):
    answer = Keeping(b"max-age=60", (b"content-type", b"text/plain"), (b"etag", b'"7"'))
    answer.body = b"x" * 3000
    async with keeping(answer) as (module, client):
        for _ in range(2):
            plain = await client.get(TASK, headers={"Accept-Encoding": "identity"})
            packed = await client.get(TASK, headers={"Accept-Encoding": "gzip"})

            assert ("Content-Encoding" in plain.headers, await plain.read()) == (False, answer.body)
            assert packed.headers["Content-Encoding"] == "gzip"
            assert await packed.read() == answer.body
        assert len(module.asked) == 2


async def test_gateway_without_memory_for_it_keeps_nothing(keeping):
    async with keeping(Keeping(b"max-age=60"), cache_bytes=0) as (_, client):
        assert [await text(client), await text(client)] == ["answer 1", "answer 2"]
