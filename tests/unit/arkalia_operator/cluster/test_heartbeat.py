import asyncio

import aiohttp
import pytest
from aiohttp import web

from arkalia_operator.cluster import heartbeat as heartbeat_module
from arkalia_operator.cluster.heartbeat import Heartbeat
from model_api_server import cut, respond, until

PATIENCE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(heartbeat_module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat_module, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(heartbeat_module, "GRACE_SECONDS", 0.1)


class Beating:
    """A heartbeat that runs, and how often it left."""

    def __init__(self, server):
        self.left = 0
        self.ways = []
        self._url = server.url
        self.task = asyncio.create_task(Heartbeat(self._dial, self._leave).run())

    def _dial(self):
        self.ways.append(aiohttp.ClientSession())
        return self.ways[-1], self._url

    async def _leave(self):
        self.left += 1

    async def end(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
def patient(monkeypatch):
    """A busy machine may be slower than the patience of the other tests."""
    monkeypatch.setattr(heartbeat_module, "PATIENCE_SECONDS", 30.0)


@pytest.fixture
async def beating(server):
    made = Beating(server)
    yield made
    await made.end()


def beats(server):
    return len(server.requests("GET", "/version"))


def after(seconds, status=200):
    async def reply(_):
        await asyncio.sleep(seconds)
        return web.json_response({}, status=status)

    return reply


async def test_one_connection_is_asked_again_and_again(server, patient, beating):
    await until(lambda: beats(server) > 3)

    assert len(beating.ways) == 1
    assert beating.left == 0


async def test_a_refusal_is_an_answer(server, patient, beating):
    server.script("GET", "/version", respond(401), times=3)

    await until(lambda: beats(server) > 5)

    assert (len(beating.ways), beating.left) == (1, 0)


async def test_connections_are_left_once_when_a_new_one_answers_and_the_old_one_does_not(
    server, beating
):
    server.script("GET", "/version", after(60))

    await until(lambda: beating.left)
    before = beats(server)
    await until(lambda: beats(server) > before + 3)

    assert beating.left == 1
    assert beating.ways[0].closed
    assert not beating.ways[-1].closed


async def test_nothing_is_left_when_the_api_server_is_slow_with_everything(server, beating):
    server.script("GET", "/version", after(4 * PATIENCE_SECONDS), times=20)

    await until(lambda: beats(server) > 6)

    assert beating.left == 0


async def test_nothing_is_left_when_the_old_connection_answers_a_little_after_the_new_one(
    server, beating, monkeypatch
):
    monkeypatch.setattr(heartbeat_module, "GRACE_SECONDS", 30.0)
    server.script("GET", "/version", after(3 * PATIENCE_SECONDS))

    await until(lambda: beats(server) > 5)

    assert beating.left == 0
    assert not beating.ways[0].closed


async def test_a_broken_connection_is_replaced_and_nothing_is_left(server, patient, beating):
    await until(lambda: beats(server))
    server.script("GET", "/version", cut, times=4)  # aiohttp tries a broken one again by itself

    await until(lambda: len(beating.ways) > 1)
    before = beats(server)
    await until(lambda: beats(server) > before + 2)

    assert beating.left == 0
    assert beating.ways[0].closed


async def test_an_outage_costs_a_few_requests_and_its_end_is_noticed(server, beating):
    server.script("GET", "/version", after(60), times=4)

    await until(lambda: beating.left)

    assert beats(server) == 5
    assert all(each.closed for each in beating.ways[:4])


async def test_a_connection_that_broke_late_is_replaced_and_nothing_is_left(server, beating):
    async def hang_and_cut(request):
        await asyncio.sleep(1.5 * PATIENCE_SECONDS)
        return await cut(request)

    await until(lambda: beats(server))
    server.script("GET", "/version", hang_and_cut)
    server.script("GET", "/version", after(60))
    server.script("GET", "/version", cut)  # aiohttp tries a broken one again by itself

    await until(lambda: len(beating.ways) > 2)
    before = beats(server)
    await until(lambda: beats(server) > before + 2)

    assert beating.left == 0
    assert beating.ways[0].closed


async def test_a_certificate_that_cannot_be_read_ends_nothing():
    tried = []

    def unreadable():
        tried.append(1)
        raise FileNotFoundError(2, "no certificate")

    async def leave():
        raise AssertionError

    task = asyncio.create_task(Heartbeat(unreadable, leave).run())
    await until(lambda: len(tried) > 2)

    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
