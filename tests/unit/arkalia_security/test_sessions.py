"""A session is renewed by a token that is good once, and ends when one was used twice."""

import asyncio

import jwt

from arkalia_security import sessions
from unit.arkalia_security.asking import PASSWORD, serving, told


async def refresh(service, token):
    return await service.ask("POST", "/auth/refresh", {"refresh_token": token})


async def begun(service):
    status, tokens = await service.log_in()
    assert status == 200
    return tokens


def make_older(schema, seconds):
    schema.rows(f"UPDATE sessions SET refreshed_at = refreshed_at - interval '{seconds} s'")


async def test_session_goes_on_with_the_newest_token(service):
    tokens = await begun(service)
    for _ in range(3):
        status, tokens = await refresh(service, tokens["refresh_token"])
        assert status == 200


async def test_token_that_was_lost_on_its_way_is_given_again(service):
    first = await begun(service)
    _, second = await refresh(service, first["refresh_token"])
    status, again = await refresh(service, first["refresh_token"])

    assert (status, again["refresh_token"]) == (200, second["refresh_token"])


async def test_token_that_is_used_again_later_ends_the_session(service, schema):
    first = await begun(service)
    _, second = await refresh(service, first["refresh_token"])
    make_older(schema, sessions.AGAIN_SECONDS + 1)

    assert (await refresh(service, first["refresh_token"]))[0] == 401
    assert (await refresh(service, second["refresh_token"]))[0] == 401
    [ended] = told(schema, "session.ended")
    assert (ended["session_id"], ended["actor"]) == (first["session_id"], "module:security")


async def test_many_renewals_at_once_lead_to_one_token(service):
    first = await begun(service)

    answers = await asyncio.gather(*(refresh(service, first["refresh_token"]) for _ in range(8)))

    assert {status for status, _ in answers} == {200}
    assert len({tokens["refresh_token"] for _, tokens in answers}) == 1


async def test_log_out_ends_the_session_and_tells_the_gateway(service, schema):
    tokens = await begun(service)
    before = (await service.view())["version"]
    status, _ = await service.ask(
        "POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]}
    )

    view = await service.view()
    assert status == 204
    assert view["ended_sessions"] == [tokens["session_id"]]
    assert view["version"] > before
    assert (await refresh(service, tokens["refresh_token"]))[0] == 401
    assert told(schema, "session.ended")[0]["actor"].startswith("user:")


async def test_garbage_renews_nothing_and_ends_nothing(service, schema):
    tokens = await begun(service)
    mark, session_id, secret = tokens["refresh_token"].split("_", 2)
    turned = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for wrong in ("x", "arr_", f"{mark}_{session_id}_{turned}", f"arr_{session_id}_é"):
        assert (await refresh(service, wrong))[0] == 401
        await service.ask("POST", "/auth/logout", {"refresh_token": wrong})

    assert told(schema, "session.ended") == []
    assert (await refresh(service, tokens["refresh_token"]))[0] == 200


async def test_session_ends_at_its_time(service, schema):
    tokens = await begun(service)
    schema.rows("UPDATE sessions SET expires_at = now()")

    assert (await refresh(service, tokens["refresh_token"]))[0] == 401


async def test_no_token_is_good_for_longer_than_its_session(service, schema):
    tokens = await begun(service)
    schema.rows("UPDATE sessions SET expires_at = now() + interval '60 s'")
    _, renewed = await refresh(service, tokens["refresh_token"])
    _, again = await refresh(service, tokens["refresh_token"])

    assert tokens["expires_in"] == 300
    assert 50 < renewed["expires_in"] <= 60
    assert 50 < again["expires_in"] <= 60
    claims = jwt.decode(renewed["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == renewed["expires_in"]


async def test_session_of_a_disabled_user_is_not_renewed(service):
    await service.user("ada")
    _, tokens = await service.log_in("ada", PASSWORD)
    await service.done("PATCH", "/users/ada", {"disabled": True}, user="root")

    assert (await refresh(service, tokens["refresh_token"]))[0] == 401


async def test_further_session_ends_the_oldest(settings, schema):
    async with serving(settings.model_copy(update={"most_sessions": 2})) as service:
        await service.administrator()
        begun_here = [await begun(service) for _ in range(3)]
        statuses = [(await refresh(service, each["refresh_token"]))[0] for each in begun_here]

    assert statuses == [401, 200, 200]


async def test_tables_alone_make_no_token(service, schema):
    tokens = await begun(service)
    secret = tokens["refresh_token"].split("_", 2)[2]

    assert secret not in str(
        schema.rows("SELECT id, user_id, encode(nonce, 'base64') FROM sessions")
    )
