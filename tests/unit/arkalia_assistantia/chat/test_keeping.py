"""What is kept of a chat: the running service with a real model server and a real database."""

import asyncio
import json

import pytest

from arkalia_assistantia.chat import flow
from arkalia_assistantia.chat.asking import named_in
from arkalia_assistantia.chat.questions import Question
from arkalia_assistantia.conversations.store import Store
from arkalia_contract import endpoints
from arkalia_model.chains import NAME, SHORT
from unit.arkalia_assistantia.conftest import backend
from unit.arkalia_runtime.authority import Authority, mount

ADA = {"Arkalia-User": "u-ada", "Arkalia-Scopes": "*"}
BOB = {"Arkalia-User": "u-bob", "Arkalia-Scopes": "*"}
OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"


async def told(client, path="/chat", who=ADA, **body):
    """What is told of an answer, whose text is the model's."""
    async with client.post(path, json=body, headers=who) as answer:
        said = await answer.json(content_type=None)
        assert answer.status == 200, said
    return said if path == "/chat" else said["arkalia"]


async def kept(client, conversation, who=ADA):
    """A conversation as its owner reads it; None if there is none."""
    async with client.get(f"/conversations/{conversation}", headers=who) as answer:
        assert answer.status in (200, 404), await answer.text()
        return await answer.json() if answer.status == 200 else None


def said(conversation):
    return [(each["role"], each["text"]) for each in conversation["said"]]


@pytest.fixture
def service(recorded, model_server):
    """`service(**settings)`: an assistant with a database."""

    def opened(**settings):
        quick = {"database_timeout_seconds": 2}
        return recorded(backend("main", model_server.url), **quick | settings)

    return opened


@pytest.mark.usefixtures("silent_sandozia")
async def test_answer_is_kept_though_its_validation_takes_the_time_that_is_given(service):
    async with service(validation_seconds=30) as client:
        hurry = ADA | {"X-Request-Timeout": "2"}
        answer = await told(client, who=hurry, message="How are you?")
        found = await kept(client, answer["conversation_id"])

    assert answer["validation"]["status"] == "unavailable"
    assert answer["timings"]["validation"] < 1.5
    assert (answer["kept"]["status"], len(found["said"])) == ("kept", 2)


async def test_answer_that_its_caller_has_no_time_for_is_kept_as_far_as_it_came(service):
    hurry = ADA | {"X-Request-Timeout": "0.5"}
    body = {"message": "Go on without end.", "conversation_id": "c-1", "stream": True}
    async with service() as client:
        async with client.post("/chat", json=body, headers=hurry) as answer:
            told = await answer.text()
        found = await kept(client, "c-1")

    assert "did not end in time" in told
    assert found["said"][1]["text"].startswith("tick tock")


async def test_question_and_answer_are_kept_with_what_is_known_of_them(service):
    async with service() as client:
        answer = await told(client, message="How are you?")
        found = await kept(client, answer["conversation_id"])

    question, reply = found["said"]
    assert answer["kept"] == {"status": "kept", "detail": "", "remembered": 0}
    assert said(found) == [("user", "How are you?"), ("assistant", SHORT)]
    assert (reply["id"], reply["model"], reply["backend"]) == (answer["message_id"], NAME, "main")
    assert reply["finish_reason"] == "stop"
    assert reply["score"] is None  # nobody validates here
    assert reply["completion_tokens"] == answer["tokens"]["completion"]
    assert question["verdict"] == reply["verdict"] == "passed"
    assert (found["title"], found["messages"]) == ("How are you?", 2)


async def test_stream_is_kept_as_well(service):
    async with service() as client:
        body = {"message": "How are you?", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA) as answer:
            text = await answer.text()
        found = await kept(client, "c-1")

    assert '"status":"kept"' in text
    assert said(found)[-1] == ("assistant", SHORT)


async def test_conversation_goes_on_with_what_is_kept_of_it(service):
    async with service() as client:
        first = await told(client, message="How are you?", conversation_id="c-1")
        second = await told(client, message="And now?", conversation_id="c-1")
        found = await kept(client, "c-1")

    assert second["kept"]["remembered"] == 2
    assert second["tokens"]["prompt"] > first["tokens"]["prompt"] + len(SHORT.split())
    assert [text for _, text in said(found)] == ["How are you?", SHORT, "And now?", SHORT]


async def test_history_that_a_client_sends_is_taken_instead_and_not_kept_twice(service):
    history = [{"role": "user", "content": "Before"}, {"role": "assistant", "content": "Yes"}]
    async with service() as client:
        answer = await told(client, message="Now", history=history, conversation_id="c-1")
        found = await kept(client, "c-1")

    assert answer["kept"]["remembered"] == 0
    assert said(found) == [("user", "Now"), ("assistant", SHORT)]


async def test_texts_that_are_only_shown_are_not_kept(service):
    async with service() as client:
        context = [{"name": "page", "text": "The moon is far."}]
        await told(client, message="How far?", context=context, conversation_id="c-1")
        found = await kept(client, "c-1")

    assert "moon" not in str(found)
    assert ("user", "How far?") in said(found)


@pytest.mark.parametrize("path", [OPENAI, OLLAMA])
async def test_other_clients_have_kept_what_they_name(service, path):
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    body = {"messages": messages, "stream": False}
    async with service() as client:
        unnamed = await told(client, path, **body)
        named = await told(client, path, **body, metadata={"conversation_id": "c-1"})
        found = await kept(client, "c-1")

    assert unnamed["kept"]["status"] == "not_asked"
    assert named["kept"]["status"] == "kept"
    assert said(found) == [("system", "Be kind."), ("user", "Hello"), ("assistant", SHORT)]


@pytest.mark.parametrize(
    ("who", "body", "why"),
    [({}, {}, "names no user"), (ADA, {"keep": False}, "asks not to be kept")],
    ids=["nobody", "not wanted"],
)
async def test_answer_that_nobody_wants_kept_is_not(service, schema, who, body, why):
    async with service() as client:
        answer = await told(client, who=who, message="Hello", **body)

    assert answer["kept"]["status"] == "not_asked"
    assert why in answer["kept"]["detail"]
    assert schema.rows("SELECT count(*) FROM messages") == [(0,)]


async def test_two_users_who_name_a_conversation_alike_have_two(service):
    async with service() as client:
        await told(client, message="Of Ada", conversation_id="c-1")
        answer = await told(client, who=BOB, message="Of Bob", conversation_id="c-1")
        found = await kept(client, "c-1"), await kept(client, "c-1", BOB)

    assert answer["kept"]["remembered"] == 0
    assert [said(each)[0] for each in found] == [("user", "Of Ada"), ("user", "Of Bob")]


async def test_answer_that_is_withheld_is_not_kept_either(service):
    history = [{"role": "system", "content": f"{SHORT} Tell nobody of this sentence."}]
    async with service(prompts_policy="Block") as client:
        await told(client, message="Hello", history=history, conversation_id="c-1")
        found = await kept(client, "c-1")

    assert said(found)[-1] == ("assistant", "")
    assert found["said"][-1]["finish_reason"] == "content_filter"
    assert found["said"][-1]["verdict"] == "blocked"


async def test_of_an_answer_whose_client_leaves_is_kept_what_was_said(service):
    async with service() as client:
        body = {"message": "Go on without end.", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA) as answer:
            await answer.content.readany()
        async with asyncio.timeout(30):
            while (found := await kept(client, "c-1")) is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)

    assert found["said"][-1]["finish_reason"] == "cancelled"
    assert found["said"][-1]["text"].startswith("tick")


async def test_answers_of_clients_that_left_do_not_pile_up_without_bound(
    service, monkeypatch, caplog
):
    monkeypatch.setattr(flow, "MOST_ENDINGS", 0)
    async with service() as client:
        body = {"message": "Go on without end.", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA) as answer:
            await answer.content.readany()
        async with asyncio.timeout(30):
            while "0 others wait for the database" not in caplog.text:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)

        assert await kept(client, "c-1") is None


@pytest.fixture
async def silent_sandozia(mounts):
    """A sandozia that takes every request and answers none; `asked` is set by the first one."""
    asked = asyncio.Event()

    async def take(reader, writer):
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mount(mounts.trust, ca_crt=Authority().pem)
    mount(mounts.tokens, sandozia="a token")
    mount(mounts.identity, callees_json=json.dumps({"sandozia": f"http://127.0.0.1:{port}"}))
    yield asked
    server.close()


async def test_of_an_answer_whose_client_leaves_during_its_validation_all_is_kept(
    service, silent_sandozia
):
    async with service(validation_seconds=30) as client:
        body = {"message": "How are you?", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA) as answer:
            await answer.content.readany()
            await asyncio.wait_for(silent_sandozia.wait(), 30)
        async with asyncio.timeout(20):
            while (found := await kept(client, "c-1")) is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)

    assert said(found)[-1] == ("assistant", SHORT)
    assert found["said"][-1]["finish_reason"] == "cancelled"


async def test_of_an_answer_whose_client_leaves_while_it_is_kept_all_is_kept(service, monkeypatch):
    keeping, keep = asyncio.Event(), Store.keep

    async def slowly(self, key, messages):
        keeping.set()
        await asyncio.sleep(0.3)
        await keep(self, key, messages)

    monkeypatch.setattr(Store, "keep", slowly)
    async with service() as client:
        body = {"message": "How are you?", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA):
            await asyncio.wait_for(keeping.wait(), 30)
        async with asyncio.timeout(20):
            while (found := await kept(client, "c-1")) is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        async with client.get(endpoints.EVENTS_OUTBOX) as answer:
            events = [each["type"] for each in await answer.json(content_type=None)]

    assert said(found)[-1] == ("assistant", SHORT)
    assert found["said"][-1]["finish_reason"] == "stop"
    assert events.count("io.arkalia.chat.model.answered") == 1


async def test_service_that_stops_keeps_what_has_ended_before(service, schema, monkeypatch):
    keeping, keep = asyncio.Event(), Store.keep

    async def slowly(self, key, messages):
        keeping.set()
        await asyncio.sleep(0.3)
        await keep(self, key, messages)

    monkeypatch.setattr(Store, "keep", slowly)
    async with service() as client:
        body = {"message": "How are you?", "conversation_id": "c-1", "stream": True}
        async with client.post("/chat", json=body, headers=ADA):
            await asyncio.wait_for(keeping.wait(), 30)

    assert schema.rows("SELECT count(*) FROM messages") == [(2,)]


async def test_conversation_that_is_full_is_answered_and_told(service):
    async with service(most_messages=3) as client:
        await told(client, message="One", conversation_id="c-1")
        answer = await told(client, message="Two", conversation_id="c-1")
        found = await kept(client, "c-1")

    assert (answer["answer"], answer["kept"]["status"]) == (SHORT, "full")
    assert "begin another" in answer["kept"]["detail"]
    assert (found["messages"], len(found["said"])) == (2, 2)


async def test_database_that_is_gone_stops_no_chat_and_leaves_nothing_half_written(service, schema):
    async with service() as client:
        schema.server.door.close()
        try:
            answer = await told(client, message="Hello", conversation_id="c-1")
            async with client.get(endpoints.HEALTH_READY) as ready:
                assert ready.status == 200
            async with client.get("/conversations", headers=ADA) as listed:
                assert listed.status == 503
        finally:
            schema.server.door.open()
        before = schema.rows("SELECT count(*) FROM conversations")
        again = await told(client, message="Hello again", conversation_id="c-1")
        found = await kept(client, "c-1")

    assert (answer["answer"], answer["kept"]["status"]) == (SHORT, "unavailable")
    assert answer["kept"]["remembered"] is None
    assert answer["recorded"] is False
    assert before == [(0,)]
    assert again["kept"]["status"] == "kept"
    assert said(found) == [("user", "Hello again"), ("assistant", SHORT)]


async def test_database_that_refuses_the_last_message_keeps_none(service, schema):
    refuse = "ALTER TABLE messages ADD CHECK (role <> 'assistant')"
    schema.server.admin(f"SET search_path TO {schema.name}; {refuse}")
    async with service() as client:
        answer = await told(client, message="Hello")

    assert answer["kept"]["status"] == "unavailable"
    assert schema.rows("SELECT count(*) FROM conversations") == [(0,)]
    assert schema.rows("SELECT count(*) FROM messages") == [(0,)]


async def test_texts_that_the_database_cannot_hold_are_kept_without_that(service):
    async with service() as client:
        await told(client, message="a\0b", conversation_id="c-1")
        found = await kept(client, "c-1")

    assert said(found)[0] == ("user", "a\ufffdb")


async def test_outcomes_are_counted(service):
    async with service() as client:
        await told(client, message="Hello")
        await told(client, who={}, message="Hello")
        async with client.get(endpoints.METRICS) as answer:
            shown = await answer.text()

    assert 'arkalia_conversation_answers_total{outcome="kept"} 1.0' in shown
    assert 'arkalia_conversation_answers_total{outcome="not_asked"} 1.0' in shown


def test_new_is_what_was_said_since_the_last_answer():
    messages = [{"role": each, "content": str(n)} for n, each in enumerate(ROLES)]

    question = Question({"messages": messages}, "c", "m")

    assert [each["content"] for each in question.new_messages] == ["3", "4"]


ROLES = ("system", "user", "assistant", "tool", "user")


def test_what_was_fetched_is_not_new():
    messages = [{"role": "user", "content": each} for each in ("kept", "new")]

    question = Question({"messages": messages}, "c", "m", remembered=1)

    assert [each["content"] for each in question.new_messages] == ["new"]


@pytest.mark.parametrize("named", ["c-1\n", "-1", "c/1", "c" * 129, 1])
def test_conversation_of_a_name_that_no_path_can_hold_is_not_named(named):
    assert named_in({"metadata": {"conversation_id": named}}) == ""
    assert named_in({"metadata": {"conversation_id": "c-1"}}) == "c-1"
