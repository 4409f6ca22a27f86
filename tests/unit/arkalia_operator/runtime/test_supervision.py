import asyncio

import pytest

from arkalia_operator.runtime.supervision import both, supervise


async def forever():
    await asyncio.Event().wait()


async def other(ended):
    """Never ends by itself, and tells its end to *ended*."""
    try:
        await forever()
    finally:
        ended.append(True)


async def failing():
    await asyncio.sleep(0)
    message = "broken"
    raise ValueError(message)


async def test_supervision_ends_well_when_it_is_asked_to():
    stop = asyncio.Event()
    stop.set()

    assert await supervise({"a": forever()}, stop)


async def test_a_task_that_fails_ends_all_with_a_clear_line(caplog):
    ended = []

    assert not await supervise({"other": other(ended), "failing": failing()}, asyncio.Event())

    assert ended == [True]
    assert "The task 'failing' ended unexpectedly" in caplog.text
    assert "broken" in caplog.text


async def test_a_task_that_returns_ends_all_too(caplog):
    async def returning():
        return None

    assert not await supervise({"returning": returning(), "a": forever()}, asyncio.Event())

    assert "without an error" in caplog.text


async def test_a_task_that_does_not_end_is_named(caplog, monkeypatch):
    monkeypatch.setattr("arkalia_operator.runtime.supervision.FAREWELL_SECONDS", 0.01)
    release = asyncio.Event()

    async def stubborn():
        try:
            await forever()
        except asyncio.CancelledError:
            await release.wait()

    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    await supervise({"stubborn": stubborn()}, stop)
    release.set()
    await asyncio.sleep(0)

    assert "'stubborn' does not end" in caplog.text


async def test_both_give_what_they_give():
    async def given(value):
        await asyncio.sleep(0)
        return value

    assert await both(given(1), given("a")) == (1, "a")


@pytest.mark.parametrize("failing_first", [True, False])
async def test_what_one_of_both_raises_is_raised_as_it_is_after_the_other_s_end(failing_first):
    ended = []
    pair = (failing(), other(ended)) if failing_first else (other(ended), failing())
    with pytest.raises(ValueError, match="broken"):
        await both(*pair)

    assert ended == [True]
