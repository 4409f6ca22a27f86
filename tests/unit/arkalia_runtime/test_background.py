"""Background work: it runs during its block, and not one moment longer."""

import asyncio

import pytest

from arkalia_runtime import background


async def test_work_runs_during_the_block_only():
    turns = []

    async def work():
        while True:
            turns.append(1)
            await asyncio.sleep(0.01)

    async with background.running(work(), work()):
        await asyncio.sleep(0.05)
    ended = len(turns)
    await asyncio.sleep(0.05)

    assert len(turns) == ended >= 4


async def test_work_that_loses_a_cancellation_ends_all_the_same():
    lost = []

    async def stubborn():
        while len(lost) < 2:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                lost.append(1)

    async with asyncio.timeout(5), background.running(stubborn()):
        await asyncio.sleep(0.01)

    assert len(lost) == 2


async def test_work_that_fails_is_logged_at_once_and_the_block_goes_on(caplog):
    async def fail():
        raise ZeroDivisionError

    async with background.running(fail()):
        await asyncio.sleep(0.01)

        assert "fail has failed" in caplog.text
    assert caplog.text.count("has failed") == 1


async def test_failure_of_the_block_ends_the_work_too():
    ended = asyncio.Event()

    async def work():
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    async def block():
        async with background.running(work()):
            await asyncio.sleep(0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await block()

    assert ended.is_set()
