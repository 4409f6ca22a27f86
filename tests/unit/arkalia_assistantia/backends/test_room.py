"""Whether a model has room for a question, before its server is asked."""

import time

import pytest

from arkalia_assistantia.backends.access import Backend
from arkalia_assistantia.backends.choosing import Choice
from arkalia_assistantia.backends.errors import NoAnswerError
from arkalia_assistantia.backends.room import CHARACTERS, characters, tokens, with_room
from arkalia_model.chains import NAME
from unit.arkalia_assistantia.conftest import backend

SMALL, LARGE, UNKNOWN = (
    Choice(Backend(name=name, provider="openai", url="http://a"), name)
    for name in ("small", "large", "unknown")
)
READS = {SMALL: 10, LARGE: 100, UNKNOWN: 0}


def asked(number):
    return {"messages": [{"role": "user", "content": "x" * number}]}


def left(found, number):
    return with_room(found, asked(number), READS.__getitem__)


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ({"id": "a", "max_model_len": 8192}, 8192),
        ({"id": "a", "context_length": 8192}, 8192),
        ({"id": "a", "meta": {"n_ctx": 4096, "n_ctx_train": 8192}}, 4096),
        ({"id": "a", "meta": None}, 0),
        ({"id": "a", "max_model_len": "many"}, 0),
        ({"id": "a"}, 0),
    ],
)
def test_tokens_that_a_model_reads_are_taken_from_what_its_server_lists(told, number):
    assert tokens(told) == number


def test_model_without_room_is_not_asked_while_another_may_have_some():
    assert left([SMALL, LARGE, UNKNOWN], 10 * CHARACTERS) == [SMALL, LARGE, UNKNOWN]
    assert left([SMALL, LARGE, UNKNOWN], 10 * CHARACTERS + 1) == [LARGE, UNKNOWN]
    assert left([SMALL, LARGE, UNKNOWN], 100 * CHARACTERS + 1) == [UNKNOWN]


def test_question_for_which_no_model_has_room_is_refused_with_what_the_largest_reads():
    with pytest.raises(NoAnswerError, match=r"has 1601 characters, and large reads 100 tokens"):
        left([SMALL, LARGE], 1601)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (asked(7), 7),
        ({"messages": [{"content": [{"type": "text", "text": "four"}, {"image_url": "x"}]}]}, 4),
        ({"messages": [{"content": None, "tool_calls": []}, "odd"]}, 0),
        ({"input": "four"}, 4),
        ({"input": ["four", "more"]}, 8),
        ({"input": [1, 2]}, 0),
        ({}, 0),
    ],
)
def test_texts_of_a_request_are_counted_and_nothing_else(body, number):
    assert characters(body) == number


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/chat/completions", asked(500_000)), ("/v1/embeddings", {"input": "x" * 500_000})],
)
async def test_half_a_megabyte_is_refused_at_once_and_keeps_nobody_waiting(
    alone, model_server, path, body
):
    async with alone(backend("main", model_server.url)) as client:
        begin = time.monotonic()
        async with client.post(path, json={"model": NAME, **body}) as answer:
            problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (400, "context_length_exceeded")
    assert "500000 characters" in problem["error"]["message"]
    assert time.monotonic() - begin < 5
