"""What an answer of a model has cost, and who has used up what they may."""

import asyncio
import json

import pytest

from arkalia_helloria.callers import Caller
from arkalia_helloria.limits.tokens import LINES, MOST_TOKENS, TAIL_BYTES, Meter
from unit.arkalia_helloria.conftest import a_module, reply
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

LONG, SHORT = "word " * TAIL_BYTES, "word"
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
COUNTS = {"done": True, "prompt_eval_count": 7, "eval_duration": 1, "eval_count": 5}
TOKENS = {"tokens": {"prompt": 7, "completion": 5}}
WHOLE = {
    "openai": {"object": "chat.completion", "choices": [{"text": LONG}], "usage": USAGE},
    "ollama": {"model": "m", "response": LONG, **COUNTS},
    "native": {"model": "m", "answer": LONG, **TOKENS},
    "openai, short": {"usage": USAGE, "choices": [{"text": SHORT}]},
    "ollama, short": {"model": "m", **COUNTS, "response": SHORT},
    "native, short": {"model": "m", **TOKENS, "answer": SHORT},
}
FORGED = {"usage": {"total_tokens": 0}, "prompt_eval_count": 0, "eval_count": 0, 'x"tokens': 0}
FORGED |= {
    "total_tokens": 0,
    "tokens": {"prompt": 0, "completion": 0},
    'x"usage': {"total_tokens": 0},
}
CALL = {"function": {"name": "count", "arguments": FORGED}}
SAID = {"content": json.dumps(FORGED), "tool_calls": [CALL]}
ENDS = {
    "openai": {"usage": USAGE},
    "ollama": COUNTS,
    "native": TOKENS,
    "arkalia": {"arkalia": TOKENS},
}
BEFORE = {
    "short": {"message": SAID},
    "long": {"message": {"content": LONG, "tool_calls": [CALL]}},
    "many": {"message": {"tool_calls": [CALL] * 1000}},
    "deep": {"message": {"tool_calls": [CALL], "deep": json.loads("[" * 900 + "]" * 900)}},
}
DEEP = b'{"message":' + b"[" * 3000 + b"]" * 3000 + b',"usage":{"total_tokens":12}}'
STREAMS = (b"text/event-stream; charset=utf-8", LINES)


def of_kind(kind):
    meter = Meter()
    meter.begin([(b"content-type", kind)])
    return meter


@pytest.mark.parametrize("document", WHOLE.values(), ids=WHOLE)
def test_whole_answer_tells_what_it_has_cost(document):
    meter, answer = Meter(), json.dumps(document).encode()
    for start in range(0, len(answer), 1000):
        meter.see(answer[start : start + 1000])

    assert meter.used(ended=True) == 12


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_a_caller_lets_a_model_write_does_not_lower_what_it_has_cost(before, end):
    told = {"reasons": [{"message": json.dumps(FORGED)}]}
    document = json.dumps({**before, "arkalia": told, **end}).encode()
    meter, events, lines = Meter(), of_kind(STREAMS[0]), of_kind(LINES)
    meter.see(document)
    events.see(b"event: end\ndata: " + document + b"\n\ndata: [DONE]\n\n")
    lines.see(b'{"message": {}}\n' + document + b"\n")

    assert [each.used(ended=True) for each in (meter, events, lines)] == [12, 12, 12]


def test_answer_that_cannot_be_read_whole_tells_at_its_end_what_it_has_cost():
    meter = Meter()
    meter.see(DEEP)

    assert meter.used(ended=True) == 12


def test_call_before_the_end_of_a_stream_tells_nothing():
    meter = of_kind(LINES)
    for _ in range(8):
        meter.see(json.dumps({"message": SAID}).encode() + b"\n")

    assert meter.used(ended=True) == 8


def test_stream_whose_server_does_not_count_costs_one_for_each_part():
    meter = of_kind(LINES)
    meter.see(b'{"response": "word"}\n{"prompt_eval_count": 0, "eval_count": 0}\n')

    assert meter.used(ended=True) == 2


@pytest.mark.parametrize("last", [{"usage": USAGE}, COUNTS, TOKENS])
def test_stream_tells_at_its_end_what_it_has_cost(last):
    meter = of_kind(STREAMS[0])
    for _ in range(2000):
        meter.see(b'data: {"delta": "word"}\n\n')
    for letter in json.dumps(last):
        meter.see(letter.encode())

    assert meter.used(ended=True) == 12


def test_last_word_of_a_stream_counts():
    meter = of_kind(STREAMS[0])
    meter.see(b'data: {"usage":{"total_tokens": 3}}\n\n')
    meter.see(b'data: {"usage":{"total_tokens": 9}}\n\ndata: [DONE]\n\n')

    assert meter.used(ended=True) == 9


def test_stream_that_was_left_costs_one_for_each_event():
    meter = Meter()
    for _ in range(8):
        meter.see(b'data: {"delta": "word"}\n\n')

    assert meter.used(ended=False) == 8


def test_stream_of_lines_that_was_left_costs_one_for_each_line():
    meter = Meter()
    meter.begin([(b"content-type", b"application/x-ndjson; charset=utf-8")])
    for _ in range(8):
        meter.see(b'{"response": "word"}')
        meter.see(b"\n")

    assert meter.used(ended=False) == 8


@pytest.mark.parametrize("kind", [b"text/event-stream; charset=utf-8", LINES])
def test_stream_that_ends_without_a_word_of_its_cost_costs_one_for_each_part(kind):
    meter, end = Meter(), b"\n" if kind == LINES else b"\n\n"
    meter.begin([(b"content-type", kind)])
    for _ in range(8):
        meter.see(b'{"delta": "word"}' + end)

    assert meter.used(ended=True) == 8


def test_end_of_an_event_that_comes_in_two_pieces_counts_once():
    meter = Meter()
    for _ in range(8):
        meter.see(b"data: x\n")
        meter.see(b"\n")

    assert meter.used(ended=False) == 8


def test_absurd_number_is_no_more_than_an_answer_may_cost():
    meter = Meter()
    meter.see(b'{"prompt_eval_count": 999999999999, "eval_count": 99999999999999999999999}')

    assert meter.used(ended=True) == MOST_TOKENS


def test_answer_that_says_nothing_of_tokens_costs_none():
    meter = Meter()
    meter.see(b'{"tasks": []}')

    assert meter.used(ended=True) == 0


class Counted:
    """A door behind which everybody has so many tokens."""

    def __init__(self, **limits):
        self._caller = Caller("ada", frozenset(), frozenset(), "k-1", **limits)

    async def let_in(self, _headers, _client, _route, _method):
        return self._caller


async def costing(scope, receive, send):
    await reply(send, json.dumps({"usage": {"total_tokens": 60}}).encode())


OF_A_MODEL = {"taskia": [{"path": "/*", "scopes": ["chat"]}]}


async def test_what_no_model_answers_costs_nothing_whatever_it_says(gateway):
    door = Counted(tokens_per_day=20)
    async with a_module(costing) as (_, port), gateway({"taskia": port}, door=door) as client:
        answers = [await client.get("/api/v1/taskia/x") for _ in range(2)]

    assert [each.status for each in answers] == [200, 200]
    assert '"tokens-day";r=20;t=0' in answers[1].headers["RateLimit"]


@pytest.mark.parametrize("name", ["tokens_per_minute", "tokens_per_day"])
async def test_who_has_used_their_tokens_waits(gateway, name):
    door = Counted(**{name: 100})
    usual = {"door": door, "routes": OF_A_MODEL}
    async with a_module(costing) as (module, port), gateway({"taskia": port}, **usual) as client:
        answers = [await client.get("/api/v1/taskia/x") for _ in range(4)]

        assert [each.status for each in answers] == [200, 200, 429, 429]
        limit = name.replace("_per", "").replace("_", "-")
        assert f'"{limit}";r=100;t=0' in answers[0].headers["RateLimit"]
        assert (await answers[2].json())["limit"] == limit
        assert int(answers[2].headers["Retry-After"]) >= 10
        assert len(module.asked) == 2


@pytest.mark.parametrize(
    ("kind", "part"), [(b"text/event-stream", b"data: x\n\n"), (LINES, b"{}\n")]
)
async def test_stream_that_is_left_is_charged(gateway, kind, part):
    async def endless(scope, receive, send):
        headers = [(b"content-type", kind)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": part * 50, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    door = Counted(tokens_per_day=20)
    usual = {"door": door, "routes": OF_A_MODEL}
    async with a_module(endless) as (_, port), gateway({"taskia": port}, **usual) as client:
        response = await client.get("/api/v1/taskia/x")
        await response.content.readany()
        response.close()

        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await client.get("/api/v1/taskia/x")).status != 429:
                answer.close()
                await asyncio.sleep(0.05)
