import asyncio

import pytest

from arkalia_contract import labels
from arkalia_operator.cluster import informer as informer_module
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.informer import Informer
from arkalia_operator.cluster.observe import observe
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.kinds import CONFIG_MAP
from model_api_server import cut, line, respond, session_for, stream, until

LUNA = SystemKey("ns", "luna")
PATH = "/api/v1/namespaces/ns/configmaps"
LABELS = {labels.SYSTEM: "luna", labels.MANAGED_BY: labels.MANAGED_BY_OPERATOR}


def a_config_map(value="v", name="a"):
    return {"metadata": {"name": name, "labels": LABELS}, "data": {"k": value}}


class Watched:
    """An informer at work, and what came of it."""

    def __init__(self, client):
        self.store = Store()
        self.woken = []
        self.informer = Informer(client, self.store, CONFIG_MAP, None, self.woken.append)

    @property
    def names(self):
        return {key.name for key in observe(self.store, LUNA, frozenset()).children}

    async def sees(self, *names):
        """Wait until exactly *names* are in the store."""
        await until(lambda: self.names == set(names))


@pytest.fixture
async def watched(server):
    async with session_for(server) as session:
        watched = Watched(Client(session))
        task = asyncio.create_task(watched.informer.run())
        yield watched
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_informer_knows_what_is_there_and_what_comes(server, watched):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.informer.synced.wait()

    await server.put(f"{PATH}/b", a_config_map(name="b"))

    await watched.sees("a", "b")


async def test_an_informer_asks_for_its_own_objects_only(server, watched):
    await server.put(f"{PATH}/foreign", {"data": {}})

    await server.put(f"{PATH}/a", a_config_map())

    await watched.sees("a")
    assert {each.query["labelSelector"] for each in server.seen} == {
        "app.kubernetes.io/managed-by=arkalia-operator"
    }


async def test_an_informer_sees_an_end(server, watched):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.sees("a")

    await server.remove(f"{PATH}/a")

    await watched.sees()
    assert watched.woken[-1] == LUNA


async def test_an_informer_goes_on_from_the_last_version_when_it_is_cut_off(server, watched):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.sees("a")

    server.cut_watches()
    await server.put(f"{PATH}/b", a_config_map(name="b"))

    await watched.sees("a", "b")
    assert len(server.requests("GET", "configmaps")) == 1


async def test_an_informer_goes_on_from_a_bookmark(server, watched):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.sees("a")
    await server.bookmark()
    await asyncio.sleep(0.1)

    server.cut_watches()
    await asyncio.sleep(0.5)

    assert server.requests("WATCH")[-1].query["resourceVersion"] == str(server.version)


async def test_an_informer_finds_what_ended_while_its_version_was_forgotten(server, watched):
    await server.put(f"{PATH}/a", a_config_map())
    await server.put(f"{PATH}/b", a_config_map(name="b"))
    await watched.sees("a", "b")

    server.script("WATCH", "configmaps", respond(500))
    server.cut_watches()
    await server.remove(f"{PATH}/a")
    server.compact()

    await watched.sees("b")
    assert len(server.requests("GET", "configmaps")) == 2


@pytest.mark.parametrize(
    "reply",
    [
        stream(line("ERROR", {"code": 500, "message": "etcd leader changed"})),
        stream(b"<html>not a watch</html>\n"),
        stream(line("MODIFIED", {"no": "metadata"})),
        respond(410),
    ],
    ids=["error-event", "no-json", "no-metadata", "410"],
)
async def test_an_informer_lists_again_when_the_stream_cannot_be_trusted(server, watched, reply):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.sees("a")

    server.script("WATCH", "configmaps", reply)
    server.cut_watches()
    await server.put(f"{PATH}/b", a_config_map(name="b"))

    await watched.sees("a", "b")
    assert len(server.requests("GET", "configmaps")) == 2


@pytest.mark.parametrize("reply", [cut, respond(503), respond(429)], ids=["cut", "503", "429"])
async def test_an_informer_watches_again_when_the_server_falters(server, watched, reply):
    await server.put(f"{PATH}/a", a_config_map())
    await watched.sees("a")

    server.script("WATCH", "configmaps", reply, times=2)
    server.cut_watches()
    await server.put(f"{PATH}/b", a_config_map(name="b"))

    await watched.sees("a", "b")
    assert len(server.requests("GET", "configmaps")) == 1


async def test_a_watch_that_is_closed_at_once_makes_no_hot_loop(server, watched):
    await watched.informer.synced.wait()
    server.script("WATCH", "configmaps", stream(), times=1000)
    server.cut_watches()

    await asyncio.sleep(1.5)

    assert len(server.requests("WATCH")) <= 12


async def test_a_line_that_is_cut_in_the_middle_is_read_after_the_next_start(server, watched):
    await watched.informer.synced.wait()

    async def abort(request):
        request.transport.abort()

    server.script("WATCH", "configmaps", stream(b'{"type": "ADDED", "obj', after=abort))
    server.cut_watches()
    await server.put(f"{PATH}/a", a_config_map())

    await watched.sees("a")


async def test_a_watch_that_falls_silent_is_opened_again(server, watched, monkeypatch):
    monkeypatch.setattr(informer_module, "SILENCE_SECONDS", 0.2)
    await watched.informer.synced.wait()

    async def silent(_):
        await asyncio.sleep(2)

    server.script("WATCH", "configmaps", stream(after=silent))
    server.cut_watches()
    await asyncio.sleep(0.3)
    await server.put(f"{PATH}/a", a_config_map())

    await watched.sees("a")


async def test_an_informer_is_not_blind_because_of_one_object(server, watched, caplog):
    await watched.informer.synced.wait()
    odd = a_config_map(name="odd")
    odd["metadata"]["ownerReferences"] = [{"no": "kind"}]

    await server.put(f"{PATH}/odd", odd)
    await server.put(f"{PATH}/a", a_config_map())

    await watched.sees("a")
    assert "cannot be read" in caplog.text


async def test_an_informer_starts_anew_when_versions_went_back(server, watched):
    await server.put(f"{PATH}/a", a_config_map("restored"))
    await watched.sees("a")

    body = server.objects[f"{PATH}/a"]
    server.objects[f"{PATH}/a"] = {
        **body, "metadata": {**body["metadata"], "resourceVersion": "7", "uid": "restored"}
    }  # fmt: skip
    server.version, server.oldest = 8, 10**9
    server.cut_watches()

    def uids():
        return {each.uid for each in observe(watched.store, LUNA, frozenset()).children.values()}

    await until(lambda: uids() == {"restored"})


async def test_an_informer_says_when_it_heard_something(server, watched):
    await watched.informer.synced.wait()
    before = watched.informer.heard_at

    await server.bookmark()
    await asyncio.sleep(0.2)

    assert watched.informer.heard_at > before
    assert watched.informer.alive_at >= watched.informer.heard_at


async def test_an_informer_that_may_not_list_says_so_and_goes_on(server, caplog):
    server.script("GET", "configmaps", respond(403, {"message": "configmaps is forbidden"}))
    async with session_for(server) as session:
        watched = Watched(Client(session))
        task = asyncio.create_task(watched.informer.run())

        await asyncio.wait_for(watched.informer.synced.wait(), 5)
        task.cancel()

    assert "configmaps is forbidden" in caplog.text
