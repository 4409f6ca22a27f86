"""The load client against servers that behave well and badly: it must miss no lost request."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest

from cluster.load_client import Client, Tally, Wanted, run

LONGEST = 10
"""Seconds until a test gives up."""
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
CUT_OFF = b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nok"


@asynccontextmanager
async def serving(*answers, port=0):
    """A server that gives each connection these *answers* and then closes it."""

    connections = []

    def let_in(reader, writer):
        connections.append((asyncio.create_task(serve(reader, writer)), writer))

    async def serve(reader, writer):
        with suppress(EOFError, OSError):
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(let_in, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.sleep(0.01)  # who came last is let in only now
    for serving_one, writer in connections:
        serving_one.cancel()
        writer.close()  # also that of a task that had not begun
    tasks = (serving_one for serving_one, _ in connections)
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)


async def asked(port, enough, lasting=True):
    """The tally of a client, as soon as it is *enough*; how fast that is, is the machine's affair."""
    tally = Tally()
    wanted = Wanted("127.0.0.1", port, "/", LONGEST, lasting=1, fleeting=0, rate=100)
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST
    asking = asyncio.create_task(Client(wanted, tally, lasting).run(until))
    while not enough(tally) and clock() < until:
        await asyncio.wait({asking}, timeout=0.01)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    return tally


async def tally_of(*answers, enough, lasting=True):
    async with serving(*answers) as port:
        return await asked(port, enough, lasting)


def answered_often(tally):
    return tally.answered >= 5


def failed_once(tally):
    return tally.failed > 0


async def test_client_that_lasts_keeps_its_connection():
    tally = await tally_of(*[GOOD] * 100, enough=answered_often)

    assert (tally.connections, tally.failed) == (1, 0)


async def test_fleeting_client_opens_a_connection_for_each_request():
    tally = await tally_of(*[GOOD] * 100, enough=answered_often, lasting=False)

    assert tally.connections - tally.answered in {0, 1}
    assert tally.failed == 0


async def test_client_moves_on_without_a_loss_when_the_server_wants_the_connection_closed():
    tally = await tally_of(GOOD, LAST, enough=answered_often)

    assert tally.connections > 1
    assert tally.failed == 0


@pytest.mark.parametrize("answers", [(BROKEN,), (CUT_OFF,), (GOOD,)], ids=["503", "cut", "closed"])
async def test_request_counts_as_lost_when_it_is_not_answered_in_full_with_200(answers):
    tally = await tally_of(*answers, enough=failed_once)

    assert tally.failed > 0
    assert tally.errors


async def test_request_counts_as_lost_when_nobody_listens():
    async with serving() as port:
        pass

    tally = await asked(port, failed_once)

    assert tally.answered == 0
    assert tally.failed > 0


async def test_requests_before_the_first_answer_are_not_counted(capsys):
    async with serving() as port:
        pass
    wanted = Wanted("127.0.0.1", port, "/", 1, lasting=1, fleeting=1, rate=50)
    asking = asyncio.create_task(run(wanted))
    await asyncio.sleep(0.3)

    async with serving(*[GOOD] * 100, port=port):
        await asking

    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["answered"] > 0
    assert last["failed"] == 0
