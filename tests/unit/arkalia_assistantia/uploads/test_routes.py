"""What users can do with their files, over HTTP, in a real PostgreSQL."""

import asyncio
import json
import time
from http import HTTPStatus

import aiohttp
import pytest

from arkalia_assistantia.purging import Purging
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads.store import Uploads
from arkalia_runtime.database import Database

ADA, BOB = {"Arkalia-User": "ada"}, {"Arkalia-User": "bob"}
NOTES = "The pod zeroia-0 restarted 7 times."


@pytest.fixture
async def client(recorded):
    async with recorded(
        most_upload_bytes=100, most_uploads=3, prompts_retention_days=7, database_timeout_seconds=2
    ) as opened:
        yield opened


@pytest.fixture
async def uploads(recorded, mounts):
    settings = AssistantSettings(**mounts.settings | {"system": "", "module": "assistantia"})
    async with Database.of(settings).open() as database:
        yield Uploads(database, settings)


async def sent(client, content=NOTES, name="notes.txt", declared="text/plain", who=ADA):
    form = aiohttp.FormData({"purpose": "user_data"})
    form.add_field("file", content, filename=name, content_type=declared)
    async with client.post("/v1/files", data=form, headers=who) as answer:
        return answer.status, await answer.json(content_type=None)


async def asked(client, method, path, who=ADA):
    """Status and JSON of an answer."""
    async with client.request(method, path, headers=who) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def test_file_is_told_as_clients_of_openai_know_it(client):
    before = int(time.time())

    status, told = await sent(client)

    assert status == HTTPStatus.OK
    assert told.pop("id").startswith("file-")
    assert before <= told.pop("created_at") == told.pop("expires_at") - 7 * 86_400
    assert told == {
        "object": "file",
        "filename": "notes.txt",
        "media_type": "text/plain",
        "bytes": len(NOTES),
        "purpose": "user_data",
        "status": "processed",
    }


async def test_what_stands_in_it_comes_back_as_plain_text(client):
    _, told = await sent(client, "<script>alert(1)</script>", "page.html", "text/html")

    async with client.get(f"/v1/files/{told['id']}/content", headers=ADA) as answer:
        assert answer.content_type == "text/plain"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.text() == "<script>alert(1)</script>"


async def test_files_are_listed_in_pages_the_newest_first(client):
    made = [(await sent(client, name=f"{n}.txt"))[1]["id"] for n in range(3)]

    _, first = await asked(client, "GET", "/v1/files?limit=2")
    _, second = await asked(client, "GET", f"/v1/files?limit=2&after={first['last_id']}")

    assert [each["id"] for each in first["data"]] == made[:0:-1]
    assert [each["id"] for each in second["data"]] == made[:1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert first["first_id"] == made[2]


async def test_list_goes_on_behind_a_file_that_was_deleted(client):
    made = [(await sent(client, name=f"{n}.txt"))[1]["id"] for n in range(3)]
    await asked(client, "DELETE", f"/v1/files/{made[1]}")

    _, rest = await asked(client, "GET", f"/v1/files?after={made[1]}")

    assert [each["id"] for each in rest["data"]] == made[:1]


async def test_nobody_meets_what_is_somebody_elses(client):
    _, told = await sent(client)

    assert (await asked(client, "GET", "/v1/files", BOB))[1]["data"] == []
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        status, problem = await asked(client, method, f"/v1/files/{told['id']}{path}", BOB)
        assert (status, problem["detail"]) == (404, f"You have no file {told['id']}.")
    assert (await asked(client, "GET", f"/v1/files/{told['id']}"))[0] == HTTPStatus.OK


async def test_deleted_file_is_gone(client):
    _, told = await sent(client)

    status, gone = await asked(client, "DELETE", f"/v1/files/{told['id']}")

    assert (status, gone) == (200, {"id": told["id"], "object": "file", "deleted": True})
    assert (await asked(client, "GET", f"/v1/files/{told['id']}"))[0] == HTTPStatus.NOT_FOUND
    assert (await asked(client, "DELETE", f"/v1/files/{told['id']}"))[0] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("what", "status", "told"),
    [
        (("a" * 101, "long.txt"), 413, "long.txt is longer than 100 bytes"),
        ((b"\x89PNG", "cat.png", "image/png"), 415, "cat.png is image/png: send "),
        ((b"caf\xe9", "menu.txt"), 415, "menu.txt is not UTF-8 at byte 3"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_what_to_send(client, what, status, told):
    answer, problem = await sent(client, *what)

    assert answer == status
    assert told in problem["detail"]
    assert (await asked(client, "GET", "/v1/files"))[1]["data"] == []


async def test_request_without_a_file_is_told_what_is_missing(client):
    async with client.post("/v1/files", data={"purpose": "user_data"}, headers=ADA) as answer:
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "file" in await answer.text()


async def test_number_of_files_has_a_bound_for_each_user_also_for_many_at_once(client):
    found = await asyncio.gather(*(sent(client, name=f"{n}.txt") for n in range(8)))

    assert sorted(status for status, _ in found) == [200] * 3 + [409] * 5
    assert {each["detail"] for status, each in found if status == HTTPStatus.CONFLICT} == {
        "At most 3 files of a user are kept, and you have 3."
    }
    assert (await sent(client, who=BOB))[0] == HTTPStatus.OK


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/files"), ("GET", "/v1/files/file-1"), ("DELETE", "/v1/files/file-1")],
)
async def test_who_is_nobody_is_told_to_log_in(client, method, path):
    status, problem = await asked(client, method, path, {})

    assert status == HTTPStatus.UNAUTHORIZED
    assert "log in" in problem["detail"]


async def test_database_that_is_away_is_told_and_takes_nothing(client, schema):
    schema.server.door.close()
    try:
        assert (await sent(client))[0] == HTTPStatus.SERVICE_UNAVAILABLE
    finally:
        schema.server.door.open()

    assert (await asked(client, "GET", "/v1/files"))[1]["data"] == []


async def test_files_are_deleted_when_their_days_are_over(client, uploads, schema):
    _, old = await sent(client)
    _, young = await sent(client)
    schema.rows(
        f"UPDATE uploads SET created_at = now() - interval '8 days' WHERE id = '{old['id']}' "
        "RETURNING 1"
    )

    assert await Purging(uploads, 7).purge() == 1
    left = (await asked(client, "GET", "/v1/files"))[1]["data"]
    assert [each["id"] for each in left] == [young["id"]]
