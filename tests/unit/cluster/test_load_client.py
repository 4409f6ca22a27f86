"""The load client against servers that behave well and badly: it must miss no lost request."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest

from cluster.load_client import Client, Tally, Wanted, run

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
CUT_OFF = b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nok"


@asynccontextmanager
async def serving(*answers, port=0):
    """A server that gives each connection these *answers* and then closes it."""

    connections = []

    async def serve(reader, writer):
        connections.append(asyncio.current_task())
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
        except (EOFError, OSError):
            pass
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*connections), 5)


async def tally_of(*answers, lasting=True, seconds=0.3):
    async with serving(*answers) as port:
        wanted = Wanted("127.0.0.1", port, "/", seconds, lasting=1, fleeting=0, rate=50)
        tally = Tally()
        await Client(wanted, tally, lasting).run(asyncio.get_running_loop().time() + seconds)
    return tally


async def test_client_that_lasts_keeps_its_connection():
    tally = await tally_of(*[GOOD] * 100)

    assert tally.answered > 3
    assert (tally.connections, tally.failed) == (1, 0)


async def test_fleeting_client_opens_a_connection_for_each_request():
    tally = await tally_of(*[GOOD] * 100, lasting=False)

    assert tally.connections == tally.answered > 3


async def test_client_moves_on_without_a_loss_when_the_server_wants_the_connection_closed():
    tally = await tally_of(GOOD, LAST)

    assert tally.connections > 1
    assert tally.failed == 0


@pytest.mark.parametrize("answers", [(BROKEN,), (CUT_OFF,), (GOOD,)], ids=["503", "cut", "closed"])
async def test_request_counts_as_lost_when_it_is_not_answered_in_full_with_200(answers):
    tally = await tally_of(*answers)

    assert tally.failed > 0
    assert tally.errors


async def test_request_counts_as_lost_when_nobody_listens():
    async with serving() as port:
        pass
    tally = Tally()
    wanted = Wanted("127.0.0.1", port, "/", 0.1, lasting=1, fleeting=0, rate=50)

    await Client(wanted, tally, lasting=True).run(asyncio.get_running_loop().time() + 0.1)

    assert tally.answered == 0
    assert tally.failed > 0


async def test_requests_before_the_first_answer_are_not_counted(capsys):
    async with serving(*[GOOD] * 100) as port:
        pass
    wanted = Wanted("127.0.0.1", port, "/", 0.3, lasting=1, fleeting=1, rate=50)
    asking = asyncio.create_task(run(wanted))
    await asyncio.sleep(0.3)

    async with serving(*[GOOD] * 100, port=port):
        await asking

    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["answered"] > 3
    assert last["failed"] == 0
