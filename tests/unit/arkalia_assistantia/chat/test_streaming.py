"""Answers as they are said: pauses, and clients that do not read."""

import asyncio
from types import SimpleNamespace

import pytest

from arkalia_assistantia.backends.errors import BrokenError
from arkalia_assistantia.chat import streaming
from arkalia_assistantia.chat.flow import Assistant, Session
from arkalia_assistantia.chat.streaming import COMMENT, EVENTS, Streamed, with_signs_of_life
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

SIGN = b":\n\n"


async def never(*_):
    await asyncio.Event().wait()


async def test_pause_is_filled_with_signs_of_life(monkeypatch):
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.02)
    may_go_on = asyncio.Event()

    async def parts():
        yield b"one"
        await may_go_on.wait()
        yield b"two"

    said = []
    async for each in with_signs_of_life(parts(), SIGN):
        said.append(each)
        if said.count(SIGN) == 3:
            may_go_on.set()

    assert (said[0], set(said[1:-1]), said[-1]) == (b"one", {SIGN}, b"two")


async def test_what_fails_in_a_pause_is_raised(monkeypatch):
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.02)

    async def parts():
        await asyncio.sleep(0.05)
        yield b"one"
        message = "broken"
        raise ValueError(message)

    said = with_signs_of_life(parts(), SIGN)
    while await anext(said) != b"one":
        pass
    with pytest.raises(ValueError, match="broken"):
        await anext(said)


async def test_who_stops_reading_in_a_pause_stops_what_is_said():
    stopped = asyncio.Event()

    async def parts():
        try:
            await never()
            yield b""
        finally:
            stopped.set()

    said = with_signs_of_life(parts(), SIGN)
    reading = asyncio.ensure_future(anext(said))
    await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    await asyncio.wait_for(stopped.wait(), 5)


@pytest.mark.parametrize("version", ["2.3", "2.4"])
async def test_client_that_does_not_read_loses_its_answer(monkeypatch, version):
    monkeypatch.setattr(streaming, "UNREAD_SECONDS", 0.05)
    closed = asyncio.Event()

    async def parts():
        while True:
            yield b"word"

    answer = Streamed(parts(), EVENTS, closed.set)
    scope = {"type": "http", "asgi": {"spec_version": version}}
    await asyncio.wait_for(answer(scope, never, never), 5)

    assert closed.is_set()


class Model:
    """A model that says half of an answer, and breaks off when it is stopped."""

    choice = SimpleNamespace(model="m", backend=SimpleNamespace(name="main"))
    waited_seconds = first_seconds = 0

    def __init__(self):
        self._stopped = asyncio.Event()

    async def chunks(self):
        yield {"choices": [{"index": 0, "delta": {"content": "half"}}]}
        await self._stopped.wait()
        message = "broke the connection off"
        raise BrokenError(message)

    def close(self, _by="client"):
        self._stopped.set()


class Ended:
    """Who tells and keeps that an answer has ended; how often, and why."""

    def __init__(self):
        self.reasons = []

    async def answered(self, _question, data):
        self.reasons.append(data["finish_reason"])
        return True

    async def keep(self, _question, said):
        self.reasons.append(said.finish_reason)


async def test_answer_whose_client_leaves_during_a_sign_of_life_ends_once(monkeypatch):
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.02)
    gone, ended = asyncio.Event(), Ended()
    steps = {"validating": SimpleNamespace(policy="Block"), "recorder": ended, "keeper": ended}
    question = SimpleNamespace(conversation="c", message="m")
    session = Session(Assistant(SimpleNamespace(**steps)), question, Model(), (None, True, 0.0))

    async def parts():
        async for _ in session.chunks():
            yield b"never: nothing is told before it was validated"

    async def send(message):
        if message["type"] == "http.response.body":
            gone.set()
            await asyncio.sleep(PATIENCE_SECONDS)

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await Streamed(parts(), EVENTS, session.close, COMMENT)(scope, receive, send)
    await asyncio.sleep(0.1)

    assert ended.reasons == ["cancelled", "cancelled"]
