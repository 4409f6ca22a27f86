"""Secrets that are made once, on a model of the API server."""

import base64

import pytest

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kept import KeptSecrets
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.desired.kept import WantedKept
from arkalia_operator.errors import ConflictError
from arkalia_operator.planning.kept import MakeKept
from builders import a_system
from model_api_server import session_for

SYSTEM = a_system()
PATH = "/api/v1/namespaces/arkalia/secrets/luna-admin"
WANTED = WantedKept(
    "luna-admin", "security", {"username": "/u", "password": "/p"}, {"username": "admin"}
)


class Hands:
    """The Secrets of one system, and a clock that only passes when it is told to."""

    def __init__(self, client):
        self.now = 0.0
        self.secrets = KeptSecrets(client, lambda: self.now)

    async def look(self, system=SYSTEM):
        return (await self.secrets.look(system, [WANTED])).get("luna-admin")

    async def make(self, secret=None, system=SYSTEM):
        await self.secrets.make(system, MakeKept(WANTED, secret), "lineage-1")
        return await self.look(system)


@pytest.fixture
async def hands(server):
    async with session_for(server) as session:
        yield Hands(Client(session))


def content(server):
    data = server.objects[PATH]["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


async def test_secret_is_made_of_chance_and_labelled(hands, server):
    assert await hands.look() is None

    made = await hands.make()

    assert content(server)["username"] == "admin"
    assert len(content(server)["password"]) == 43
    described = server.objects[PATH]["metadata"]
    assert described["labels"]["arkalia.io/lineage"] == "lineage-1"
    assert described["labels"]["arkalia.io/module"] == "security"
    assert "ownerReferences" not in described
    assert (made.is_ours, made.keys) == (True, {"username", "password"})


async def test_what_is_there_stays_when_it_is_written_again(hands, server):
    before = content(server) if await hands.make() else {}
    del server.objects[PATH]["data"]["username"]
    hands.now += FRESH_SECONDS + 1

    again = await hands.make(await hands.look())

    assert content(server) == before
    assert again.keys == {"username", "password"}


async def test_secret_ends_with_the_system_if_its_data_does(hands, server):
    system = a_system(deletionPolicy="Delete")
    made = await hands.make(system=system)

    assert made.owner_uid == system.uid


async def test_secret_that_somebody_made_meanwhile_is_not_overwritten(hands, server):
    await server.put(PATH, {"data": {}})

    with pytest.raises(ConflictError):
        await hands.make()


async def test_secret_is_believed_for_a_minute_unless_it_is_to_be_forgotten(hands, server):
    await hands.make()
    server.objects[PATH]["data"] = {}
    believed = await hands.look()
    hands.secrets.forget(SYSTEM, [WANTED])

    assert (len(believed.keys), (await hands.look()).keys) == (2, frozenset())


async def test_secret_of_a_deleted_system_is_looked_at_each_time(hands, server):
    before = a_system(uid="uid-0", deletionPolicy="Delete")
    await hands.make(system=before)
    assert (await hands.look()).is_leaving

    del server.objects[PATH]

    assert await hands.look() is None
