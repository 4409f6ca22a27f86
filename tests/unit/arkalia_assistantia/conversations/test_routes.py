"""What the owner of conversations can do with them, over HTTP."""

import json
from http import HTTPStatus

import pytest

from arkalia_assistantia.conversations.forms import Conversation
from arkalia_assistantia.conversations.store import ConversationKey, Store
from arkalia_assistantia.settings import AssistantSettings
from arkalia_runtime.database import Database
from unit.arkalia_assistantia.conversations.conftest import a_turn, lead

ADA, BOB = {"Arkalia-User": "ada"}, {"Arkalia-User": "bob"}


@pytest.fixture
async def client(recorded):
    async with recorded(prompts_retention_days=7, database_timeout_seconds=2) as opened:
        yield opened


@pytest.fixture
async def store(recorded, mounts):
    own = {"system": "", "module": "assistantia"}
    settings = AssistantSettings(**mounts.settings | own)
    async with Database.of(settings).open() as database:
        yield Store(database, settings)


async def answered(client, method, path, who=ADA):
    """Status and JSON of an answer."""
    async with client.request(method, path, headers=who) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def test_list_is_told_in_pages_with_the_days_that_it_stays(client, store):
    await lead(store, "ada", 3)

    _, first = await answered(client, "GET", "/conversations?limit=2")
    _, second = await answered(client, "GET", f"/conversations?limit=2&before={first['next']}")

    assert [each["id"] for each in first["conversations"]] == ["c-002", "c-001"]
    assert [each["id"] for each in second["conversations"]] == ["c-000"]
    assert second["next"] is None
    assert first["retention_days"] == 7
    assert first["conversations"][0]["title"] == "Question 2"


async def test_nobody_meets_what_is_somebody_elses(client, store):
    await lead(store, "ada", 1)

    assert (await answered(client, "GET", "/conversations", BOB))[1]["conversations"] == []
    for method in ("GET", "DELETE"):
        status, problem = await answered(client, method, "/conversations/c-000", BOB)
        assert (status, problem["detail"]) == (404, "You have no conversation c-000.")
    assert (await answered(client, "DELETE", "/conversations", BOB))[1] == {"deleted": 0}
    assert (await answered(client, "GET", "/conversations/c-000"))[0] == HTTPStatus.OK


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/conversations"),
        ("DELETE", "/conversations"),
        ("GET", "/conversations/c"),
        ("DELETE", "/conversations/c"),
        ("GET", "/export"),
    ],
)
async def test_who_is_nobody_is_told_to_log_in(client, method, path):
    status, problem = await answered(client, method, path, {})

    assert status == HTTPStatus.UNAUTHORIZED
    assert "log in" in problem["detail"]


async def test_export_has_all_of_the_owner_and_nothing_else(client, store):
    await lead(store, "ada", 2)
    await lead(store, "bob", 1, "secret")

    async with client.get("/export", headers=ADA) as answer:
        lines = (await answer.text()).splitlines()

    assert answer.content_type == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="conversations.jsonl"'
    found = [Conversation.model_validate_json(each) for each in lines]
    assert {each.id for each in found} == {"c-000", "c-001"}
    assert [each.text for each in found[0].said] == ["Question 1", "Yes."]


async def test_one_or_all_are_deleted(client, store):
    await lead(store, "ada", 3)

    assert await answered(client, "DELETE", "/conversations/c-001") == (204, None)
    assert (await answered(client, "GET", "/conversations/c-001"))[0] == 404
    assert await answered(client, "DELETE", "/conversations") == (200, {"deleted": 2})
    assert (await answered(client, "GET", "/conversations"))[1]["conversations"] == []


@pytest.mark.parametrize(
    "query", ["before=x", "before=1.", "before=99999999999999999999.a", "limit=0", "limit=201"]
)
async def test_page_that_does_not_exist_is_refused(client, query):
    status, problem = await answered(client, "GET", f"/conversations?{query}")

    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert problem["errors"]


async def test_every_mark_that_the_form_allows_is_answered(client):
    status, _ = await answered(client, "GET", f"/conversations?before={'9' * 17}.a")

    assert status == HTTPStatus.OK


async def test_database_that_is_gone_is_told(client, store, schema):
    await store.keep(ConversationKey("ada", "c"), a_turn("Hello"))
    schema.server.door.close()
    try:
        for method, path in (
            ("GET", "/conversations"),
            ("GET", "/export"),
            ("DELETE", "/conversations"),
        ):
            status, _ = await answered(client, method, path)
            assert status == HTTPStatus.SERVICE_UNAVAILABLE
    finally:
        schema.server.door.open()

    assert (await answered(client, "GET", "/conversations/c"))[0] == HTTPStatus.OK
