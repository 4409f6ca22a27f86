import asyncio
from contextlib import asynccontextmanager

import pytest

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.errors import ForbiddenError, ResourcesNotServedError
from arkalia_operator.runtime.intake import Intake
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.resources import Resources
from arkalia_operator.runtime.sweeper import Sweeper
from model_api_server import respond, session_for

SYSTEMS = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems"
MODULES = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliamodules"
LUNA = SystemKey("ns", "luna")
SOON = 0.01


class Swept:
    def __init__(self, client, namespaces=()):
        self.resources, self.queue = Resources(), Queue()
        intake = Intake(self.resources, self.queue)
        self.sweeper = Sweeper(client, self.resources, intake, namespaces)

    async def woken(self):
        found = []
        while len(self.queue):
            found.append(await self.queue.get())
            self.queue.done(found[-1])
        return found


@pytest.fixture
async def swept(server):
    async with session_for(server) as session:
        yield Swept(Client(session))


async def test_everything_is_read_before_the_first_reconcile(server, swept):
    await server.put(f"{SYSTEMS}/luna", {"spec": {"modules": {"mine": {}}}})
    await server.put(f"{MODULES}/mine", {"spec": {}})

    await swept.sweeper.prime()

    assert await swept.woken() == [LUNA]
    assert len(swept.resources.modules) == 1


async def test_systems_are_read_and_swept_although_actions_may_not_be(server, swept):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    server.script("GET", "arkaliaactions", respond(403), times=2)

    await swept.sweeper.prime()
    await server.put(f"{SYSTEMS}/sol", {"spec": {}})
    await swept.sweeper.sweep(SOON)

    assert set(await swept.woken()) == {LUNA, SystemKey("ns", "sol")}


async def test_what_the_operator_cannot_do_without_is_waited_for(server, swept):
    server.script("GET", "arkaliasystems", respond(403))

    with pytest.raises(ForbiddenError):
        await swept.sweeper.prime()


async def test_missing_crds_are_told_with_what_to_do(server, swept):
    server.script("GET", "arkaliamodules", respond(404))

    with pytest.raises(ResourcesNotServedError, match="install the CRDs"):
        await swept.sweeper.prime()


async def test_a_sweep_finds_what_was_missed(server, swept):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    await swept.sweeper.prime()
    await swept.woken()

    await server.edit(f"{SYSTEMS}/luna", spec={"environment": "staging"})
    await server.put(f"{SYSTEMS}/sol", {"spec": {}})
    await swept.sweeper.sweep(SOON)

    assert set(await swept.woken()) == {LUNA, SystemKey("ns", "sol")}
    assert swept.resources.systems.get(LUNA).spec.environment == "staging"


async def test_a_sweep_finds_what_ended_unseen(server, swept):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    await swept.sweeper.prime()
    await swept.woken()

    await server.remove(f"{SYSTEMS}/luna")
    await swept.sweeper.sweep(SOON)

    assert await swept.woken() == [LUNA]
    assert swept.resources.systems.get(LUNA) is None


async def test_a_sweep_over_a_known_cluster_reads_metadata_only(server, swept):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    await swept.sweeper.prime()
    await swept.woken()
    server.seen.clear()

    await swept.sweeper.sweep(SOON)

    assert await swept.woken() == []
    assert [each.path.rsplit("/", 1)[1] for each in server.seen] == [
        "arkaliamodules",
        "arkaliaactions",
        "arkaliasystems",
    ]
    assert all("PartialObjectMetadataList" in each.headers["Accept"] for each in server.seen)


async def test_a_sweep_asks_in_the_named_namespaces_only(server):
    await server.put("/apis/arkalia.io/v1alpha1/namespaces/two/arkaliasystems/b", {"spec": {}})
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    async with session_for(server) as session:
        swept = Swept(Client(session), ("two",))

        await swept.sweeper.prime()

    assert await swept.woken() == [SystemKey("two", "b")]


@asynccontextmanager
async def running(sweeper, seconds):
    """It sweeps as long as the block lasts."""
    task = asyncio.create_task(sweeper.run(seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_failed_sweep_is_followed_by_the_next(server, swept, caplog, monkeypatch):
    server.script("GET", "arkaliamodules", respond(403, {"message": "not allowed"}))
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})

    async with running(swept.sweeper, 0.02), asyncio.timeout(5):
        key = await swept.queue.get()

    assert key == LUNA
    assert "not allowed" in caplog.text


async def test_who_sweeps_often_knows_at_once_what_was_missed(server, swept, monkeypatch):
    monkeypatch.setattr("arkalia_operator.runtime.sweeper.GRACE_SECONDS", 3600)
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})

    async with running(swept.sweeper, 0.05), asyncio.timeout(10):
        assert await swept.queue.get() == LUNA
