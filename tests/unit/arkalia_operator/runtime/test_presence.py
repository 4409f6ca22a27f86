import pytest

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.errors import ForbiddenError
from arkalia_operator.runtime.presence import Presence, SystemGoneError
from model_api_server import respond, session_for

SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems/luna"


@pytest.fixture
async def presence(server):
    """What is asked about a system that is there."""
    body = await server.put(SYSTEM, {"spec": {}})
    async with session_for(server) as session:
        yield Presence(Client(session), ArkaliaSystem.from_body(body))


async def test_system_that_is_there_is_asked_about_once(server, presence):
    await presence.make_sure()
    await presence.make_sure()

    assert len(server.requests("GET", "arkaliasystems/luna")) == 1


async def test_system_that_was_deleted_is_gone(server, presence):
    await server.remove(SYSTEM)

    with pytest.raises(SystemGoneError):
        await presence.make_sure()


async def test_system_that_was_replaced_by_one_of_its_name_is_gone(server, presence):
    server.objects[SYSTEM]["metadata"]["uid"] = "another"

    with pytest.raises(SystemGoneError):
        await presence.make_sure()


async def test_system_that_is_being_deleted_is_gone(server, presence):
    server.objects[SYSTEM]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    with pytest.raises(SystemGoneError):
        await presence.make_sure()


async def test_nothing_is_known_of_a_system_when_the_server_does_not_say(server, presence):
    server.script("GET", "arkaliasystems", respond(403))

    with pytest.raises(ForbiddenError):
        await presence.make_sure()

    assert not presence.known


async def test_system_is_asked_about_again_when_it_could_not_be_told(server, presence):
    server.script("GET", "arkaliasystems", respond(403))
    with pytest.raises(ForbiddenError):
        await presence.make_sure()

    await presence.make_sure()

    assert presence.known
