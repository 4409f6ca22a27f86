"""API keys: shown once, known by a keyed digest, and never more than their user may."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from unit.arkalia_security.asking import serving, told

KEY = {"name": "laptop", "scopes": ["chat"]}


async def made(service, user, **changes):
    return await service.done("POST", "/keys", KEY | changes, user=user, scopes="chat* model:*")


async def test_key_is_shown_once_and_recognised_by_its_digest(service, schema):
    ada = await service.user("ada")
    key = await made(service, ada)

    view = await service.view()
    [viewed] = view["keys"]
    digest = hmac.new(bytes.fromhex(view["digest_key"]), key["key"].encode(), hashlib.sha256)
    assert viewed["digest"] == digest.hexdigest()
    assert (viewed["id"], viewed["user"], viewed["scopes"]) == (key["id"], ada, ["chat"])
    [listed] = await service.done("GET", "/keys", user=ada)
    assert "key" not in listed
    assert key["key"] not in str(schema.rows("SELECT * FROM api_keys"))


async def test_key_names_itself_and_has_256_bits(service):
    key = await made(service, await service.user("ada"))
    mark, key_id, secret = key["key"].split("_", 2)

    assert (mark, key_id) == ("ark", key["id"])
    assert len(secret) == 43


async def test_revoked_key_is_gone_from_the_view(service, schema):
    ada = await service.user("ada")
    key = await made(service, ada)
    await service.done("DELETE", f"/keys/{key['id']}", user=ada, scopes="")

    assert (await service.view())["keys"] == []
    [listed] = await service.done("GET", "/keys", user=ada)
    assert listed["revoked_at"]
    changes = [each for each in told(schema, "credential.changed") if "credential_id" in each]
    assert [(each["change"], each["credential_id"]) for each in changes] == [
        ("issued", key["id"]),
        ("revoked", key["id"]),
    ]


async def test_key_that_has_expired_is_not_in_the_view(service, schema):
    ada = await service.user("ada")
    await made(service, ada, expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert (await service.view())["keys"][0]["expires"]

    schema.rows("UPDATE api_keys SET expires_at = now() - interval '1 s'")

    assert (await service.view())["keys"] == []


async def test_text_that_cannot_be_kept_is_refused_with_what_to_leave_out(service):
    ada = await service.user("ada")

    status, problem = await service.ask(
        "POST", "/keys", KEY | {"name": "lap\0top"}, user=ada, scopes="chat*"
    )

    assert (status, "the character 0" in problem["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("expires_at", "status"),
    [
        ("0001-01-01T00:00:00+05:00", 422),
        ("2020-01-01T00:00:00Z", 422),
        ("9998-12-31T23:59:59Z", 201),
        ("9999-01-01T00:00:00Z", 422),
    ],
)
async def test_key_may_end_in_any_year_to_come_that_every_time_zone_has(
    service, expires_at, status
):
    ada = await service.user("ada")

    answered, _ = await service.ask(
        "POST", "/keys", KEY | {"expires_at": expires_at}, user=ada, scopes="chat*"
    )

    assert answered == status


async def test_nobody_gives_a_key_more_than_they_have(service):
    ada = await service.user("ada")
    body = KEY | {"scopes": ["chat", "users"]}

    status, problem = await service.ask("POST", "/keys", body, user=ada, scopes="chat*")

    assert (status, "users" in problem["detail"]) == (403, True)


async def test_nobody_gives_a_key_more_than_its_user_has(service):
    await service.user("ada")
    body = {"name": "k", "scopes": ["users"], "user": "ada"}

    assert (await service.ask("POST", "/keys", body, user="root"))[0] == 422


async def test_keys_of_others_take_the_scope(service):
    ada, eve = await service.user("ada"), await service.user("eve")
    key = await made(service, ada)
    as_eve = {"user": eve, "scopes": "chat*"}

    assert (await service.ask("GET", "/keys?user=ada", **as_eve))[0] == 403
    assert (await service.ask("DELETE", f"/keys/{key['id']}", **as_eve))[0] == 404
    assert (await service.ask("POST", "/keys", KEY | {"user": "ada"}, **as_eve))[0] == 403
    assert len(await service.done("GET", "/keys?user=ada", user=eve, scopes="keys")) == 1


async def test_key_makes_and_revokes_no_others_without_the_scope(service):
    ada = await service.user("ada")
    key = await made(service, ada)
    with_key = {"user": ada, "scopes": "chat", "key": key["id"]}

    assert (await service.ask("POST", "/keys", KEY, **with_key))[0] == 403
    assert (await service.ask("DELETE", f"/keys/{key['id']}", **with_key))[0] == 404


async def test_number_of_keys_has_a_bound(settings):
    async with serving(settings.model_copy(update={"most_keys": 1})) as service:
        ada = await service.user("ada")
        first = await made(service, ada)
        status, _ = await service.ask("POST", "/keys", KEY, user=ada)
        await service.done("DELETE", f"/keys/{first['id']}", user=ada)

        assert status == 409
        assert await made(service, ada)


@pytest.mark.parametrize(
    "change",
    [{"scopes": []}, {"scopes": ["a b"]}, {"name": ""}, {"expires_at": "2030-01-01T00:00:00"}],
    ids=["no scopes", "no scope", "no name", "no zone"],
)
async def test_key_of_another_form_is_refused(service, change):
    ada = await service.user("ada")

    assert (await service.ask("POST", "/keys", KEY | change, user=ada))[0] == 422


async def test_limits_of_tokens_are_viewed(service):
    await made(service, await service.user("ada"), tokens_per_minute=100, tokens_per_day=5000)

    [key] = (await service.view())["keys"]
    assert (key["tokens_per_minute"], key["tokens_per_day"]) == (100, 5000)


async def test_key_of_a_user_who_is_gone_is_gone(service):
    await made(service, await service.user("ada"))
    await service.done("DELETE", "/users/ada", user="root")

    assert (await service.view())["keys"] == []
