"""Clients are looked at while their answers go on, and given up when they take nothing."""

import asyncio
import time

import pytest

from arkalia_helloria.watch import WATCH_SECONDS, Watch, Watches

PATIENCE = 0.05


async def test_only_clients_whose_answer_takes_long_are_looked_at():
    looked, watches = [], Watches()

    def watch(name):
        async def receive():
            looked.append(name)
            await asyncio.Event().wait()

        made = Watch(receive, None, 60)
        watches.add(made)
        return made

    quick, usual, slow = watch("quick"), watch("usual"), watch("slow")
    watches.end(quick)
    watches.tick()
    watches.end(usual)
    await asyncio.sleep(WATCH_SECONDS * 5)
    late = watch("late")
    await asyncio.sleep(WATCH_SECONDS * 5)

    assert looked == ["slow", "late"]
    for each in (slow, late):
        watches.end(each)


class Stuck:
    """An answer that its client never takes, and what was found when it was cancelled."""

    def __init__(self):
        self.watch = self.was_given_up = None
        self.answering = asyncio.create_task(self.answer())

    async def answer(self):
        self.watch = Watch(forever, None, PATIENCE)
        self.watch.begin()
        try:
            await self.watch.send(forever, {})
        except asyncio.CancelledError:
            self.was_given_up = self.watch.take_back()
            raise
        finally:
            self.watch.stop()


async def forever(*_):
    await asyncio.Event().wait()


async def test_client_that_takes_nothing_is_given_up():
    stuck = Stuck()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(stuck.answering, 5)

    assert stuck.was_given_up
    assert stuck.answering.cancelling() == 0


async def test_who_cancels_an_answer_gives_up_no_client():
    stuck = Stuck()
    await asyncio.sleep(0)
    stuck.answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck.answering

    assert not stuck.was_given_up


async def test_cancellation_counts_where_the_client_was_given_up_in_the_same_moment():
    stuck = Stuck()
    await asyncio.sleep(0)
    time.sleep(PATIENCE * 2)  # noqa: ASYNC251 - so that both happen in one turn of the loop
    stuck.watch.look()
    stuck.answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck.answering

    assert not stuck.was_given_up
    assert stuck.answering.cancelling() == 1
