import asyncio
import json

import aiohttp
import orjson
import pytest
import yaml
from aiohttp import web

from arkalia_operator.cluster.client import Client, Request, encoded
from arkalia_operator.cluster.kinds import SYSTEM
from arkalia_operator.desired.kinds import CONFIG_MAP, SERVICE_MONITOR
from arkalia_operator.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    NotLeadingError,
    ThrottledError,
    UnavailableError,
)
from arkalia_operator.planning.actions import Delete
from arkalia_operator.planning.observed import ObjectKey
from model_api_server import cut, respond, session_for

PATH = "/api/v1/namespaces/ns/configmaps"
A = ObjectKey("ConfigMap", "ns", "a")
MANIFEST = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "ns"},
    "data": {"k": "v"},
}


@pytest.fixture
async def client(server):
    async with session_for(server) as session:
        yield Client(session)


async def test_an_apply_creates_and_gives_the_live_object(client, server):
    live = await client.apply(CONFIG_MAP, MANIFEST, force=False)

    assert live["data"] == {"k": "v"}
    assert server.objects[f"{PATH}/a"]["metadata"]["uid"] == live["metadata"]["uid"]


@pytest.mark.parametrize(
    ("kind", "validation"), [(CONFIG_MAP, "Ignore"), (SERVICE_MONITOR, "Strict")]
)
async def test_an_apply_is_the_operators_and_strict_where_the_kind_is_not_built_in(
    client, server, kind, validation
):
    await client.apply(kind, MANIFEST, force=True)

    (seen,) = server.writes()
    assert seen.query == {
        "fieldManager": "arkalia-operator",
        "fieldValidation": validation,
        "force": "true",
    }
    assert seen.headers["Content-Type"] == "application/apply-patch+yaml"
    assert seen.headers["Authorization"] == "Bearer one"


@pytest.mark.parametrize(
    "character",
    ["\x7f", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff"],
)
def test_a_character_that_yaml_does_not_take_as_it_is_is_escaped(character):
    body = {"data": {f"k{character}": f"a{character}b"}}

    text = encoded(body)

    assert character.encode() not in text
    assert yaml.safe_load(text) == json.loads(text) == body


@pytest.mark.parametrize("character", ["a", "\n", '"', "\\", " ", "é", "€", "😀"])
def test_a_character_that_both_take_stays_as_it_is(character):
    body = {"data": {"k": character}}

    assert yaml.safe_load(encoded(body)) == body
    assert encoded(body) == orjson.dumps(body)


async def test_a_list_is_read_page_by_page(client, server):
    for number in range(7):
        await server.put(f"{PATH}/c{number}", {"metadata": {}})
    server.page_limit = 3

    pages = [page["items"] async for page in client.pages(CONFIG_MAP, "ns")]

    assert [len(page) for page in pages] == [3, 3, 1]


async def test_a_deletion_of_another_object_of_the_same_name_conflicts(client, server):
    await server.put(f"{PATH}/a", {"metadata": {"uid": "new"}})

    with pytest.raises(ConflictError):
        await client.delete(CONFIG_MAP, Delete(A, "old"))

    assert f"{PATH}/a" in server.objects


async def test_a_deletion_of_the_very_object_deletes_it(client, server):
    await server.put(f"{PATH}/a", {"metadata": {"uid": "u"}})

    await client.delete(CONFIG_MAP, Delete(A, "u"))

    assert server.objects == {}


async def test_a_deletion_of_an_object_to_which_something_happened_since_conflicts(client, server):
    seen = await server.put(f"{PATH}/a", {"metadata": {"uid": "u"}})
    await server.put(f"{PATH}/a", {"metadata": {"uid": "u"}, "data": {"more": "happened"}})

    with pytest.raises(ConflictError):
        await client.delete(CONFIG_MAP, Delete(A, "u", seen["metadata"]["resourceVersion"]))

    assert f"{PATH}/a" in server.objects


async def test_a_status_goes_to_the_status_alone(client, server):
    path = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems/luna"
    body = await server.put(path, {"spec": {"a": 1}})
    metadata = {"namespace": "ns", "name": "luna", "uid": body["metadata"]["uid"]}

    live = await client.apply_status(SYSTEM, {"metadata": metadata, "status": {"version": "1"}})

    assert (live["spec"], live["status"]) == ({"a": 1}, {"version": "1"})


async def test_what_is_not_there_is_said_so(client):
    with pytest.raises(NotFoundError):
        await client.get(CONFIG_MAP, "ns", "nothing")


@pytest.mark.parametrize("reply", [respond(500), respond(503), cut], ids=["500", "503", "cut"])
async def test_a_request_is_sent_again_when_the_server_falters(client, server, reply):
    server.script("PATCH", "configmaps", reply, times=2)

    await client.apply(CONFIG_MAP, MANIFEST, force=False)

    assert len(server.writes()) == 3


async def test_a_request_waits_as_long_as_the_server_asks_for(client, server):
    server.script("PATCH", "configmaps", respond(429, **{"Retry-After": "1"}))

    await client.apply(CONFIG_MAP, MANIFEST, force=False)

    first, second = server.writes()
    assert second.at - first.at >= 1


async def test_a_refused_request_is_not_sent_again(client, server):
    server.script("PATCH", "configmaps", respond(403, {"message": "not allowed"}))

    with pytest.raises(ForbiddenError, match="not allowed"):
        await client.apply(CONFIG_MAP, MANIFEST, force=False)

    assert len(server.writes()) == 1


async def test_an_answer_that_is_cut_in_the_middle_is_asked_for_again(client, server):
    await server.put(f"{PATH}/a", {"metadata": {}})

    async def half(request):
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        request.transport.close()
        return await cut(request)

    server.script("GET", "configmaps/a", half)

    live = await client.get(CONFIG_MAP, "ns", "a")

    assert live["metadata"]["name"] == "a"


async def test_a_request_gives_up_after_its_deadline(client, server):
    server.script("GET", "/apis", respond(500), times=100)

    with pytest.raises(UnavailableError):
        await client.send(Request("GET", "/apis/x"), deadline=0.5)


async def test_a_wait_beyond_the_deadline_is_not_begun(client, server):
    server.script("GET", "/apis", respond(429, **{"Retry-After": "60"}))

    async with asyncio.timeout(5):
        with pytest.raises(ThrottledError):
            await client.send(Request("GET", "/apis/x"), deadline=10)


async def test_no_more_requests_are_in_flight_than_allowed(server):
    now, most = 0, 0

    async def slow(request):
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.02)
        now -= 1
        return await respond(200)(request)

    server.script("GET", "/apis", slow, times=40)
    async with session_for(server) as session:
        client = Client(session, in_flight=4)

        await asyncio.gather(*(client.send(Request("GET", "/apis/x")) for _ in range(40)))

    assert most == 4


async def test_an_event_is_merged_into_the_one_that_is_there(client, server):
    await server.put(f"{PATH}/a", {"data": {"a": "1", "b": "2"}})

    await client.merge(CONFIG_MAP, "ns", "a", {"data": {"b": "3"}})

    assert server.objects[f"{PATH}/a"]["data"] == {"a": "1", "b": "3"}


async def test_an_answer_that_is_no_json_is_a_faltering_server(client, server):
    async def html(_):
        return web.Response(text="<html>", content_type="text/html")

    server.script("GET", "/apis", html, times=100)

    with pytest.raises(UnavailableError):
        await client.send(Request("GET", "/apis/x"), deadline=0.2)


class Doorkeeper:
    """A gate that is opened for a time."""

    def __init__(self, left):
        self.left = left

    def remaining(self):
        return self.left


@pytest.fixture
async def guarded(server):
    """A client with its gate."""
    gate = Doorkeeper(0.0)
    async with session_for(server) as session:
        yield Client(session, gate=gate), gate


async def test_nothing_is_written_without_the_lease(guarded, server):
    client, _ = guarded
    await server.put(f"{PATH}/a", MANIFEST)
    writes = (
        client.apply(CONFIG_MAP, MANIFEST, force=True),
        client.apply_status(SYSTEM, {"metadata": {"namespace": "ns", "name": "luna"}}),
        client.create(CONFIG_MAP, "ns", MANIFEST),
        client.merge(CONFIG_MAP, "ns", "a", {}),
        client.delete(CONFIG_MAP, Delete(A, "uid")),
    )

    for write in writes:
        with pytest.raises(NotLeadingError):
            await write

    assert server.writes() == []
    assert (await client.get(CONFIG_MAP, "ns", "a"))["data"] == {"k": "v"}


async def test_a_write_that_was_to_be_tried_again_is_not_when_the_lease_is_lost(guarded, server):
    client, gate = guarded
    gate.left = 8.0

    async def last_word(request):
        gate.left = 0.0
        return await respond(503)(request)

    server.script("PATCH", "configmaps", last_word)

    with pytest.raises(NotLeadingError):
        await client.apply(CONFIG_MAP, MANIFEST, force=True)

    assert len(server.writes()) == 1


async def test_a_write_is_given_up_with_the_lease(guarded, server):
    client, gate = guarded
    gate.left = 0.2

    async def late(_):
        gate.left = 0.0
        await asyncio.sleep(3)
        return web.Response()

    server.script("PATCH", "configmaps", late)
    began = asyncio.get_running_loop().time()

    with pytest.raises(NotLeadingError):
        await client.apply(CONFIG_MAP, MANIFEST, force=True)

    assert asyncio.get_running_loop().time() - began < 2


async def test_a_server_that_never_answers_costs_its_time_limit_only(server):
    async def silent(_):
        await asyncio.sleep(5)
        return web.Response()

    server.script("GET", "configmaps", silent)
    began = asyncio.get_running_loop().time()

    async with session_for(server) as session:
        with pytest.raises(UnavailableError):
            await Client(session, patience=0.2).send(Request("GET", PATH), deadline=0)

    assert asyncio.get_running_loop().time() - began < 2


async def test_a_write_is_not_sent_when_the_lease_was_lost_while_it_waited_for_a_connection(
    guarded, server, monkeypatch
):
    """As happens to a process that is stopped in the middle of a handshake."""
    client, gate = guarded
    gate.left = 8.0
    connect = aiohttp.TCPConnector.connect

    async def slowly(*arguments, **options):
        connection = await connect(*arguments, **options)
        gate.left = 0.0
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", slowly)

    with pytest.raises(NotLeadingError):
        await client.apply(CONFIG_MAP, MANIFEST, force=True)

    assert server.writes() == []


@pytest.mark.parametrize(
    ("where", "step"),
    [(aiohttp.ClientRequest, "send"), (aiohttp.BytesPayload, "write_with_length")],
    ids=["before_its_first_byte", "with_its_bytes_in_hand"],
)
async def test_a_write_is_not_sent_when_the_lease_was_lost_on_its_way(
    guarded, server, monkeypatch, where, step
):
    """As happens to a process that is stopped, at any instruction, after it asked."""
    client, gate = guarded
    gate.left = 8.0
    go_on = getattr(where, step)

    async def stopped(*arguments):
        gate.left = 0.0
        return await go_on(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(where, step, stopped)
        with pytest.raises(NotLeadingError):
            await client.apply(CONFIG_MAP, MANIFEST, force=True)
    assert server.writes() == []

    gate.left = 8.0
    await client.apply(CONFIG_MAP, MANIFEST, force=True)

    assert len(server.writes()) == 1
