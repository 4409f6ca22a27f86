"""The ConfigMaps that systems name are read by name, and believed for a while."""

import pytest

from arkalia_operator.cluster import looks
from arkalia_operator.cluster.bundles import Bundles
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.looks import FRESH_SECONDS, TROUBLED_SECONDS, next_look
from arkalia_operator.planning.bundles import PEM
from builders import a_system
from model_api_server import session_for

PATH = "/api/v1/namespaces/arkalia/configmaps/corporate"
GOOD = {"data": {"ca.crt": PEM}}
SYSTEM = a_system(network={"caBundle": {"configMap": "corporate"}})


@pytest.fixture
async def found(server, clock):
    async with session_for(server) as session:
        yield Bundles(Client(session), clock)


async def test_system_that_names_none_is_never_asked_for_one(server, found):
    assert await found.trouble(a_system()) is None
    assert server.requests("GET") == []


async def test_config_map_that_is_there_is_believed_for_a_minute(server, found, clock):
    await server.put(PATH, GOOD)

    assert await found.trouble(SYSTEM) is None
    assert await found.trouble(SYSTEM) is None
    assert len(server.requests("GET", PATH)) == 1
    clock.now += next_look(None)
    await server.remove(PATH)
    assert (await found.trouble(SYSTEM)).reason == "ConfigMapMissing"


async def test_trouble_is_looked_at_again_soon(server, found, clock):
    problem = await found.trouble(SYSTEM)
    await server.put(PATH, GOOD)

    assert await found.trouble(SYSTEM) == problem
    clock.now += next_look(problem)

    assert await found.trouble(SYSTEM) is None
    assert next_look(problem) == TROUBLED_SECONDS < FRESH_SECONDS


async def test_another_key_is_looked_for_at_once(server, found):
    await server.put(PATH, GOOD)
    await found.trouble(SYSTEM)
    other = a_system(network={"caBundle": {"configMap": "corporate", "key": "other"}})

    assert (await found.trouble(other)).reason == "ConfigMapInvalid"


async def test_only_so_many_looks_are_remembered(server, found, monkeypatch):
    monkeypatch.setattr(looks, "REMEMBERED", 1)
    await found.trouble(SYSTEM)
    await found.trouble(a_system(network={"caBundle": {"configMap": "another"}}))

    await found.trouble(SYSTEM)

    assert len(server.requests("GET", PATH)) == 2
