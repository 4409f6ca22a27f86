"""The record: read from anywhere, filtered by type, waited for, and never changed."""

import asyncio

import psycopg
import pytest

from unit.arkalia_globalstate.parts import DECIDED
from unit.arkalia_globalstate.test_pulling import recorded


@pytest.fixture
async def client(keeper, zeroia):
    keeper.follow(zeroia)
    async with zeroia.serving(), keeper.serving() as opened:
        await zeroia.tell(1, 2, 3)
        await recorded(opened, 3)
        yield opened


async def test_reader_gets_what_comes_after_what_it_knows(client):
    events = await client.recorded(after=1, limit=1)

    assert [int(each["recordsequence"]) for each in events] == [2]


async def test_reader_gets_the_types_that_it_asks_for(client):
    assert len(await client.recorded(types=f"{DECIDED},io.arkalia.login.refused")) == 3
    assert await client.recorded(types="io.arkalia.login.refused") == []


async def test_reader_is_answered_as_soon_as_there_is_something(client, zeroia):
    loop = asyncio.get_running_loop()
    asking = asyncio.create_task(client.recorded(after=3, wait=20))
    await asyncio.sleep(0.3)
    start = loop.time()
    await zeroia.tell(4)

    assert len(await asking) == 1
    assert loop.time() - start < 5


async def test_reader_is_answered_when_its_time_is_over(client):
    assert await client.recorded(after=3, wait=0.2) == []


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "wait=31"])
async def test_question_out_of_bounds_is_refused(client, query):
    status, _, _ = await client.ask("GET", f"/events?{query}")

    assert status == 422


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "change", ["UPDATE record SET stream = 'x'", "DELETE FROM record", "TRUNCATE record"]
)
async def test_nobody_changes_what_is_recorded(keeper, change):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only added to"):
        keeper.schema.rows(change)
