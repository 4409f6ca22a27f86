"""Embeddings: which server gives them, and what its failures mean for answers."""

import signal

import httpx
import pytest

from arkalia_model.chains import NAME, SHORT
from model_servers import a_model_server, an_ollama_server
from unit.arkalia_assistantia.conftest import backend
from unit.arkalia_assistantia.test_backends import asked, measured

TEXT = {"model": NAME, "input": "bread"}


async def embedded(client, **more):
    async with client.post("/v1/embeddings", json=TEXT | more) as answer:
        return answer.status, await answer.json(content_type=None), dict(answer.headers)


@pytest.fixture(scope="module")
def without_embeddings():
    """llama.cpp as it starts without their option: it answers 501."""
    with a_model_server(NAME, "", "--without-embeddings") as server:
        yield backend("main", server.url)


@pytest.fixture(scope="module")
def without_their_route():
    with an_ollama_server() as server:
        pulled = httpx.post(f"{server.url}/api/pull", json={"model": NAME}, timeout=60)
        assert "success" in pulled.text
        yield backend("main", server.url, models=[NAME])


@pytest.fixture(params=["without_embeddings", "without_their_route"])
def unable(request):
    return request.getfixturevalue(request.param)


async def test_server_without_embeddings_says_so_for_good(alone, unable):
    async with alone(unable) as client:
        status, problem, headers = await embedded(client)

    assert (status, problem["code"]) == (400, "not_supported")
    assert "No model server can do this: main answers" in problem["detail"]
    assert "Retry-After" not in headers


async def test_next_server_gives_what_the_first_cannot(alone, unable, model_server):
    async with alone(unable, backend("other", model_server.url, models=[NAME])) as client:
        status, found, _ = await embedded(client)
        tries = await measured(client, "arkalia_model_tries_total")

    assert (status, len(found["data"])) == (200, 1)
    assert tries['arkalia_model_tries_total{backend="main",outcome="unsuitable"}'] == 1


async def test_server_without_embeddings_answers_questions_all_the_same(
    alone, without_embeddings, model_server
):
    async with alone(without_embeddings, backend("other", model_server.url)) as client:
        await embedded(client)
        status, told = await asked(client)
        available = await measured(client, "arkalia_model_backends_available")

    assert (status, told["backend"], told["answer"]) == (200, "main", SHORT)
    assert set(available.values()) == {2}


async def test_server_that_is_silent_to_a_text_is_not_held_back_from_questions(
    alone, model_server, doomed_server
):
    two = [backend("main", doomed_server.url, models=[NAME]), backend("other", model_server.url)]
    async with alone(*two, answer_seconds=0.5) as client:
        doomed_server.tell(signal.SIGSTOP)
        silent, _, _ = await embedded(client)
        next_one, _, _ = await embedded(client)  # main is still stopped: nobody asks it
        doomed_server.tell(signal.SIGCONT)
        _, told = await asked(client)

    assert (silent, next_one) == (503, 200)
    assert told["backend"] == "main"


async def test_server_is_not_held_back_for_somebody_in_a_hurry(alone, doomed_server):
    async with alone(backend("main", doomed_server.url, models=[NAME])) as client:
        doomed_server.tell(signal.SIGSTOP)
        hurry = {"X-Request-Timeout": "0.3"}
        async with client.post("/v1/embeddings", json=TEXT, headers=hurry) as answer:
            status = answer.status
        doomed_server.tell(signal.SIGCONT)
        again, _, _ = await embedded(client)
        tries = await measured(client, "arkalia_model_tries_total")

    assert (status, again) == (503, 200)
    assert tries == {
        'arkalia_model_tries_total{backend="main",outcome="hurried"}': 1,
        'arkalia_model_tries_total{backend="main",outcome="answered"}': 1,
    }


async def test_pause_grows_with_each_text_that_nobody_embeds(alone):
    async with alone(backend("main", "http://127.0.0.1:9", models=[NAME])) as client:
        told = [await embedded(client) for _ in range(4)]

    assert [status for status, _, _ in told] == [503] * 4
    assert [int(headers["Retry-After"]) for _, _, headers in told] == [1, 2, 4, 8]


async def test_model_that_is_not_there_may_come_again(alone):
    """What says so names the model; who has no way to embed does not."""
    with an_ollama_server() as server:
        async with alone(backend("main", server.url, models=["gone"])) as client:
            status, problem, headers = await embedded(client, model="gone")

    assert (status, problem["code"], headers["Retry-After"]) == (503, "model_unavailable", "1")


async def test_tokens_of_texts_are_counted(alone, model_server):
    async with alone(backend("main", model_server.url)) as client:
        _, found, _ = await embedded(client)
        counted = await measured(client, "arkalia_model_tokens_total")

    read = 'arkalia_model_tokens_total{backend="main",kind="prompt"}'
    assert counted[read] == found["usage"]["prompt_tokens"] > 0
