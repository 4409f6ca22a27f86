"""The beginning of an answer goes out with its body, and never waits for one that does not come."""

import asyncio

import pytest
import uvloop

from arkalia_runtime.joined import JoinedTransport
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"body"


class Wire(asyncio.Transport):
    """What is sent, write by write."""

    def __init__(self):
        super().__init__()
        self.sent, self.closing = [], False

    def write(self, data):
        self.sent.append(bytes(data))

    def writelines(self, parts):
        self.write(b"".join(parts))

    def close(self):
        self.closing = True

    def is_closing(self):
        return self.closing


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
async def joined(wire):
    return JoinedTransport(wire, asyncio.get_running_loop())


async def turn():
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_beginning_and_body_are_one_write(joined, wire):
    joined.write(HEAD)
    joined.write(BODY)
    joined.write(BODY)
    await turn()

    assert wire.sent == [HEAD + BODY, BODY]


async def test_beginning_of_an_answer_that_takes_its_time_is_sent_at_once(joined, wire):
    joined.write(HEAD)
    await turn()
    assert wire.sent == [HEAD]

    joined.write(BODY)
    assert wire.sent == [HEAD, BODY]


async def test_answer_without_a_body_is_sent_before_the_connection_ends(joined, wire):
    joined.write(HEAD)
    joined.close()
    await turn()

    assert wire.sent == [HEAD]
    assert joined.is_closing()


async def test_nothing_is_written_to_a_connection_that_has_ended(joined, wire):
    joined.write(HEAD)
    wire.close()
    await turn()

    assert wire.sent == []


async def one_by_one(scope, receive, send):
    """Bodies of each kind, and a stream whose second half comes later."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/empty":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        return
    if scope["method"] == "POST":
        await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b"two"})


REQUEST = "{} {} HTTP/1.1\r\nhost: a\r\n{}\r\n"


async def test_answers_keep_their_order_on_one_connection():
    asked = [("HEAD", "/", ""), ("GET", "/empty", ""), ("GET", "/", ""), ("GET", "/empty", "")]
    async with served(one_by_one) as client:
        reader, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        writer.write("".join(REQUEST.format(*each) for each in asked).encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            heads = [(await reader.readuntil(b"\r\n\r\n"))[9:12] for _ in range(3)]
            body = await reader.readuntil(b"0\r\n\r\n")
            last = (await reader.readuntil(b"\r\n\r\n"))[9:12]
        writer.close()

    assert [*heads, last] == [b"200", b"204", b"200", b"204"]
    assert body.index(b"one") < body.index(b"two")


async def at_once(scope, receive, send):
    if scope["type"] == "lifespan":
        await one_by_one(scope, receive, send)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one"})


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_who_asks_and_ends_its_side_is_answered(method, run):
    async def story():
        async with served(at_once) as client:
            place = client._base_url.host, client._base_url.port
            reader, writer = await asyncio.open_connection(*place)
            writer.write(REQUEST.format(method, "/", "").encode())
            writer.write_eof()
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await reader.read()
            writer.close()
            return answer

    assert run(story()).startswith(b"HTTP/1.1 200 ")


async def test_client_that_waits_for_leave_to_send_gets_it():
    async with served(one_by_one) as client:
        reader, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        head = REQUEST.format("POST", "/", "expect: 100-continue\r\ncontent-length: 1\r\n")
        writer.write(head.encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await reader.readuntil(b"\r\n\r\n"))[9:12] == b"100"
            writer.write(b"x")
            assert (await reader.readuntil(b"\r\n\r\n"))[9:12] == b"200"
            assert b"two" in await reader.readuntil(b"0\r\n\r\n")
        writer.close()


async def test_client_of_an_older_http_gets_a_stream_without_chunks():
    async with served(one_by_one) as client:
        reader, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()

    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert body == b"onetwo"


@pytest.mark.parametrize(
    ("method", "path", "wanted"), [("HEAD", "/", b"200"), ("GET", "/empty", b"204")]
)
async def test_answer_without_a_body_has_none_in_an_older_http_either(method, path, wanted):
    async with served(one_by_one) as client:
        reader, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        writer.write(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()

    assert (head[9:12], body) == (wanted, b"")
