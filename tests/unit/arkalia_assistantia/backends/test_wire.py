"""The lines of an answer, however they come, and how long they may."""

import asyncio
from types import SimpleNamespace

import aiohttp
import pytest

from arkalia_assistantia.backends import wire
from arkalia_assistantia.backends.errors import BrokenError


def coming(*parts, error=None):
    """An answer whose content comes in these parts, and then breaks off or ends."""

    async def iter_chunked(_most):
        for part in parts:
            yield part
        if error is not None:
            raise error

    return SimpleNamespace(content=SimpleNamespace(iter_chunked=iter_chunked))


async def lines_of(answer):
    return [line async for line in wire.lines(answer)]


@pytest.mark.parametrize(
    "parts",
    [
        [b"data: 1\n\ndata: 2\n\n"],
        [b"data: 1\n", b"\n", b"data: 2", b"\n\n"],
        [b"da", b"ta: ", b"1\r\n\r", b"\ndata: 2"],
    ],
    ids=["at once", "in lines", "in pieces, and without an end"],
)
async def test_lines_are_the_same_in_whatever_parts_they_come(parts):
    assert await lines_of(coming(*parts)) == [b"data: 1", b"data: 2"]


async def test_lines_before_a_break_are_told():
    answer, told = coming(b"one\ntw", error=aiohttp.ClientPayloadError("cut")), []

    async def read():
        async for line in wire.lines(answer):
            told.append(line)  # noqa: PERF401 - what came before the break counts

    with pytest.raises(BrokenError, match="broke the connection off"):
        await read()

    assert told == [b"one"]


@pytest.mark.parametrize(
    "parts", [[b"1234", b"5678", b"9"], [b"123456789\n"]], ids=["without an end", "at once"]
)
async def test_line_has_a_bound(monkeypatch, parts):
    monkeypatch.setattr(wire, "LONGEST_LINE", 8)

    with pytest.raises(BrokenError, match="more than 8 bytes"):
        await lines_of(coming(*parts))


async def test_others_go_on_while_a_server_says_nothing_but_empty_lines():
    turns = []

    async def others():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    assert await lines_of(coming(*[b"\n" * wire.BREATH] * 20)) == []
    beside.cancel()

    assert len(turns) >= 10


async def test_many_lines_have_none_together(monkeypatch):
    monkeypatch.setattr(wire, "LONGEST_LINE", 8)

    assert await lines_of(coming(b"12345678\n" * 3)) == [b"12345678"] * 3
