"""One exchange after the other with a pod, on one connection."""

import asyncio

import pytest

from arkalia_helloria.upstream.connection import Connection
from arkalia_helloria.upstream.errors import BrokenError, SilentError
from unit.arkalia_helloria.conftest import a_module

ASKED = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.fixture
async def connection():
    async with a_module() as (_, port):
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(lambda: Connection(32768, None), "127.0.0.1", port)
        yield made
        made.close()


async def test_answer_that_comes_as_its_time_ends_is_whole(connection):
    connection.ask(ASKED, bodiless=False)
    waiting = asyncio.create_task(connection.head(0.001))
    await asyncio.sleep(0)
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n")
    connection._look()  # in the turn in which the waiter was woken
    assert (await waiting).status == 200

    connection.data_received(b"one")
    await connection.arrival(1)
    assert (connection.taken(), connection.ended) == (b"one", True)


async def test_pod_that_says_nothing_is_silent(connection):
    with pytest.raises(SilentError):
        await connection.head(0.05)


@pytest.mark.parametrize(
    ("came", "sentence"),
    [
        (b"", "broke the connection off"),
        (b"hello\r\n\r\n", "answers what is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 32768, "answers with headers that are too long"),
    ],
)
async def test_what_went_wrong_makes_a_sentence_after_the_name_of_the_module(
    connection, came, sentence
):
    connection.ask(ASKED, bodiless=False)
    if came:
        connection.data_received(came)
    else:
        connection.connection_lost(None)

    with pytest.raises(BrokenError, match=f"^{sentence}"):
        await connection.head(1)
