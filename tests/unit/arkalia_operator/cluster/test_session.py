import asyncio
import json
import os
from itertools import pairwise

import aiohttp
import kopf
import pytest
from aiohttp import web

from arkalia_operator.cluster import heartbeat as heartbeat_module
from arkalia_operator.cluster import session as session_module
from arkalia_operator.cluster.client import Client, Request
from arkalia_operator.cluster.session import (
    Session,
    WatchPace,
    by_address,
    login_to,
    own_namespace,
)
from arkalia_operator.errors import UnavailableError
from model_api_server import respond, running, until


class Keys:
    """Credentials that a test can change."""

    def __init__(self, server):
        self.info = kopf.ConnectionInfo(server=server.url, token="one")

    def __call__(self):
        return self.info

    def change(self, **fields):
        self.info = kopf.ConnectionInfo(**{**vars(self.info), **fields})


@pytest.fixture
async def keys(server):
    return Keys(server)


@pytest.fixture
async def session(keys):
    session = Session(keys)
    yield session
    await session.close()


def tokens(server):
    return [each.headers["Authorization"] for each in server.seen]


async def test_a_rotated_token_is_used_once_the_old_one_is_not_accepted(server, keys, session):
    keys.change(token="two")
    server.script("GET", "/apis", respond(401))

    with pytest.raises(Exception, match="not found"):
        await Client(session).send(Request("GET", "/apis/a/b/c/d"))

    assert tokens(server) == ["Bearer one", "Bearer two"]


async def test_a_rotated_token_is_found_without_a_refusal(server, keys, session, monkeypatch):
    monkeypatch.setattr(session_module, "RENEW_SECONDS", 0.01)
    fresh = asyncio.create_task(session.keep_fresh())
    keys.change(token="two")

    await asyncio.sleep(0.1)
    fresh.cancel()
    await (await session.request("GET", "/apis", aiohttp.ClientTimeout(total=5))).release()

    assert tokens(server) == ["Bearer two"]


async def test_a_new_server_address_makes_new_connections(server, keys, session):
    async with running() as other:
        keys.change(server=other.url)

        await session.renew()
        await (await session.request("GET", "/apis", aiohttp.ClientTimeout(total=5))).release()

        assert (len(server.seen), len(other.seen)) == (0, 1)


async def test_a_certificate_that_changed_behind_its_path_makes_new_connections(
    server, keys, session, tmp_path
):
    authority = tmp_path / "ca.crt"
    authority.write_text("one")
    keys.change(ca_path=str(authority))
    await session.renew()
    before, lent = session._http, session.for_kopf().aiohttp_session
    session._renewed_at = 0.0

    authority.write_text("two")
    await session.renew()

    assert session._http is not before
    assert before.closed
    assert lent.closed


async def test_credentials_that_cannot_be_read_leave_the_old_ones_in_place(server, session, caplog):
    def fail():
        raise OSError(2, "no file")

    session._find = fail

    await session.renew()
    await (await session.request("GET", "/apis", aiohttp.ClientTimeout(total=5))).release()

    assert tokens(server) == ["Bearer one"]
    assert "no file" in caplog.text


async def test_kopf_gets_a_session_of_its_own_with_the_newest_token(server, keys, session):
    own = session.for_kopf()
    keys.change(token="two")
    await session.renew()

    async with own.aiohttp_session as http, http.get(f"{own.server}/apis"):
        pass

    assert tokens(server) == ["Bearer two"]


async def test_watches_that_are_closed_at_once_are_held_back(server):
    server.script("WATCH", "/apis/x", respond(200), times=4)
    started = []

    async def note(request, handler):
        started.append(asyncio.get_running_loop().time())
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=(WatchPace(0.1), note)) as http:
        for _ in range(4):
            async with http.get(f"{server.url}/apis/x", params={"watch": "true"}) as got:
                await got.read()

    assert min(b - a for a, b in pairwise(started)) >= 0.09


def test_in_a_pod_the_api_server_is_found_without_cluster_dns():
    info = kopf.ConnectionInfo(server="https://kubernetes.default.svc", token="t")

    found = by_address(info, {"KUBERNETES_SERVICE_HOST": "fd00::1"})

    assert found.server == "https://[fd00::1]:443"
    assert by_address(info, {}) == info


def test_a_pod_knows_its_namespace_and_a_process_outside_has_the_default_one(tmp_path):
    file = tmp_path / "namespace"
    outside = own_namespace(file)
    file.write_text("arkalia-system\n")

    assert (outside, own_namespace(file)) == ("default", "arkalia-system")


async def first_line(request):
    """A watch that says one thing and then nothing."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"{}\n")
    await asyncio.sleep(30)
    return response


async def test_whoever_reads_on_while_connections_are_made_anew_is_told_that_they_are_closed(
    server, keys, session
):
    server.script("WATCH", "pods", first_line)
    own = session.for_kopf()
    watch = await own.aiohttp_session.get(f"{own.server}/api/v1/pods", params={"watch": "true"})
    await watch.content.readline()

    keys.change(server=f"{server.url}/")
    _, met = await asyncio.gather(session.renew(), watch.content.readline(), return_exceptions=True)

    assert isinstance(met, aiohttp.ClientConnectionError)


async def silent(_):
    await asyncio.sleep(5)
    return web.Response()


async def test_connections_that_lead_nowhere_are_left_by_all(server, session, caplog, monkeypatch):
    monkeypatch.setattr(heartbeat_module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat_module, "PATIENCE_SECONDS", 0.2)
    server.script("WATCH", "pods", first_line)
    watch = Client(session).stream("/api/v1/pods", {"watch": "true"})
    await anext(watch)
    lent = session.for_kopf().aiohttp_session
    server.script("GET", "/version", silent)

    watching = asyncio.create_task(session.watch_over())
    with pytest.raises(UnavailableError):
        await asyncio.wait_for(anext(watch), 5)

    await until(lambda: lent.closed)
    assert "".join(caplog.messages).count("are made anew") == 1
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_request_without_an_answer_leaves_the_connections_of_others_alone(server, session):
    server.script("GET", "silent", silent)
    lent = session.for_kopf().aiohttp_session
    hasty = Client(session, patience=0.2)

    with pytest.raises(UnavailableError):
        await hasty.send(Request("GET", "/api/v1/silent"), deadline=0)

    assert not lent.closed
    await lent.close()


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    """A kubeconfig with two contexts, the first of which is the current one."""
    servers = {name: {"server": f"https://{name}"} for name in ("here", "there")}
    config = {
        "current-context": "here",
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": "me"}} for name in servers
        ],
        "clusters": [{"name": name, "cluster": each} for name, each in servers.items()],
        "users": [{"name": "me", "user": {"token": "abc"}}],
    }
    path = tmp_path / ".kube/config"
    path.parent.mkdir()
    path.write_text(json.dumps(config), encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    return path


@pytest.mark.parametrize("named", [True, False])
def test_named_context_comes_before_the_current_one(kubeconfig, monkeypatch, named):
    before = str(kubeconfig) if named else ""
    monkeypatch.setenv("KUBECONFIG", before)

    assert login_to("there")().server == "https://there"
    assert os.environ["KUBECONFIG"] == before


def test_unknown_context_is_told(kubeconfig):
    with pytest.raises(kopf.LoginError, match="has no context nowhere"):
        login_to("nowhere")()
