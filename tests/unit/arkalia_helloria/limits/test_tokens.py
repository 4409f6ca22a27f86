"""What an answer of a model has cost, and who has used up what they may."""

import asyncio
import json

import pytest

from arkalia_helloria.callers import Caller
from arkalia_helloria.limits.tokens import TAIL_BYTES, Meter
from unit.arkalia_helloria.conftest import a_module, reply
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

OPENAI = b'{"usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}}'
OLLAMA = b'{"done":true,"prompt_eval_count":7,"eval_duration":1,"eval_count":5}'
NATIVE = b'{"tokens": {"prompt": 7, "completion": 5}, "model": "m"}'


@pytest.mark.parametrize("answer", [OPENAI, OLLAMA, NATIVE])
def test_answer_tells_what_it_has_cost(answer):
    meter = Meter()
    meter.see(b"data: " + b"x" * TAIL_BYTES)
    for number in range(0, len(answer), 10):
        meter.see(answer[number : number + 10])

    assert meter.used(ended=True) == 12


def test_last_word_of_a_stream_counts():
    meter = Meter()
    meter.see(b'data: {"usage":{"total_tokens": 3}}\n\n')
    meter.see(b'data: {"usage":{"total_tokens": 9}}\n\ndata: [DONE]\n\n')

    assert meter.used(ended=True) == 9


def test_stream_that_was_left_costs_one_for_each_event():
    meter = Meter()
    for _ in range(8):
        meter.see(b'data: {"delta": "word"}\n\n')

    assert meter.used(ended=False) == 8


def test_answer_that_says_nothing_of_tokens_costs_none():
    meter = Meter()
    meter.see(b'{"tasks": []}')

    assert meter.used(ended=True) == 0


class Counted:
    """A door behind which everybody has so many tokens."""

    def __init__(self, **limits):
        self._caller = Caller("ada", frozenset(), frozenset(), "k-1", **limits)

    async def let_in(self, _headers, _client, _route):
        return self._caller


async def costing(scope, receive, send):
    await reply(send, json.dumps({"usage": {"total_tokens": 60}}).encode())


@pytest.mark.parametrize("name", ["tokens_per_minute", "tokens_per_day"])
async def test_who_has_used_their_tokens_waits(gateway, name):
    door = Counted(**{name: 100})
    async with a_module(costing) as (module, port), gateway({"taskia": port}, door=door) as client:
        answers = [await client.get("/api/v1/taskia/x") for _ in range(4)]

        assert [each.status for each in answers] == [200, 200, 429, 429]
        limit = name.replace("_per", "").replace("_", "-")
        assert f'"{limit}";r=100;t=0' in answers[0].headers["RateLimit"]
        assert (await answers[2].json())["limit"] == limit
        assert int(answers[2].headers["Retry-After"]) >= 10
        assert len(module.asked) == 2


async def test_stream_that_is_left_is_charged(gateway):
    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: x\n\n" * 50, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    door = Counted(tokens_per_day=20)
    async with a_module(endless) as (_, port), gateway({"taskia": port}, door=door) as client:
        response = await client.get("/api/v1/taskia/x")
        await response.content.readany()
        response.close()

        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await client.get("/api/v1/taskia/x")).status != 429:
                answer.close()
                await asyncio.sleep(0.05)
