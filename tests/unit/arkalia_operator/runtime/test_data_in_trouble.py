"""Secrets that somebody restores or corrects are seen soon, where a system waits for them."""

from datetime import UTC, datetime

import pytest

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.planning.observed import Observed
from arkalia_operator.runtime.data import TROUBLED_LOOK_SECONDS, DataServices
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.settling import LONGEST_LOOK_SECONDS
from builders import a_module, a_system, modules_with
from model_api_server import running, session_for

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/arkalia/arkaliasystems/luna"
SECRET = "/api/v1/namespaces/arkalia/secrets/mine"
EXTERNAL = {"postgresql": {"mode": "external", "secret": {"name": "mine"}}}
RIGHT = {
    "host": "ZGI=",
    "port": "NTQzMg==",
    "database": "bHVuYQ==",
    "username": "bHVuYQ==",
    "password": "c2VjcmV0",
}


async def nothing():
    return ()


def a_troubled_system(data_ready):
    condition = {
        "type": "DataReady",
        "status": data_ready,
        "reason": "SecretMissing",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-21T11:00:00Z",
    }
    return a_system(data=EXTERNAL, status={"conditions": [condition]})


@pytest.fixture
async def server():
    async with running() as found:
        await found.put(SYSTEM, {"metadata": {"uid": "uid-1"}, "spec": {}})
        yield found


@pytest.fixture
async def settled(server):
    async with session_for(server) as session:
        client = Client(session)
        services = DataServices(Credentials(client), 120, lambda: NOW)

        async def settle(system):
            module = a_module(needs={"postgresql": True})
            resolution = resolve(system, modules_with(module))
            looked = await services.look(system, resolution, Observed(), nothing())
            return await services.settle(looked, Presence(client, system))

        yield settle


async def test_corrected_secret_is_seen_at_once_when_the_data_could_not_be_used(server, settled):
    first = await settled(a_troubled_system("Unknown"))
    await server.put(SECRET, {"data": RIGHT})

    second = await settled(a_troubled_system("False"))

    assert [str(each.reason) for each in first.state.problems] == ["SecretMissing"]
    assert second.state.problems == ()


async def test_secret_is_believed_for_a_minute_when_the_data_can_be_used(server, settled):
    await settled(a_troubled_system("True"))
    await server.put(SECRET, {"data": RIGHT})

    second = await settled(a_troubled_system("True"))

    assert len(second.state.problems) == 1


async def test_next_look_comes_soon_while_the_data_cannot_be_used(server, settled):
    troubled = await settled(a_troubled_system("False"))
    await server.put(SECRET, {"data": RIGHT})

    after_the_correction = await settled(a_troubled_system("False"))
    well = await settled(a_troubled_system("True"))

    assert troubled.next_look == after_the_correction.next_look == TROUBLED_LOOK_SECONDS
    assert well.next_look == LONGEST_LOOK_SECONDS
