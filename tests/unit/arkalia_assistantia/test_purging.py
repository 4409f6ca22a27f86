"""Retention, in a real PostgreSQL."""

import asyncio

from arkalia_assistantia import purging
from arkalia_assistantia.conversations.store import AT_ONCE, ConversationKey
from arkalia_assistantia.purging import Purging
from unit.arkalia_assistantia.conversations.conftest import a_turn, lead


def age(schema, days, which="true"):
    """Let nothing have been said for *days* in the conversations *which*."""
    schema.rows(
        f"UPDATE conversations SET updated_at = now() - interval '{days} days' WHERE {which} "
        "RETURNING 1"
    )


def left(schema):
    return [each for (each,) in schema.rows("SELECT id FROM conversations ORDER BY id")]


async def test_only_conversations_are_deleted_in_which_nothing_was_said_for_long(store, schema):
    await lead(store, "ada", 3)
    await lead(store, "bob", 1, "b")
    age(schema, 8, "id <> 'c-001'")
    age(schema, 6, "id = 'c-001'")

    assert await Purging(store, 7).purge() == 3
    assert left(schema) == ["c-001"]
    assert schema.rows("SELECT DISTINCT conversation FROM messages") == [("c-001",)]


async def test_conversation_that_goes_on_stays(store, schema):
    await lead(store, "ada", 1)
    age(schema, 8)
    await store.keep(ConversationKey("ada", "c-000"), a_turn("Still here"))

    assert await Purging(store, 7).purge() == 0
    assert left(schema) == ["c-000"]


async def test_run_is_bounded_and_the_next_one_goes_on(store, schema, monkeypatch):
    monkeypatch.setattr(purging, "MOST_BATCHES", 1)
    await lead(store, "ada", AT_ONCE + 1)
    age(schema, 8)

    assert await Purging(store, 7).purge() == AT_ONCE
    assert await Purging(store, 7).purge() == 1


async def test_two_pods_delete_each_conversation_once(store, schema):
    await lead(store, "ada", 20)
    age(schema, 8)

    purged = await asyncio.gather(*(Purging(store, 7).purge() for _ in range(4)))

    assert sum(purged) == 20


async def test_deletion_goes_on_once_the_database_is_back(store, schema):
    await lead(store, "ada", 1)
    age(schema, 8)
    schema.server.door.close()
    try:
        async with Purging(store, 7, every_seconds=0.05).open():
            await asyncio.sleep(0.2)
            schema.server.door.open()
            async with asyncio.timeout(30):
                while left(schema):  # noqa: ASYNC110 - a table has no event to wait for
                    await asyncio.sleep(0.05)
    finally:
        if not schema.server.door.is_open:
            schema.server.door.open()
