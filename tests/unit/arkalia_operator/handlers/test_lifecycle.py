import asyncio
import itertools

import pytest

from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.handlers.lifecycle import Forever, watch_resources
from arkalia_operator.runtime.intake import Intake
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.resources import Resources
from model_api_server import line, respond, session_for, stream, until

SYSTEMS = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems"
MODULES = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliamodules"
LUNA = SystemKey("ns", "luna")


class Watching:
    """kopf at work, and what came of it."""

    def __init__(self, session, namespaces=()):
        self.resources, self.queue, self.starts = Resources(), Queue(), 0
        intake = Intake(self.resources, self.queue)
        self.task = asyncio.create_task(watch_resources(session, intake, namespaces, self.count))

    def count(self):
        self.starts += 1

    def environment(self):
        system = self.resources.systems.get(LUNA)
        return system and system.spec.environment


@pytest.fixture
async def watching(server):
    async with session_for(server) as session:
        watching = Watching(session)
        yield watching
        watching.task.cancel()
        await asyncio.gather(watching.task, return_exceptions=True)


async def test_systems_and_modules_reach_the_cache_and_wake_the_loop(server, watching):
    await server.put(f"{SYSTEMS}/luna", {"spec": {"environment": "staging"}})
    await server.put(f"{MODULES}/mine", {"spec": {}})

    await until(lambda: watching.environment() == "staging", 10)
    await until(lambda: len(watching.resources.modules) == 1)

    assert await watching.queue.get() == LUNA


async def test_changes_and_ends_are_seen(server, watching):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    await server.put(f"{MODULES}/mine", {"spec": {}})
    await until(lambda: watching.environment() == "production", 10)
    await until(lambda: len(watching.resources.modules) == 1)

    await server.edit(f"{SYSTEMS}/luna", spec={"environment": "staging"})
    await until(lambda: watching.environment() == "staging")
    await server.remove(f"{SYSTEMS}/luna")
    await server.remove(f"{MODULES}/mine")

    await until(lambda: watching.resources.systems.get(LUNA) is None)
    await until(lambda: len(watching.resources.modules) == 0)


async def test_kopf_writes_nothing(server, watching):
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})
    await until(watching.environment, 10)
    await server.edit(f"{SYSTEMS}/luna", spec={"environment": "staging"})
    await until(lambda: watching.environment() == "staging")

    await asyncio.sleep(0.3)

    assert server.writes() == []


async def test_kopf_is_started_again_when_an_error_in_the_stream_ends_it(server, watching, caplog):
    server.script("WATCH", "arkaliasystems", stream(line("ERROR", {"code": 500, "message": "no"})))

    await until(lambda: watching.starts == 2, 10)
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})

    await until(watching.environment, 10)
    assert "is started again" in caplog.text


async def test_kopf_goes_on_after_a_time_without_the_server(server, watching):
    await until(lambda: server.requests("WATCH", "arkaliasystems"), 10)

    server.script("WATCH", "arkaliasystems", respond(503), times=3)
    server.cut_watches()
    await server.put(f"{SYSTEMS}/luna", {"spec": {}})

    await until(watching.environment, 10)
    assert watching.starts == 1


async def test_a_watch_of_kopf_that_is_closed_at_once_makes_no_hot_loop(server, watching):
    server.script("WATCH", "arkaliasystems", stream(), times=1000)

    await asyncio.sleep(2)

    assert len(server.requests("WATCH", "arkaliasystems")) <= 6


async def test_only_the_named_namespaces_are_watched(server):
    async with session_for(server) as session:
        watching = Watching(session, ("one", "two"))
        await until(lambda: len(server.requests("WATCH", "arkaliasystems")) == 2, 10)
        watching.task.cancel()
        await asyncio.gather(watching.task, return_exceptions=True)

    asked = {each.path.split("/namespaces/")[1] for each in server.requests("WATCH", "systems")}
    assert asked == {"one/arkaliasystems", "two/arkaliasystems"}


async def test_kopf_starts_where_the_user_of_the_container_has_no_name(server, monkeypatch):
    def nobody():
        message = "getpwuid(): uid not found: 65532"
        raise KeyError(message)

    monkeypatch.setattr("getpass.getuser", nobody)
    async with session_for(server) as session:
        watching = Watching(session)
        await until(lambda: watching.starts, 10)
        watching.task.cancel()
        await asyncio.gather(watching.task, return_exceptions=True)

    assert watching.starts == 1


def test_delays_between_tries_never_end_and_stay_short():
    delays = list(itertools.islice(Forever(), 100))

    assert len(delays) == 100
    assert max(delays) == 1.0
    assert list(itertools.islice(Forever(), 1)) == [0.1]


async def test_kopf_that_may_not_watch_one_kind_goes_on_with_the_others(server, watching):
    server.script("WATCH", "arkaliamodules", respond(403), times=1000)
    await until(lambda: len(server.requests("WATCH", "arkaliamodules")) > 3, 10)

    await server.put(f"{SYSTEMS}/luna", {"spec": {}})

    await until(watching.environment, 10)
    assert watching.starts == 1
    assert len(server.requests("WATCH", "arkaliamodules")) < 20
