"""Several model servers, real ones: which is asked, and what happens when one is gone."""

import asyncio
import gzip
import json
import shutil
import signal
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from arkalia_assistantia.app import create
from arkalia_assistantia.settings import AssistantSettings
from arkalia_contract import endpoints
from arkalia_model.chains import NAME, SHORT
from model_servers import a_model_server
from unit.arkalia_assistantia.conftest import backend
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port, served

NOWHERE = "http://127.0.0.1:9"
ENDLESS = "Go on without end."


async def asked(client, message="How are you?", **body):
    async with client.post("/chat", json={"message": message, **body}) as answer:
        return answer.status, await answer.json(content_type=None)


async def slots(server):
    """How many answers the model server is at work on."""
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/slots") as answer:
        return sum(each["is_processing"] for each in await answer.json())


async def eventually(condition):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - a server in another process tells no event
            await asyncio.sleep(0.01)


async def measured(client, beginning):
    async with client.get(endpoints.METRICS) as answer:
        lines = (await answer.text()).splitlines()
    return {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith(beginning)
    }


async def test_next_server_is_asked_when_the_first_cannot_be_reached(alone, model_server):
    two = backend("main", NOWHERE, models=[NAME]), backend("other", model_server.url)
    async with alone(*two) as client:
        status, told = await asked(client)
        tries = await measured(client, "arkalia_model_tries_total")

    assert (status, told["backend"], told["answer"]) == (200, "other", SHORT)
    assert tries == {
        'arkalia_model_tries_total{backend="main",outcome="unreachable"}': 1,
        'arkalia_model_tries_total{backend="other",outcome="answered"}': 1,
    }


async def test_server_that_failed_is_left_alone_for_a_while(alone, model_server):
    two = backend("main", NOWHERE, models=[NAME]), backend("other", model_server.url)
    async with alone(*two) as client:
        for _ in range(3):
            await asked(client)
        tries = await measured(client, 'arkalia_model_tries_total{backend="main"')
        [available] = (await measured(client, "arkalia_model_backends_available")).values()

    assert sum(tries.values()) < 3
    assert available == 1


async def test_alias_asks_for_its_models_in_order(alone, model_server):
    with a_model_server("second") as second:
        two = backend("main", model_server.url), backend("other", second.url)
        async with alone(*two, aliases={"best": ["missing", "second", NAME]}) as client:
            _, told = await asked(client, model="best")
            second.kill()
            _, later = await asked(client, model="best")

    assert (told["model"], told["backend"]) == ("second", "other")
    assert (later["model"], later["backend"]) == (NAME, "main")


async def test_key_is_shown_to_the_server_that_asks_for_one(alone, tmp_path):
    file = tmp_path / "key"
    file.write_text("open-sesame")
    with a_model_server(key_file=str(file)) as guarded:
        one = backend("main", guarded.url, models=[NAME])
        async with alone(one, keys={"main": "open-sesame\n"}) as client:
            status, _ = await asked(client)
        async with alone(one, keys={"main": "wrong"}) as client:
            refused, problem = await asked(client)

    assert status == 200
    assert (refused, problem["code"]) == (503, "model_unavailable")
    assert "main answers 401" in problem["detail"]


@pytest.mark.parametrize("stream", [False, True])
async def test_answer_says_that_the_model_is_gone_and_recovers_by_itself(
    alone, doomed_server, stream
):
    async with alone(backend("main", doomed_server.url)) as client:
        before, _ = await asked(client)
        doomed_server.kill()
        gone, problem = await asked(client, stream=stream)
        async with client.get(endpoints.HEALTH_DETAILED) as answer:
            checks = {each["name"]: each for each in (await answer.json())["checks"]}
        await asyncio.to_thread(doomed_server.start)

        async def answers():
            return (await asked(client))[0] == 200

        await eventually(answers)

    assert (before, gone) == (200, 503)
    assert "main cannot be reached" in problem["detail"]
    assert problem["code"] == "model_unavailable"
    assert (checks["llm"]["healthy"], checks["llm"]["required"]) == (False, False)


async def test_answer_that_breaks_in_the_middle_is_told_as_broken(alone, doomed_server):
    async with alone(backend("main", doomed_server.url)) as client:
        body = {"message": ENDLESS, "stream": True}
        async with client.post("/chat", json=body) as answer:
            await answer.content.readline()
            doomed_server.kill()
            text = (await answer.content.read()).decode()
        cut = await measured(client, "arkalia_model_answers_cut_total")

    name, data = text.strip().split("\n\n")[-1].split("\n")
    assert name == "event: problem"
    assert json.loads(data.removeprefix("data: "))["code"] == "model_broken"
    assert cut == {'arkalia_model_answers_cut_total{backend="main",by="server"}': 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat", {"message": ENDLESS, "stream": True}),
        ("/chat", {"message": ENDLESS}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": ENDLESS}]}),
        ("/api/generate", {"prompt": ENDLESS}),
    ],
)
async def test_client_that_leaves_stops_the_model(alone, doomed_server, path, body):
    async with alone(backend("main", doomed_server.url)) as client:
        asking = asyncio.create_task(_read_forever(client, path, body))

        async def is_at_work():
            return await slots(doomed_server) == 1

        async def is_idle():
            return await slots(doomed_server) == 0

        async def has_said_something():
            tries = await measured(client, "arkalia_model_tries_total")
            return tries == {'arkalia_model_tries_total{backend="main",outcome="answered"}': 1}

        await eventually(is_at_work)
        await eventually(has_said_something)  # what ends before it is no answer that was cut

        async def is_counted():
            cut = await measured(client, "arkalia_model_answers_cut_total")
            return cut == {'arkalia_model_answers_cut_total{backend="main",by="client"}': 1}

        asking.cancel()
        await eventually(is_idle)
        await eventually(is_counted)


async def _read_forever(client, path, body):
    async with client.post(path, json=body) as answer:
        while await answer.content.readany():
            pass


async def test_requests_beyond_the_queue_are_told_to_come_again(alone, doomed_server):
    few = {"answers_at_once": 1, "most_waiting": 0}
    async with alone(backend("main", doomed_server.url), **few) as client:
        first = asyncio.create_task(_read_forever(client, "/chat", {"message": ENDLESS}))

        async def is_at_work():
            return await slots(doomed_server) == 1

        await eventually(is_at_work)
        async with client.post("/chat", json={"message": "Hello"}) as answer:
            status, problem = answer.status, await answer.json(content_type=None)
            again = answer.headers["Retry-After"]
        first.cancel()

    assert (status, problem["code"]) == (429, "busy")
    assert int(again) >= 1


async def test_what_a_server_complains_of_is_told_to_the_caller_and_not_logged(
    alone, model_server, caplog
):
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    wrong = body | {"response_format": {"type": "a-secret-word"}}
    async with (
        alone(backend("main", model_server.url)) as client,
        client.post("/v1/chat/completions", json=wrong) as answer,
    ):
        problem = await answer.json(content_type=None)

    assert "a-secret-word" in problem["detail"]
    assert "it answers 400." in caplog.text
    assert "a-secret-word" not in caplog.text


PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def test_what_a_server_cannot_do_does_not_take_it_from_others(alone, model_server):
    """llama.cpp answers 500 to a picture for a model that reads texts."""
    part = {"type": "image_url", "image_url": {"url": PICTURE}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    two = backend("main", model_server.url), backend("other", model_server.url)
    async with alone(*two) as client:
        async with client.post("/v1/chat/completions", json=body) as answer:
            problem = await answer.json(content_type=None)
        available = await measured(client, "arkalia_model_backends_available")
        tries = await measured(client, "arkalia_model_tries_total")
        _, told = await asked(client)

    assert (answer.status, problem["code"]) == (400, "not_supported")
    assert set(tries.values()) == {1}  # to ask it again changes nothing
    assert (set(available.values()), told["backend"]) == ({2}, "main")


@asynccontextmanager
async def answering(status, content, kind="application/json", **headers):
    """A server that lists the model, and answers every question so."""

    async def answer(request):
        if request.method == "GET":
            return web.json_response({"data": [{"id": NAME}]})
        return web.Response(status=status, body=content, content_type=kind, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_server_that_fails_for_one_user_is_left_alone_when_it_fails_for_another(alone):
    oops = b'{"error": {"message": "Oops"}}'
    async with answering(500, oops) as url, alone(backend("main", url)) as client:
        cooling = []
        for user in ("ada", "ada", "bob"):
            async with client.post(
                "/chat",
                json={"message": "Hello"},
                headers={"Arkalia-User": user, "Arkalia-Scopes": "*"},
            ) as answer:
                assert answer.status == 503
            available = await measured(client, "arkalia_model_backends_available")
            cooling.append(1 - set(available.values()).pop())

    assert cooling == [0, 0, 1]


async def test_proxy_that_has_no_server_behind_it_is_left_alone_at_once(alone):
    async with (
        answering(502, b"<html>Bad Gateway</html>", "text/html") as url,
        alone(backend("main", url)) as client,
    ):
        await asked(client)
        available = await measured(client, "arkalia_model_backends_available")

    assert set(available.values()) == {0}


THOUGHT = {"role": "assistant", "content": "Yes.", "reasoning_content": "I was told: be kind."}


@pytest.mark.parametrize(("policy", "is_told"), [("Block", False), ("Flag", True)])
async def test_thoughts_are_not_told_where_policy_keeps_instructions_back(alone, policy, is_told):
    chunk = json.dumps({"choices": [{"index": 0, "delta": THOUGHT, "finish_reason": "stop"}]})
    said = f"data: {chunk}\n\ndata: [DONE]\n\n".encode()
    own = {"prompts_policy": policy, "system_prompts": [{"text": "Be kind."}]}
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    async with (
        answering(200, said, "text/event-stream") as url,
        alone(backend("main", url), **own) as client,
        client.post("/v1/chat/completions", json=body) as answer,
    ):
        [choice] = (await answer.json())["choices"]

    assert choice["message"]["content"] == "Yes."
    assert ("reasoning_content" in choice["message"]) is is_told


async def test_compressed_answer_that_nobody_asked_for_is_not_unfolded(alone, model_server):
    packed = gzip.compress(b"\n" * 1_000_000)
    async with (
        answering(200, packed, **{"Content-Encoding": "gzip"}) as url,
        alone(backend("main", url), backend("other", model_server.url)) as client,
    ):
        status, told = await asked(client)
        tries = await measured(client, 'arkalia_model_tries_total{backend="main"')

    assert (status, told["backend"]) == (200, "other")
    assert tries == {'arkalia_model_tries_total{backend="main",outcome="unreachable"}': 1}


async def test_request_waits_for_a_turn_once(alone, doomed_server):
    few = {"answers_at_once": 1, "most_waiting": 4, "queue_seconds": 0.2}
    async with alone(backend("main", doomed_server.url), **few) as client:
        first = asyncio.create_task(_read_forever(client, "/chat", {"message": ENDLESS}))

        async def is_at_work():
            return await slots(doomed_server) == 1

        await eventually(is_at_work)
        status, problem = await asked(client)
        tries = await measured(client, "arkalia_model_tries_total")
        first.cancel()

    assert (status, problem["code"]) == (429, "busy")
    assert tries['arkalia_model_tries_total{backend="main",outcome="busy"}'] == 1


async def test_silent_server_is_given_up_and_the_next_one_asked(alone, model_server, doomed_server):
    two = backend("main", doomed_server.url, models=[NAME]), backend("other", model_server.url)
    async with alone(*two, first_word_seconds=0.3) as client:
        doomed_server.tell(signal.SIGSTOP)
        status, told = await asked(client)
        doomed_server.tell(signal.SIGCONT)

    assert (status, told["backend"]) == (200, "other")


async def test_server_that_said_nothing_is_not_asked_twice_for_the_same_question(
    alone, doomed_server
):
    one = backend("main", doomed_server.url, models=[NAME])
    async with alone(one, first_word_seconds=0.3) as client:
        doomed_server.tell(signal.SIGSTOP)
        status, problem = await asked(client)
        tries = await measured(client, "arkalia_model_tries_total")
        doomed_server.tell(signal.SIGCONT)

    assert (status, sum(tries.values())) == (503, 1)
    assert "main said no word" in problem["detail"]


async def test_request_ends_with_the_time_that_its_caller_gives(alone, doomed_server):
    async with alone(backend("main", doomed_server.url, models=[NAME])) as client:
        doomed_server.tell(signal.SIGSTOP)
        start = time.monotonic()
        headers = {"X-Request-Timeout": "0.3"}
        async with client.post("/chat", json={"message": "Hello"}, headers=headers) as answer:
            status = answer.status
        took = time.monotonic() - start
        available = await measured(client, "arkalia_model_backends_available")
        doomed_server.tell(signal.SIGCONT)
        again, _ = await asked(client)

    assert status == 503
    assert took < PATIENCE_SECONDS
    assert set(available.values()) == {1}  # that somebody is in a hurry is not the server's fault
    assert again == 200


async def test_server_that_says_nothing_for_as_long_as_an_answer_may_take_is_left_alone(
    alone, doomed_server
):
    two = [backend(name, doomed_server.url, models=[NAME]) for name in ("main", "other")]
    async with alone(*two, answer_seconds=1, first_word_seconds=5) as client:
        doomed_server.tell(signal.SIGSTOP)
        status, problem = await asked(client)
        available = await measured(client, "arkalia_model_backends_available")
        doomed_server.tell(signal.SIGCONT)

    assert (status, set(available.values())) == (503, {1})
    assert "main said no word" in problem["detail"]
    assert "other" not in problem["detail"]  # no time was left to ask it


async def test_answer_that_its_caller_does_not_wait_for_is_not_held_against_the_server(
    alone, model_server
):
    async with alone(backend("main", model_server.url)) as client:
        body = {"message": ENDLESS, "stream": True}
        async with client.post("/chat", json=body, headers={"X-Request-Timeout": "0.5"}) as answer:
            said = await answer.text()
        cut = await measured(client, "arkalia_model_answers_cut_total")
        available = await measured(client, "arkalia_model_backends_available")

    assert "did not end in time" in said
    assert cut == {'arkalia_model_answers_cut_total{backend="main",by="client"}': 1}
    assert set(available.values()) == {1}


async def test_server_of_ollama_is_asked_in_its_own_words(
    alone, llm_folder, model_server, tmp_path
):
    """The assistant speaks Ollama's API itself, so one can stand before another."""
    folder = shutil.copytree(llm_folder(backend("main", model_server.url)), tmp_path / "inner")
    inner = AssistantSettings(version="1", llm_folder=folder, database_timeout_seconds=0.05)
    async with served(create(inner)) as first:
        url = str(first._base_url)
        async with alone(backend("ollama", url, "ollama")) as client:
            _, told = await asked(client)
            _, cut = await asked(client, message=ENDLESS, most_tokens=3)

    assert (told.get("answer"), told) == (SHORT, told)
    assert (told["backend"], told["model"]) == ("ollama", NAME)
    assert told["tokens"]["completion"] == len(SHORT.split()) + 1
    assert (cut["answer"], cut["finish_reason"]) == ("tick tock tick", "length")


async def test_conversation_stays_with_the_server_that_answered_it(alone, llm_folder):
    with a_model_server() as one, a_model_server() as two:
        both = backend("main", one.url, models=[NAME]), backend("other", two.url, models=[NAME])
        async with alone(*both) as client:
            one.kill()
            _, first = await asked(client, conversation_id="c-1")
            await asyncio.to_thread(one.start)

            async def main_answers():
                return (await asked(client))[1]["backend"] == "main"

            await eventually(main_answers)
            _, second = await asked(client, conversation_id="c-1")

    assert (first["backend"], second["backend"]) == ("other", "other")


async def test_other_servers_are_asked_as_soon_as_they_are_written(alone, llm_folder, model_server):
    async with alone(backend("main", f"http://127.0.0.1:{free_port()}")) as client:
        before, _ = await asked(client)
        llm_folder(backend("main", model_server.url))
        after, _ = await asked(client)

    assert (before, after) == (503, 200)
