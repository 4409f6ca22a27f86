"""Clients that send half of a request, or take half of an answer, cost nobody else anything."""

import asyncio
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest

from unit.arkalia_helloria.conftest import a_module, body_of, port_of, reply
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

X = "/api/v1/taskia/x"
MANY = b"x" * 65536


@asynccontextmanager
async def half_a_request(client, sent=b"", said=""):
    """Reader and writer of a client that owes most of its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(client))
    head = f"POST {X} HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n{said}\r\n"
    writer.write(head.encode() + sent)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status_in(reader):
    """Status and headers of what was answered."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split()[1]), head.lower()


async def test_connection_on_which_half_a_request_is_owed_is_not_used_again(gateway):
    answered = asyncio.Event()

    async def early(scope, receive, send):
        if b"100000" in dict(scope["headers"]).values():
            await reply(send, b"no", 404)
            answered.set()
        else:
            await reply(send, await body_of(receive))

    async with a_module(early) as (module, port), gateway({"taskia": port}) as client:
        async with half_a_request(client, b"four") as (reader, writer):
            await asyncio.wait_for(answered.wait(), PATIENCE_SECONDS)
            writer.write(b"more")
            assert (await status_in(reader))[0] == 404

            async with asyncio.timeout(PATIENCE_SECONDS):
                next_one = await client.post(X, data=b"mine")

        assert (next_one.status, await next_one.read()) == (200, b"mine")
        assert len({each["client"] for each in module.asked}) == 2


async def test_client_that_sends_no_more_gets_the_answer_that_is_there(gateway):
    async def early(_scope, _receive, send):
        await reply(send, b"no", 404)

    async with (
        a_module(early) as (_, port),
        gateway({"taskia": port}, answer_seconds=0.2) as client,
        half_a_request(client, b"four") as (reader, _),
    ):
        assert (await status_in(reader))[0] == 404


async def test_client_that_sends_no_body_does_not_keep_its_place(gateway):
    usual = {"answer_seconds": 0.2, "max_requests": 1}
    async with a_module() as (module, port), gateway({"taskia": port}, **usual) as client:
        async with half_a_request(client) as (reader, _):
            status, head = await status_in(reader)

        assert status == 408
        assert b"application/problem+json" in head
        assert b"connection: close" in head
        assert module.asked == []
        assert (await client.get(X)).status == 200


async def test_client_that_stops_in_the_middle_of_its_body_is_told_so(gateway):
    async with (
        a_module() as (_, port),
        gateway({"taskia": port}, answer_seconds=0.2) as client,
        half_a_request(client, b"four") as (reader, _),
    ):
        assert (await status_in(reader))[0] == 408


@pytest.mark.parametrize("sent", [b"", b"four"])
async def test_client_whose_own_deadline_ends_first_is_told_that(gateway, sent):
    async with (
        a_module() as (_, port),
        gateway({"taskia": port}) as client,
        half_a_request(client, sent, "x-request-timeout: 0.20001\r\n") as (reader, _),
    ):
        status, head = await status_in(reader)

        assert status == 504
        assert b"connection: close" in head


async def test_beginning_and_rest_of_a_body_have_one_time_together(gateway):
    async with (
        a_module() as (_, port),
        gateway({"taskia": port}, answer_seconds=1) as client,
        half_a_request(client) as (reader, writer),
    ):
        begun = time.monotonic()
        await asyncio.sleep(0.9)
        writer.write(b"four")

        assert (await status_in(reader))[0] == 408
        assert time.monotonic() - begun < 1.7


async def test_stream_that_nobody_takes_is_left(gateway, caplog):
    gone = asyncio.Event()

    async def endless(scope, receive, send):
        if scope["path"] != "/x":
            await reply(send, b"{}")
            return

        async def leaves():
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        leaving = asyncio.create_task(leaves())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.is_set():
            await send({"type": "http.response.body", "body": MANY, "more_body": True})
        await leaving

    async with (
        a_module(endless) as (_, port),
        gateway({"taskia": port}, silence_seconds=0.3) as client,
    ):
        place = ("127.0.0.1", port_of(client))
        _, writer = await asyncio.open_connection(*place, limit=1)
        writer.write(f"GET {X} HTTP/1.1\r\nhost: a\r\n\r\n".encode())

        await asyncio.wait_for(gone.wait(), PATIENCE_SECONDS)
        writer.transport.abort()
    assert "Exception in ASGI application" not in caplog.text


async def test_answer_may_pause_longer_than_it_took_to_begin(gateway):
    async def halting(_scope, _receive, send):
        await asyncio.sleep(0.1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await asyncio.sleep(0.6)
        await send({"type": "http.response.body", "body": b"two"})

    times = {"answer_seconds": 0.4, "silence_seconds": 5}
    async with a_module(halting) as (_, port), gateway({"taskia": port}, **times) as client:
        for _ in range(2):  # the second meets the timer of the first
            async with client.get(X) as answer:
                assert await answer.read() == b"one two"


async def test_pod_that_is_silent_after_a_beginning_is_left_in_time(gateway):
    async def silent(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    times = {"answer_seconds": 30, "silence_seconds": 0.3}
    async with a_module(silent) as (_, port), gateway({"taskia": port}, **times) as client:
        begun = time.monotonic()
        with pytest.raises(aiohttp.ClientPayloadError):
            await (await client.get(X)).read()

        assert 0.2 < time.monotonic() - begun < 3
