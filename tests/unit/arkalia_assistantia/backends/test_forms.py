"""Whatever a model server says, it is an answer or a broken one."""

import asyncio
import json
from contextlib import suppress
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_assistantia.backends import ollama, openai
from arkalia_assistantia.backends.completion import Whole, says_something
from arkalia_assistantia.backends.errors import BrokenError

WORDS = st.sampled_from(["", "a", "stop"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


def perhaps(right):
    """What belongs there, mostly."""
    return right | right | right | ANYTHING


def an_object(**members):
    return st.fixed_dictionaries({}, optional={key: perhaps(each) for key, each in members.items()})


ARGUMENTS = an_object(a=WORDS)
CALL = an_object(index=st.integers(0, 2), id=WORDS, function=an_object(name=WORDS, arguments=WORDS))
DELTA = an_object(role=WORDS, content=WORDS, refusal=WORDS, tool_calls=st.lists(perhaps(CALL)))
LOGPROBS = an_object(content=st.lists(ANYTHING, max_size=2))
CHOICE = an_object(index=st.integers(0, 2), delta=DELTA, finish_reason=WORDS, logprobs=LOGPROBS)
CHUNK = an_object(choices=st.lists(perhaps(CHOICE)), usage=an_object(prompt_tokens=st.integers()))
OLLAMA_CALL = an_object(id=WORDS, function=an_object(name=WORDS, arguments=ARGUMENTS))
MESSAGE = an_object(content=WORDS, thinking=WORDS, tool_calls=st.lists(perhaps(OLLAMA_CALL)))
LINE = an_object(message=MESSAGE, done=st.booleans(), done_reason=WORDS, eval_count=st.integers())


def heard(dialect, parts):
    """All that a client would be told of the answer that comes in these *parts*."""

    async def iter_chunked(_most):
        for part in parts:
            yield part

    async def hear():
        whole = Whole(keeps_logprobs=True)
        async for chunk in dialect.chunks(
            SimpleNamespace(content=SimpleNamespace(iter_chunked=iter_chunked))
        ):
            says_something(chunk)
            whole.add(chunk)
        return whole

    whole = asyncio.run(hear())
    orjson.dumps([whole.choices(), whole.as_chunk(), whole.text, whole.count("prompt_tokens")])
    return whole


@given(st.lists(perhaps(CHUNK), max_size=4))
def test_any_events_of_openai_are_an_answer_or_a_broken_one(said):
    with suppress(BrokenError):
        heard(
            openai,
            [b"data: " + json.dumps(each).encode() + b"\n\n" for each in said] + [b"data: [DONE]"],
        )


@given(st.lists(perhaps(LINE), max_size=4))
def test_any_lines_of_ollama_are_an_answer_or_a_broken_one(said):
    with suppress(BrokenError):
        heard(ollama, [json.dumps(each).encode() + b"\n" for each in said])


@pytest.mark.parametrize(
    ("dialect", "part", "where"),
    [
        (openai, b'data: {"choices": 5}\n', "choices"),
        (openai, b'data: {"choices": [{"delta": "x"}]}\n', "choices.0.delta"),
        (openai, b'data: {"choices": [{"delta": {"content": 5}}]}\n', "choices.0.delta.content"),
        (ollama, b'{"message": "x"}\n', "message"),
        (
            ollama,
            b'{"message": {"tool_calls": [{"function": {"arguments": "x"}}]}}\n',
            "message.tool",
        ),
    ],
)
def test_what_has_no_known_form_is_told_with_its_place(dialect, part, where):
    with pytest.raises(BrokenError, match=f"says what has no known form: {where}"):
        heard(dialect, [part])


@pytest.mark.parametrize("index", [{}, {"index": None}])
def test_calls_that_are_not_numbered_are_calls_each(index):
    calls = [{**index, "id": name, "function": {"name": name}} for name in ("a", "b")]
    chunk = orjson.dumps({"choices": [{"delta": {"tool_calls": calls}, "finish_reason": "stop"}]})

    whole = heard(openai, [b"data: " + chunk + b"\n\ndata: [DONE]\n"])

    [choice] = whole.choices()
    assert [each["id"] for each in choice["message"]["tool_calls"]] == ["a", "b"]
