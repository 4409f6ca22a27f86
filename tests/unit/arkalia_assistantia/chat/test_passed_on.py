"""Requests of no known form: each is told where it is wrong, before a server is asked."""

import pytest

from arkalia_model.chains import NAME
from unit.arkalia_assistantia.conftest import backend

HELLO = {"role": "user", "content": "Hello"}
CHAT, GENERATE, COMPLETIONS = "/api/chat", "/api/generate", "/v1/chat/completions"


def message(**more):
    return {"messages": [{"role": "user", "content": "Hello", **more}]}


def part(**more):
    return message(content=[{"type": "image_url", **more}])


WRONG = [
    (CHAT, {"messages": [HELLO], "options": "x"}, "body.options"),
    (CHAT, {"messages": [HELLO], "options": [1]}, "body.options"),
    (CHAT, {"messages": [HELLO], "format": "xml"}, "body.format"),
    (CHAT, {"messages": [HELLO], "tools": "x"}, "body.tools"),
    (CHAT, message(tool_calls="x"), "body.messages.0.tool_calls"),
    (CHAT, message(tool_calls=[{"function": "x"}]), "body.messages.0.tool_calls.0.function"),
    (CHAT, message(images=5), "body.messages.0.images"),
    (CHAT, message(content=[{"type": "text"}]), "body.messages.0.content"),
    (GENERATE, {"prompt": "Hello", "options": 5}, "body.options"),
    (GENERATE, {"prompt": "Hello", "images": "x"}, "body.images"),
    (COMPLETIONS, part(image_url="x"), "body.messages.0.content"),
    (COMPLETIONS, part(text=5), "body.messages.0.content"),
    (COMPLETIONS, message(tool_calls="x"), "body.messages.0.tool_calls"),
    (COMPLETIONS, message(tool_calls=[{"function": 5}]), "body.messages.0.tool_calls.0.function"),
    (COMPLETIONS, {"messages": [HELLO], "response_format": "json"}, "body.response_format"),
    (COMPLETIONS, {"messages": [HELLO], "arkalia_ollama": 5}, "arkalia_ollama is said inside"),
]


@pytest.mark.parametrize(("path", "body", "where"), WRONG)
async def test_request_of_no_known_form_is_told_where_it_is_wrong(alone, path, body, where):
    nowhere = backend("main", "http://127.0.0.1:9", "ollama", models=[NAME])
    async with alone(nowhere) as client, client.post(path, json=body) as answer:
        problem = await answer.json(content_type=None)

    assert (answer.status, where in str(problem)) == (422, True), problem


async def test_body_that_calls_itself_a_form_is_told_what_to_call_itself(alone):
    """As `curl --data` does; Ollama's paths take it."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (
        alone(backend("main", "http://127.0.0.1:9", models=[NAME])) as client,
        client.post(COMPLETIONS, data=b'{"messages": []}', headers=form) as answer,
    ):
        problem = await answer.json(content_type=None)

    assert answer.status == 422
    assert "send it with Content-Type: application/json" in problem["detail"]


FURTHER = [
    (CHAT, {"messages": [HELLO], "stream": None, "options": None, "tools": None, "format": ""}),
    (CHAT, {"messages": [{**HELLO, "thinking": "x", "images": None}], "keep_alive": "5m"}),
    (GENERATE, {"prompt": "Hello", "system": None, "raw": True, "options": {"num_ctx": 512}}),
    (COMPLETIONS, {"messages": [HELLO], "tools": None, "response_format": None, "user": "x"}),
    (COMPLETIONS, message(content=[{"type": "text", "text": "Hello", "cache_control": {}}])),
]


@pytest.mark.parametrize(("path", "body"), FURTHER)
async def test_members_that_are_null_or_not_known_do_no_harm(alone, model_server, path, body):
    async with (
        alone(backend("main", model_server.url)) as client,
        client.post(path, json=body) as answer,
    ):
        said = await answer.text()

    assert (answer.status, "demonstration" in said) == (200, True), said
