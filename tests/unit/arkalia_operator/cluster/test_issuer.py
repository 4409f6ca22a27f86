import asyncio
import json

import pytest

from arkalia_operator.cluster import issuer as issuer_module
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.issuer import DISCOVERY, KEYS, IssuerReader
from arkalia_operator.errors import ForbiddenError
from model_api_server import respond, running, session_for, until

ONE, TWO = {"kid": "one", "kty": "RSA"}, {"kid": "two", "kty": "RSA"}


@pytest.fixture
async def server():
    async with running() as server:
        server.issuer = {DISCOVERY: {"issuer": "https://issuer"}, KEYS: {"keys": [ONE]}}
        yield server


@pytest.fixture
async def reader(server, clock):
    async with session_for(server) as session:
        yield IssuerReader(Client(session), clock)


def kids(reader):
    return [key["kid"] for key in json.loads(reader.known.keys)["keys"]]


async def test_issuer_and_keys_are_read(reader):
    changed = await reader.read()

    assert changed
    assert reader.known.url == "https://issuer"
    assert json.loads(reader.known.keys) == {"keys": [ONE]}


async def test_the_same_keys_in_another_order_are_no_news(server, reader):
    server.issuer[KEYS] = {"keys": [ONE, TWO]}
    await reader.read()
    server.issuer[KEYS] = {"keys": [dict(reversed(TWO.items())), ONE]}

    assert not await reader.read()


async def test_a_new_key_is_published_beside_the_old_one(server, reader):
    await reader.read()
    server.issuer[KEYS] = {"keys": [TWO]}

    assert await reader.read()
    assert kids(reader) == ["one", "two"]


async def test_an_old_key_goes_when_no_token_of_it_can_be_valid_any_more(server, clock, reader):
    await reader.read()
    server.issuer[KEYS] = {"keys": [TWO]}
    clock.now = 601

    assert await reader.read()
    assert kids(reader) == ["two"]


async def test_keys_are_bounded(server, reader):
    server.issuer[KEYS] = {"keys": [{"kid": str(number)} for number in range(100)]}

    await reader.read()

    assert len(kids(reader)) == issuer_module.KEYS_KEPT


async def test_a_refusal_is_told(server, reader):
    server.script("GET", KEYS, respond(403, {"message": "no right"}))

    with pytest.raises(ForbiddenError, match="no right"):
        await reader.read()


async def test_a_change_is_told_and_a_failure_survived(server, reader, monkeypatch):
    monkeypatch.setattr(issuer_module, "INTERVAL_SECONDS", 0.01)
    told = []
    server.script("GET", KEYS, respond(403, {"message": "no right"}))
    task = asyncio.create_task(reader.run(lambda: told.append(reader.known)))

    await until(lambda: told)
    server.issuer[KEYS] = {"keys": [ONE, TWO]}
    await until(lambda: len(told) == 2)

    task.cancel()
    assert kids(reader) == ["one", "two"]
