"""Heads of requests are only so long and take only so long, and bodies are none of that."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest

from arkalia_runtime.bounded import MOST_BYTES, MOST_QUEUED, BoundedProtocol
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

HEAD = b"GET / HTTP/1.1\r\nhost: a\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\n"
END = b"\r\n\r\n"
LONG = b"a" * (MOST_BYTES + 1)
FIELD = b"x-a: " + b"a" * (MOST_BYTES - len(HEAD) - 9)


class Service:
    """Answers with the length of each body, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        self.asked.append(scope)
        if scope["path"] == "/slow":
            await asyncio.sleep(0.5)
        size, more = 0, scope["path"] != "/early"
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = f"<{size}>".encode()
        length = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def asking(*sent):
    """A service, and a reader and a writer of a client of it that has *sent* that."""
    service = Service()
    async with served(service) as client:
        reader, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        try:
            for each in sent:
                writer.write(each)
                await asyncio.sleep(0.02)
            yield service, reader, writer
        finally:
            writer.close()


async def status_in(reader):
    """Status, headers and body of the next answer, which says how long it is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = (await reader.readuntil(END)).lower()
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), head, await reader.readexactly(size)


async def ended(reader):
    """Wait for the end of the connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await reader.read()


@pytest.mark.parametrize(
    "sent",
    [
        [HEAD + b"x-a: " + LONG],
        [HEAD + b"x-a: " + LONG + END],
        [HEAD + b"x-a: b\r\n" * (MOST_BYTES // 8)],
        [HEAD, b"x-a: " + LONG[:60000], LONG[:60000]],
        [b"GET /" + LONG],
        [b"\r\n" * MOST_BYTES],
    ],
)
async def test_head_that_is_too_long_is_refused_with_a_problem(sent):
    async with asking(*sent) as (service, reader, _):
        status, head, body = await status_in(reader)

        assert status == 431
        assert b"connection: close" in head
        assert b"application/problem+json" in head
        assert json.loads(body)["title"] == "Request Header Fields Too Large"
        assert await ended(reader) == b""
        assert service.asked == []


async def test_head_may_be_just_so_long():
    async with asking(HEAD + FIELD + END) as (service, reader, writer):
        assert (await status_in(reader))[0] == 200
        assert len(HEAD + FIELD + END) == MOST_BYTES

        writer.write(HEAD + b"a" + FIELD + END)
        assert (await status_in(reader))[0] == 431
        assert len(service.asked) == 1


async def test_nothing_is_kept_of_what_goes_on_after_the_refusal(monkeypatch):
    fed = []
    received = BoundedProtocol.__mro__[1].data_received

    def seen(self, data):
        fed.append(len(data))
        received(self, data)

    monkeypatch.setattr(BoundedProtocol.__mro__[1], "data_received", seen)
    async with asking(HEAD + b"x-a: ", *[LONG] * 20) as (_, reader, _):
        assert (await status_in(reader))[0] == 431

    assert sum(fed) == MOST_BYTES


@pytest.mark.parametrize("piece", [1000, 100_000, 1_000_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_are_not_counted(piece, chunked):
    body = b"b" * 500_000
    if chunked:
        head = POST + b"transfer-encoding: chunked\r\n\r\n"
        parts = [body[at : at + 999] for at in range(0, len(body), 999)]
        sent = head + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n"
    else:
        sent = POST + b"content-length: 500000\r\n\r\n" + body
    both = sent + sent
    async with asking() as (_, reader, writer):
        for at in range(0, len(both), piece):
            writer.write(both[at : at + piece])
            await asyncio.sleep(0)

        assert (await status_in(reader))[2] == b"<500000>"
        assert (await status_in(reader))[2] == b"<500000>"


async def test_body_that_comes_after_its_answer_is_not_counted():
    head = b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n"
    async with asking(head) as (_, reader, writer):
        assert (await status_in(reader))[0] == 200
        writer.write(b"b" * 500_000 + HEAD + b"\r\n")

        assert (await status_in(reader))[0] == 200


@pytest.mark.parametrize("rest", [b"0\r\nx-a: " + LONG + LONG, b"1;" + LONG + LONG])
async def test_what_stands_around_chunks_is_bounded_too(rest):
    sent = POST + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n"
    async with asking(sent, rest) as (_, reader, _):
        assert (await status_in(reader))[0] == 431


async def test_what_follows_a_body_is_no_header_of_the_request():
    sent = POST + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\narkalia-user: root\r\n\r\n"
    async with asking(sent) as (service, reader, _):
        assert (await status_in(reader))[0] == 200

        assert [name for name, _ in service.asked[0]["headers"]] == [b"host", b"transfer-encoding"]


async def test_request_before_one_that_is_refused_has_its_whole_answer():
    slow = HEAD.replace(b"/ ", b"/slow ", 1) + b"\r\n"
    async with asking(slow + HEAD + b"x-a: " + LONG + LONG) as (service, reader, _):
        status, _, body = await status_in(reader)

        assert (status, body) == (200, b"<0>")
        assert await ended(reader) == b""
        assert len(service.asked) == 1


async def test_only_so_many_requests_wait_on_one_connection():
    slow = HEAD.replace(b"/ ", b"/slow ", 1) + b"\r\n"
    async with asking(slow + (HEAD + b"\r\n") * 1000) as (service, reader, _):
        answers = await ended(reader)

    assert answers.count(b"HTTP/1.1 200") == len(service.asked) == MOST_QUEUED + 1
    assert answers.endswith(b"<0>")


@pytest.mark.parametrize("sent", [[b"GE"], [HEAD], [HEAD + b"\r\n", HEAD], [b"\r\n"]])
async def test_head_that_does_not_end_in_time_ends_its_connection(monkeypatch, sent):
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.3)
    begun = time.monotonic()
    async with asking(*sent) as (_, reader, _):
        for _ in sent[1:]:
            assert (await status_in(reader))[0] == 200
        status, head, _ = await status_in(reader)

        assert status == 408
        assert b"connection: close" in head
        assert await ended(reader) == b""
    assert 0.29 < time.monotonic() - begun < 3


async def test_head_of_which_some_comes_again_and_again_has_no_longer(monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.3)
    async with asking(HEAD, *[b"x-a: b\r\n"] * 20) as (_, reader, _):
        assert (await status_in(reader))[0] == 408


@pytest.mark.parametrize("sent", [[], [HEAD + b"\r\n"]])
async def test_connection_that_asks_for_nothing_is_closed(monkeypatch, sent):
    made = BoundedProtocol.connection_made

    def hurried(self, transport):
        self.timeout_keep_alive = 0.3
        made(self, transport)

    monkeypatch.setattr(BoundedProtocol, "connection_made", hurried)
    async with asking(*sent) as (_, reader, _):
        for _ in sent:
            assert (await status_in(reader))[0] == 200

        assert await ended(reader) == b""


async def test_request_and_answer_may_take_longer_than_a_head(monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.1)
    async with asking(POST + b"content-length: 2\r\n\r\na") as (_, reader, writer):
        await asyncio.sleep(0.5)
        writer.write(b"b")

        assert (await status_in(reader))[2] == b"<2>"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.0\r\nhost: a\r\nHost: b\r\n\r\n",
    ],
)
async def test_request_names_its_host_once(head):
    async with asking(head) as (service, reader, _):
        status, _, body = await status_in(reader)

        assert (status, service.asked) == (400, [])
        assert json.loads(body)["detail"] == "A request names its host once."


async def test_what_is_no_http_is_refused_with_a_problem():
    async with asking(b"hello\r\n\r\n") as (_, reader, _):
        status, head, body = await status_in(reader)

        assert status == 400
        assert b"application/problem+json" in head
        assert json.loads(body)["detail"] == "Invalid HTTP request received."
