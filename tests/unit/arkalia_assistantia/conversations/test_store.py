"""What is kept of conversations, in a real PostgreSQL."""

import asyncio
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_assistantia.conversations.store import (
    AT_ONCE,
    LONGEST_TITLE,
    ConversationKey,
    FullError,
    Mark,
    mark_in,
    storable,
    text_of,
    title_of,
)
from arkalia_runtime.database import DatabaseError
from data_services import migrate
from unit.arkalia_assistantia.conversations.conftest import a_message, a_turn, lead

ADA, BOB = ConversationKey("ada", "c"), ConversationKey("bob", "c")


def texts(conversation):
    return [each.text for each in conversation.said]


async def test_messages_come_back_in_their_order(store):
    await store.keep(ADA, a_turn("One", "1"))
    await store.keep(ADA, a_turn("Two", "2"))

    found = await store.read(ADA)

    assert texts(found) == ["One", "1", "Two", "2"]
    assert (found.title, found.messages, found.characters) == ("One", 4, 8)
    assert found.updated_at > found.created_at


async def test_message_comes_back_as_it_was_kept(store):
    answer = a_message(
        "Yes.", "assistant", model="m", backend="main", finish_reason="stop", score=0.75,
        verdict="passed", prompt_tokens=3, completion_tokens=2,
    )  # fmt: skip

    await store.keep(ADA, [answer])

    assert (await store.read(ADA)).said == [answer]


async def test_messages_that_come_at_once_are_kept_one_after_the_other(store):
    turns = [a_turn(str(number), str(number)) for number in range(8)]

    await asyncio.gather(*(store.keep(ADA, turn) for turn in turns))

    said = texts(await store.read(ADA))
    assert sorted(said[::2]) == sorted(str(number) for number in range(8))
    assert said[::2] == said[1::2]


async def test_conversation_takes_no_more_than_it_has_room_for(standing):
    async with standing(most_characters=1000) as store:
        await store.keep(ADA, a_turn("a" * 900))
        with pytest.raises(FullError, match="1000 characters"):
            await store.keep(ADA, a_turn("b" * 97))

        assert (await store.read(ADA)).messages == 2


async def test_conversation_that_is_full_from_its_beginning_is_not_begun(standing):
    async with standing(most_characters=1000, most_messages=2) as store:
        with pytest.raises(FullError, match="begin another"):
            await store.keep(ADA, a_turn("a" * 1000))
        with pytest.raises(FullError, match="begin another"):
            await store.keep(ADA, [*a_turn("One"), a_message("Two")])

        assert await store.read(ADA) is None


async def test_messages_that_come_at_once_do_not_go_beyond_the_room(standing, schema):
    async with standing(most_messages=6) as store:
        turns = (store.keep(ADA, a_turn(str(number))) for number in range(8))
        outcomes = await asyncio.gather(*turns, return_exceptions=True)

        assert [isinstance(each, FullError) for each in outcomes].count(True) == 5
        assert (await store.read(ADA)).messages == 6
    assert schema.rows("SELECT position FROM messages ORDER BY 1") == [(n,) for n in range(6)]


async def test_user_has_no_more_conversations_than_there_is_room_for(standing):
    async with standing(most_conversations=2) as store:
        await lead(store, "ada", 2)
        with pytest.raises(FullError, match="2 conversations"):
            await store.keep(ConversationKey("ada", "third"), a_turn("No"))
        await store.keep(ConversationKey("ada", "c-001"), a_turn("Goes on"))
        await store.keep(ConversationKey("bob", "first"), a_turn("Somebody else"))

        assert len(await store.listed("ada", None, 10)) == 2


async def test_model_is_shown_the_newest_from_a_question_on(standing):
    async with standing(remembered_messages=4, remembered_characters=10) as store:
        await store.keep(ADA, a_turn("old", "old"))
        await store.keep(ADA, [a_message("of a tool", "tool"), *a_turn("four", "")])
        await store.keep(ADA, a_turn("six", "six"))

        assert await store.last(ADA) == [("user", "four"), ("user", "six"), ("assistant", "six")]


async def test_answer_without_its_question_is_not_shown(standing):
    async with standing(remembered_messages=3) as store:
        await store.keep(ADA, a_turn("1", "2"))
        await store.keep(ADA, a_turn("3", "4"))

        assert await store.last(ADA) == [("user", "3"), ("assistant", "4")]


async def test_pages_tell_every_conversation_once_the_newest_first(store):
    await lead(store, "ada", 7)
    await lead(store, "bob", 1)

    pages, mark = [], None
    while page := await store.listed("ada", mark, 3):
        pages.append([each.id for each in page])
        mark = Mark.of(page[-1])

    assert [len(each) for each in pages] == [3, 3, 1]
    assert [one for each in pages for one in each] == [f"c-{each:03}" for each in range(7)][::-1]


async def test_every_conversation_is_told_beyond_a_page(store):
    await lead(store, "ada", AT_ONCE + 2)

    first = await store.listed("ada", None, AT_ONCE)
    told = [each.id async for each in store.every("ada", first)]

    assert sorted(told) == [f"c-{each:03}" for each in range(AT_ONCE + 2)]


async def test_deleted_conversation_is_gone_with_its_messages(store, schema):
    await store.keep(ADA, a_turn("Hello"))
    await store.keep(BOB, a_turn("Hello"))

    assert await store.delete(ADA) is True
    assert await store.delete(ADA) is False
    assert await store.read(ADA) is None
    assert schema.rows("SELECT DISTINCT owner FROM messages") == [("bob",)]


async def test_all_conversations_of_one_user_are_deleted_and_no_others(store):
    await lead(store, "ada", AT_ONCE + 3)
    await lead(store, "bob", 2)

    assert await store.delete_all("ada") == AT_ONCE + 3
    assert await store.listed("ada", None, 10) == []
    assert len(await store.listed("bob", None, 10)) == 2


async def test_two_who_delete_the_same_do_not_wait_for_each_other_for_ever(store):
    await lead(store, "ada", 30)

    deleted = await asyncio.gather(*(store.delete_all("ada") for _ in range(4)))

    assert sum(deleted) == 30


async def test_database_that_breaks_off_in_between_leaves_no_half_of_an_answer(store, schema):
    await store.keep(ADA, a_turn("First"))
    schema.server.admin(
        f"""
        SET search_path TO {schema.name};
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF NEW.role = 'assistant' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER die BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION die();
        """
    )

    with pytest.raises(DatabaseError):
        await store.keep(ADA, a_turn("Second"))
    schema.server.admin(f"DROP TRIGGER die ON {schema.name}.messages")

    found = await store.read(ADA)
    assert (texts(found), found.messages) == (["First", "Yes."], 2)


async def test_way_back_removes_the_tables(store, mounts, schema):
    await store.keep(ADA, a_turn("Hello"))

    migrate(mounts, schema, "back", module="assistantia", target_version="0.0.1")

    left = schema.rows(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema.name}'")
    assert {("messages",), ("conversations",)}.isdisjoint(left)


def test_title_is_the_beginning_of_the_first_question_on_one_line():
    messages = [a_message("Be kind.", "system"), a_message("  How\nare\tyou? " + "x" * 999)]

    assert title_of(messages).startswith("How are you? x")
    assert len(title_of(messages)) == LONGEST_TITLE
    assert title_of([]) == ""


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_stored(text):
    kept = storable(text)

    assert "\0" not in kept
    assert kept.encode() is not None  # it raises for halves of characters
    assert kept == text or "\0" in text or any("\ud800" <= each <= "\udfff" for each in text)


@given(st.datetimes(timezones=st.just(UTC)), st.from_regex(r"[a-z][a-z0-9.:_-]{0,20}"))
def test_mark_comes_back_from_its_text(at, last):
    assert mark_in(text_of(Mark(at, last))) == Mark(at, last)
