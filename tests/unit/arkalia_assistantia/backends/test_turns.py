"""What is held of each model server: turns, pauses, and who answered whom."""

import asyncio

import pytest

from arkalia_assistantia.backends import turns
from arkalia_assistantia.backends.errors import BusyError
from arkalia_assistantia.backends.turns import Cooling, Remembered, Turns


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


async def test_no_more_answers_at_once_than_there_are_turns():
    held = Turns(at_once=1, most_waiting=1)
    release = await held.take(1)

    with pytest.raises(BusyError, match="no turn free"):
        await held.take(0.01)
    release()

    async with held.turn(1):
        assert (held.answering, held.waiting) == (1, 0)
    assert held.answering == 0


async def test_request_beyond_the_queue_is_refused_at_once():
    held = Turns(at_once=1, most_waiting=1)
    release = await held.take(1)
    waiting = asyncio.create_task(held.take(60))
    await asyncio.sleep(0)

    with pytest.raises(BusyError, match="1 requests waiting"):
        await held.take(60)

    release()
    (await waiting)()


async def test_who_stops_waiting_leaves_the_queue():
    held = Turns(at_once=1, most_waiting=5)
    await held.take(1)
    waiting = asyncio.create_task(held.take(60))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting])

    assert held.waiting == 0


def test_server_that_fails_again_is_left_alone_for_longer_up_to_a_limit():
    clock = Clock()
    cooling = Cooling(clock)

    pauses = []
    for _ in range(20):
        cooling.failed()
        pauses.append(cooling.left)

    assert pauses[:3] == [1, 2, 4]
    assert pauses[-1] == turns.LONGEST_PAUSE_SECONDS
    clock.now = turns.LONGEST_PAUSE_SECONDS
    assert not cooling.is_on


def test_server_that_fails_for_one_user_alone_is_not_left_alone():
    cooling = Cooling(Clock())

    for _ in range(5):
        cooling.failed_for("ada")

    assert not cooling.is_on
    cooling.failed_for("bob")
    assert cooling.is_on


def test_failures_for_two_users_count_while_nobody_is_answered_between_them():
    cooling = Cooling(Clock())

    cooling.failed_for("ada")
    cooling.answered()
    cooling.failed_for("bob")

    assert not cooling.is_on


def test_server_that_answers_is_asked_again_at_once():
    cooling = Cooling(Clock())
    cooling.failed()
    assert cooling.is_on

    cooling.answered()

    assert not cooling.is_on


def test_server_of_a_conversation_is_forgotten_after_a_while():
    clock = Clock()
    remembered = Remembered(clock)
    remembered.note("c-1", "one")

    assert remembered.server("c-1") == "one"
    assert remembered.server("c-2") is None
    clock.now = turns.REMEMBERED_SECONDS
    assert remembered.server("c-1") is None


def test_number_of_remembered_conversations_is_bounded(monkeypatch):
    monkeypatch.setattr(turns, "MOST_CONVERSATIONS", 2)
    remembered = Remembered(Clock())

    for name in ("a", "b", "a", "c"):
        remembered.note(name, "one")

    assert [remembered.server(name) for name in "abc"] == ["one", None, "one"]
