"""The demonstration model in its server, as a process: what it says over HTTP."""

import json

import httpx
import pytest

from arkalia_model.chains import ARGUMENTS, LONG, NAME, SHORT, TOOL
from model_servers import a_model_server
from unit.arkalia_runtime.serving import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def server():
    with a_model_server() as started:
        yield started


def chat(server, question, **more):
    body = {"messages": [{"role": "user", "content": question}], **more}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("temperature", [0, 1])
def test_short_answer_is_always_the_same(server, temperature):
    answer = chat(server, "Comment ça va ? ✓", temperature=temperature).json()

    [choice] = answer["choices"]
    assert choice["message"]["content"].strip() == SHORT
    assert choice["finish_reason"] == "stop"
    assert answer["model"] == NAME
    assert answer["usage"]["completion_tokens"] == len(SHORT.split()) + 1


def test_long_answer_counts_to_its_end(server):
    [choice] = chat(server, "Tell me at length.").json()["choices"]

    assert choice["message"]["content"].strip() == LONG
    assert choice["finish_reason"] == "stop"


def test_endless_answer_ends_where_it_is_cut(server):
    [choice] = chat(server, "Go on without end.", max_tokens=5).json()["choices"]

    assert choice["message"]["content"].split() == ["tick", "tock", "tick", "tock", "tick"]
    assert choice["finish_reason"] == "length"


def test_answer_streams_word_by_word(server):
    lines = chat(server, "Hello", stream=True).text.splitlines()

    events = [line.removeprefix("data: ") for line in lines if line]
    deltas = [json.loads(each)["choices"][0]["delta"].get("content") for each in events[:-1]]
    assert events[-1] == "[DONE]"
    assert [word.strip() for word in deltas if word] == SHORT.split()


def test_offered_tool_is_called_in_pieces(server):
    tool = {"type": "function", "function": {"name": TOOL, "parameters": {"type": "object"}}}
    lines = chat(server, "How is the weather?", tools=[tool], stream=True).text.splitlines()

    events = [
        json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")
    ]
    deltas = [each["choices"][0]["delta"].get("tool_calls") for each in events]
    pieces = [each[0]["function"]["arguments"] for each in deltas if each]
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == ARGUMENTS


def test_texts_without_a_template_get_an_answer_too(server):
    answer = httpx.post(f"{server.url}/v1/completions", json={"prompt": "Why?"}).json()

    assert answer["choices"][0]["text"].strip() == SHORT


def test_embeddings_of_other_texts_differ(server):
    body = {"input": ["bread", "bread", "a stone"]}

    told = httpx.post(f"{server.url}/v1/embeddings", json=body).json()["data"]

    one, again, other = (each["embedding"] for each in told)
    assert one == again
    assert one != other


def test_server_with_a_key_answers_nobody_without_it(tmp_path):
    file = tmp_path / "key"
    file.write_text("open-sesame\n")

    with a_model_server("other", str(file)) as guarded:
        refused = chat(guarded, "Hello")
        url = f"{guarded.url}/v1/models"
        told = httpx.get(url, headers={"Authorization": "Bearer open-sesame"}).json()

    assert refused.status_code == 401
    assert [each["id"] for each in told["data"]] == ["other"]
