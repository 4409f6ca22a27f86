"""The shared state: a document is changed only by who has seen its last revision."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from unit.arkalia_globalstate.parts import Keeper

NEW = {"If-None-Match": "*"}


@pytest.fixture
async def client(keeper):
    keeper.follow()
    async with keeper.serving(most_states=5, most_state_bytes=200) as opened:
        yield opened


async def create(client, key, **value):
    status, headers, problem = await client.ask("PUT", f"/states/{key}", json=value, headers=NEW)
    assert status == 201, problem
    return headers["ETag"]


async def read(client, key):
    _, headers, value = await client.ask("GET", f"/states/{key}")
    return headers.get("ETag"), value


async def replace(client, key, etag, **value):
    return await client.ask("PUT", f"/states/{key}", json=value, headers={"If-Match": etag})


async def test_document_is_read_as_it_was_written(client):
    etag = await create(client, "mode", level="Observe", since=[1, {"deep": None}])

    assert await read(client, "mode") == (etag, {"level": "Observe", "since": [1, {"deep": None}]})


async def test_document_is_replaced_by_who_knows_it(client):
    first = await create(client, "mode", level=1)
    status, headers, _ = await replace(client, "mode", first, level=2)

    assert (status, await read(client, "mode")) == (204, (headers["ETag"], {"level": 2}))
    assert headers["ETag"] != first


async def test_document_is_not_replaced_by_who_knows_an_older_one(client):
    first = await create(client, "mode", level=1)
    await replace(client, "mode", first, level=2)
    status, _, problem = await replace(client, "mode", first, level=3)

    assert (status, problem["status"]) == (412, 412)
    assert (await read(client, "mode"))[1] == {"level": 2}


async def test_writer_must_say_what_it_knows(client):
    etag = await create(client, "mode", level=1)
    put, _, _ = await client.ask("PUT", "/states/mode", json={})
    delete, _, _ = await client.ask("DELETE", "/states/mode")

    assert (put, delete) == (428, 428)
    assert await read(client, "mode") == (etag, {"level": 1})


async def test_document_is_made_once(client):
    await create(client, "mode", level=1)
    status, _, _ = await client.ask("PUT", "/states/mode", json={}, headers=NEW)

    assert status == 412


async def test_one_of_many_writers_at_once_wins(client):
    etag = await create(client, "mode", level=0)
    answers = await asyncio.gather(
        *(replace(client, "mode", etag, level=number) for number in range(8))
    )

    assert sorted(status for status, _, _ in answers) == [204] + [412] * 7


async def test_deleted_document_is_gone_and_its_revision_does_not_come_back(client):
    first = await create(client, "mode", level=1)
    status, _, _ = await client.ask("DELETE", "/states/mode", headers={"If-Match": first})
    gone, _, _ = await client.ask("GET", "/states/mode")
    second = await create(client, "mode", level=1)

    assert (status, gone) == (204, 404)
    assert second != first


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_document_that_does_not_exist_is_not_found(client, method):
    content = {"json": {}} if method == "PUT" else {}
    headers = {} if method == "GET" else {"If-Match": '"1"'}
    status, _, problem = await client.ask(method, "/states/mode", headers=headers, **content)

    assert (status, problem["detail"]) == (404, "There is no document mode.")


async def test_document_that_is_known_already_is_not_sent_again(client):
    etag = await create(client, "mode", level=1)
    status, headers, value = await client.ask(
        "GET", "/states/mode", headers={"If-None-Match": etag}
    )

    assert (status, headers["ETag"], value) == (304, etag, None)


async def test_documents_are_listed_by_their_beginning_page_by_page(client):
    for key in ("zeroia:b", "zeroia:a", "reflexia:a", "zeroia_x"):
        await create(client, key, level=1)
    _, _, all_of_zeroia = await client.ask("GET", "/states?prefix=zeroia:")
    _, _, page = await client.ask("GET", "/states?after=reflexia:a&limit=2")

    assert [each["key"] for each in all_of_zeroia] == ["zeroia:a", "zeroia:b"]
    assert [each["key"] for each in page] == ["zeroia:a", "zeroia:b"]
    assert all_of_zeroia[0]["changed_by"] == "module:helloria"


async def test_number_of_documents_has_a_bound(client):
    for number in range(5):
        await create(client, f"k{number}", level=1)
    status, _, problem = await client.ask("PUT", "/states/more", json={}, headers=NEW)

    assert (status, "5 documents" in problem["detail"]) == (507, True)


async def test_document_that_is_there_is_told_of_when_no_more_can_be_added(client):
    for number in range(5):
        await create(client, f"k{number}", level=1)

    status, _, _ = await client.ask("PUT", "/states/k1", json={}, headers=NEW)

    assert status == 412


async def test_number_of_documents_has_a_bound_when_many_are_made_at_once(client):
    wanted = [client.ask("PUT", f"/states/k{number}", json={}, headers=NEW) for number in range(12)]

    answers = await asyncio.gather(*wanted)

    assert sorted(status for status, _, _ in answers) == [201] * 5 + [507] * 7


async def test_length_of_a_document_has_a_bound(client):
    long = {"text": "x" * 300}
    made, _, _ = await client.ask("PUT", "/states/mode", json=long, headers=NEW)
    etag = await create(client, "mode", level=1)
    replaced, _, _ = await replace(client, "mode", etag, **long)

    assert (made, replaced) == (413, 413)


@pytest.mark.parametrize("key", ["%20", "-a", "a" * 129, "a%2Fb"])
async def test_key_of_other_letters_is_refused(client, key):
    status, _, _ = await client.ask("PUT", f"/states/{key}", json={}, headers=NEW)

    assert status in {404, 422}


@pytest.mark.parametrize("body", ["[]", "1", '"text"', "{", ""])
async def test_document_must_be_an_object(client, body):
    headers = NEW | {"Content-Type": "application/json"}
    status, _, _ = await client.ask("PUT", "/states/mode", data=body, headers=headers)

    assert status == 422


@asynccontextmanager
async def without_database(keeper: Keeper, postgresql):
    postgresql.door.close()
    try:
        async with keeper.serving(database_timeout_seconds=0.3) as client:
            yield client
    finally:
        postgresql.door.open()


async def test_service_says_503_while_the_database_is_away(keeper, postgresql):
    keeper.follow()
    async with without_database(keeper, postgresql) as client:
        status, headers, _ = await client.ask("GET", "/states/mode")
        ready, _, _ = await client.ask("GET", "/health/ready")

    assert (status, headers["Retry-After"], ready) == (503, "2", 503)
