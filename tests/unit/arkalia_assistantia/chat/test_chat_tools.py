"""Calls of tools by the official clients, before model servers of both kinds."""

import json
from contextlib import asynccontextmanager

import httpx
import ollama
import openai
import pytest

from arkalia_model.chains import ARGUMENTS, NAME, SHORT, TOOL
from model_servers import an_ollama_server
from unit.arkalia_assistantia.conftest import backend
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

ASKED = {"role": "user", "content": "How is the weather?"}
SAID = "It rains."
WEATHER = {
    "type": "function",
    "function": {
        "name": TOOL,
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}
POLICIES = ["Flag", "Block"]


@pytest.fixture(scope="module")
def ollama_server():
    with an_ollama_server() as server:
        pulled = httpx.post(f"{server.url}/api/pull", json={"model": NAME}, timeout=60)
        assert "success" in pulled.text
        yield server


@pytest.fixture(params=["openai", "ollama"])
def either(request, model_server, ollama_server):
    """A model server that speaks OpenAI's API, and one that speaks Ollama's."""
    urls = {"openai": model_server.url, "ollama": ollama_server.url}
    return backend("main", urls[request.param], request.param)


@pytest.fixture
def clients(alone):
    """`clients(backend)`: clients of OpenAI and Ollama of an assistant that asks it."""

    @asynccontextmanager
    async def opened(backend, **settings):
        async with alone(backend, **settings) as service:
            url = str(service._base_url).rstrip("/")
            other = ollama.AsyncClient(host=url, timeout=PATIENCE_SECONDS)
            async with openai.AsyncOpenAI(
                base_url=f"{url}/v1", api_key="none", max_retries=0
            ) as one:
                yield one.chat.completions, other
            await other._client.aclose()

    return opened


async def test_client_of_openai_calls_a_tool_and_tells_what_it_said(clients, either):
    async with clients(either) as (completions, _):
        answer = await completions.create(model=NAME, messages=[ASKED], tools=[WEATHER])
        [choice] = answer.choices
        [call] = choice.message.tool_calls
        said = {"role": "tool", "tool_call_id": call.id, "content": SAID}
        messages = [ASKED, choice.message.model_dump(exclude_none=True), said]
        last = await completions.create(model=NAME, messages=messages, tools=[WEATHER])

    assert choice.finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == (TOOL, ARGUMENTS)
    assert last.choices[0].message.content.strip() == SHORT


async def test_client_of_openai_gathers_a_call_from_its_pieces(clients, either):
    async with (
        clients(either) as (completions, _),
        completions.stream(model=NAME, messages=[ASKED], tools=[WEATHER]) as stream,
    ):
        whole = await stream.get_final_completion()

    [call] = whole.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == ARGUMENTS
    assert whole.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("policy", POLICIES)
async def test_client_of_ollama_reads_a_call_whole(clients, either, policy):
    async with clients(either, prompts_policy=policy) as (_, client):
        stream = await client.chat(NAME, [ASKED], tools=[WEATHER], stream=True)
        parts = [each async for each in stream]

    [call] = [call for part in parts for call in part.message.tool_calls or ()]
    assert (call.function.name, call.function.arguments) == (TOOL, ARGUMENTS)
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize("stream", [False, True])
async def test_half_a_call_is_left_out_of_an_answer_that_is_cut(clients, model_server, stream):
    short = {"num_predict": 4}
    async with clients(backend("main", model_server.url)) as (_, client):
        answer = await client.chat(NAME, [ASKED], tools=[WEATHER], options=short, stream=stream)
        parts = [each async for each in answer] if stream else [answer]

    assert [call for part in parts for call in part.message.tool_calls or ()] == []
    assert (parts[-1].done, parts[-1].done_reason) == (True, "length")


@pytest.mark.parametrize("kind", ["image_url", "input_audio"])
async def test_question_that_ollama_has_no_form_for_goes_to_the_next_server(
    clients, model_server, ollama_server, kind
):
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    if kind == "input_audio":
        part = {"type": kind, kind: {"data": "AAAA", "format": "wav"}}
    asked = [{"role": "user", "content": [{"type": "text", "text": "What?"}, part]}]
    async with clients(backend("main", ollama_server.url, "ollama")) as (completions, _):
        with pytest.raises(openai.BadRequestError) as refused:
            await completions.create(model=NAME, messages=asked)

    assert refused.value.code == "not_supported"
    assert refused.value.message.count("main takes") == 1


async def test_client_of_ollama_calls_a_tool_and_tells_what_it_said(clients, either):
    async with clients(either) as (_, client):
        answer = await client.chat(NAME, [ASKED], tools=[WEATHER])
        [call] = answer.message.tool_calls
        said = {"role": "tool", "tool_name": call.function.name, "content": SAID}
        last = await client.chat(NAME, [ASKED, answer.message, said], tools=[WEATHER])

    assert call.function.arguments == ARGUMENTS
    assert last.message.content.strip() == SHORT
