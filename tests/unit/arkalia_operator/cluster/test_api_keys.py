"""The Secrets with API keys are looked at by name, and believed for a while."""

import pytest

from arkalia_operator.cluster.api_keys import ApiKeys
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.looks import FRESH_SECONDS, TROUBLED_SECONDS
from builders import a_system
from model_api_server import session_for

PATH = "/api/v1/namespaces/arkalia/secrets/paid"
SYSTEM = a_system(
    llm={"mode": "external", "url": "http://ollama:11434", "apiKeySecret": {"name": "paid"}}
)


@pytest.fixture
async def found(server, clock):
    async with session_for(server) as session:
        yield ApiKeys(Client(session), clock)


async def test_system_that_names_none_is_never_asked_for_one(server, found):
    assert await found.troubles(a_system()) == ()
    assert server.requests("GET") == []


async def test_secret_that_is_there_is_believed_for_a_minute(server, found, clock):
    await server.put(PATH, {"data": {"apiKey": "a2V5"}})

    assert await found.troubles(SYSTEM) == ()
    clock.now += TROUBLED_SECONDS
    assert await found.troubles(SYSTEM) == ()

    assert len(server.requests("GET", PATH)) == 1


async def test_missing_secret_is_looked_for_again_soon(server, found, clock):
    [problem] = await found.troubles(SYSTEM)
    await server.put(PATH, {"data": {"apiKey": "a2V5"}})

    assert problem.reason == "ApiKeyMissing"
    assert await found.troubles(SYSTEM) == (problem,)
    clock.now += TROUBLED_SECONDS
    assert await found.troubles(SYSTEM) == ()
    assert TROUBLED_SECONDS < FRESH_SECONDS
