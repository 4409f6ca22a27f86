"""Who is let in: with a key or a session that `security` gave, and only where its scopes lead."""

import asyncio
import time

import pyotp
import pytest

from arkalia_helloria.callers import DeniedError
from arkalia_helloria.routes import Route
from arkalia_runtime.calls.client import FAILURES_UNTIL_OPEN
from unit.arkalia_helloria.access.accounts import CLIENT, a_route
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

LOGIN = {"user": "ada", "password": "correct horse battery"}


async def until(come, status):
    """Seconds until *come* is answered with *status*."""
    start = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await come())[0] != status:  # noqa: ASYNC110 - polls the door
            await asyncio.sleep(0.02)
    return time.monotonic() - start


async def test_key_lets_in_at_once_after_it_was_made(visitor, key, ada):
    caller = await visitor.comes(key["key"])

    assert (caller.user, caller.key, caller.scopes) == (ada, key["id"], {"chat"})
    assert caller.roles == {"user"}


async def test_key_lets_in_by_its_own_header_too(visitor, key, ada):
    assert (await visitor.comes(**{"x-api-key": key["key"]})).user == ada


async def test_revoked_key_is_refused_within_seconds(visitor, security, key, ada):
    assert (await visitor.comes(key["key"])).user == ada
    await security("DELETE", f"/keys/{key['id']}", user=ada)

    assert await until(lambda: refused(visitor, key["key"]), 401) < 5


async def test_refusal_names_who_may_not(visitor, key, ada):
    with pytest.raises(DeniedError) as refusal:
        await visitor.door.let_in({"x-api-key": key["key"]}, CLIENT, a_route("tasks"), "GET")

    assert (refusal.value.status, refusal.value.caller.user) == (403, ada)


async def refused(visitor, credential, route=None):
    answer = await visitor.comes(credential, route)
    return answer if isinstance(answer, tuple) else (200, answer)


async def test_session_lets_in_with_what_the_roles_grant(visitor, security, ada):
    tokens = await security("POST", "/auth/login", LOGIN)

    caller = await visitor.comes(tokens["access_token"])

    assert (caller.user, caller.key, caller.scopes) == (ada, None, {"chat*", "model:*"})


async def test_who_has_no_second_factor_may_only_set_one_up_where_it_is_a_duty(accounts):
    async with accounts.serving(mfa="Required"), accounts.asking() as ask, accounts.door() as who:
        body = {"name": "ada", "password": "correct horse battery"}
        ada = (await ask("POST", "/users", body, user="root"))["id"]
        key = (await ask("POST", "/keys", {"name": "k", "scopes": ["chat"]}, user=ada))["key"]
        tokens = await ask("POST", "/auth/login", LOGIN)
        own = a_route(path="/auth/mfa", module="security")

        async def comes(route):
            return await who.comes(tokens["access_token"], route)

        refused = [await comes(a_route("chat")), await comes(a_route())]
        enrolling = await comes(own)
        secret = (await ask("POST", "/auth/mfa", user=ada))["secret"]
        await ask("POST", "/auth/mfa/confirm", {"code": pyotp.TOTP(secret).now()}, user=ada)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while isinstance(enrolled := await comes(a_route("chat")), tuple):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

        assert tokens["must_enrol"]
        assert {status for status, _ in refused} == {403}
        assert all("second factor" in sentence for _, sentence in refused)
        assert (enrolling.user, enrolling.scopes, enrolling.roles) == (ada, set(), set())
        assert enrolled.scopes == {"chat*", "model:*"}
        assert (await who.comes(key)).user == ada


async def test_ended_session_is_refused(visitor, security, ada):
    tokens = await security("POST", "/auth/login", LOGIN)
    assert (await visitor.comes(tokens["access_token"])).user == ada
    await security("POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]})

    await until(lambda: refused(visitor, tokens["access_token"]), 401)


async def test_disabled_user_is_refused_with_key_and_session(visitor, security, key, ada):
    tokens = await security("POST", "/auth/login", LOGIN)
    await visitor.comes(tokens["access_token"])
    await security("PATCH", "/users/ada", {"disabled": True}, user="root")

    await until(lambda: refused(visitor, key["key"]), 401)
    await until(lambda: refused(visitor, tokens["access_token"]), 401)


async def test_changed_role_counts_for_keys_that_are_out(visitor, security, key):
    await visitor.comes(key["key"])
    await security("PUT", "/roles/user", {"scopes": ["model:*"]}, user="root")

    await until(lambda: refused(visitor, key["key"]), 403)


async def test_caller_without_the_scope_is_told_which_one(visitor, key):
    assert await visitor.comes(key["key"], a_route("chat", "tasks")) == (
        403,
        "This takes the scope tasks, which you do not have.",
    )


async def test_route_without_scopes_is_for_everybody_who_is_known(visitor, key, ada):
    assert (await visitor.comes(key["key"], a_route())).user == ada
    assert (await visitor.comes(route=a_route()))[0] == 401


async def test_public_route_is_for_everybody(visitor):
    caller = await visitor.comes("rubbish", a_route("public"))

    assert (caller.user, caller.scopes) == ("", frozenset())


@pytest.mark.parametrize(
    "credential", ["rubbish", "ark_aaaaaaaaaaaaaaaa_bbbb", "a.b.c", "é", "x" * 9000]
)
async def test_rubbish_lets_nobody_in(visitor, credential):
    assert (await visitor.comes(credential))[0] == 401


@pytest.mark.parametrize(
    "said",
    [{"authorization": "Basic YTpi"}, {"authorization": "Bearer a", "x-api-key": "b"}],
    ids=["basic", "two"],
)
async def test_credential_of_another_form_is_refused(visitor, said):
    assert (await visitor.comes(**said))[0] == 401


async def test_rubbish_does_not_ask_security_each_time(visitor, schema):
    await visitor.comes("ark_a_b")
    looks = visitor.measured("arkalia_calls_total", callee="security", outcome="304") or 0
    start = time.monotonic()
    for number in range(50):
        await visitor.comes(f"ark_a_{number}")
    seconds = time.monotonic() - start

    asked = (visitor.measured("arkalia_calls_total", callee="security", outcome="304") or 0) - looks
    assert asked <= seconds / 0.25 + seconds + 2


async def test_while_security_is_away_what_is_known_is_good_for_a_while(accounts):
    async with accounts.serving(), accounts.asking() as ask, accounts.door() as visitor:
        user = (await ask("POST", "/users", {"name": "ada"}, user="root"))["id"]
        key = await ask("POST", "/keys", {"name": "k", "scopes": ["chat"]}, user=user)
        assert (await visitor.comes(key["key"])).user == user
        away = visitor
        await ask("GET", "/keys", user=user)
    # The door has ended with `security`; what it knew is what it judges by.
    assert (await away.comes(key["key"])).user == user


async def test_nobody_is_let_in_when_what_is_known_is_too_old(accounts, key):
    async with accounts.door(stale_seconds=0) as visitor:
        assert (await visitor.comes(key["key"]))[0] == 503


async def test_nobody_is_known_before_security_was_there(accounts):
    async with accounts.door() as visitor:
        status, sentence = await visitor.comes("ark_a_b")

    assert (status, "accounts are not reachable" in sentence) == (503, True)
    assert visitor.measured("arkalia_access_judged_total", outcome="unavailable") == 1


async def test_everybody_is_known_as_soon_as_security_is_there(accounts):
    """However long it was away: no breaker makes who comes then wait any longer."""
    async with accounts.door() as visitor:
        for _ in range(FAILURES_UNTIL_OPEN + 1):
            await visitor.comes("ark_a_b")
        async with accounts.serving(), accounts.asking() as ask:
            user = (await ask("POST", "/users", {"name": "ada"}, user="root"))["id"]
            key = await ask("POST", "/keys", {"name": "k", "scopes": ["chat"]}, user=user)

            assert (await visitor.comes(key["key"])).user == user


async def judged(schema, number):
    """What is told of so many requests."""
    asked = "SELECT data FROM outbox WHERE type = 'io.arkalia.access.judged'"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(data["count"] for (data,) in schema.rows(asked)) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [data for (data,) in schema.rows(asked)]


async def test_judgement_tells_by_which_of_its_routes_methods_was_asked(visitor, key, schema):
    route = Route("taskia", "/tasks/{id}", frozenset({"GET", "DELETE"}), frozenset({"chat"}))
    for method in ("GET", "GET", "DELETE", "HEAD"):
        await visitor.comes(key["key"], route, method)

    told = {data["method"]: data["count"] for data in await judged(schema, 4)}
    assert told == {"GET": 2, "DELETE": 1, "HEAD": 1}


async def test_every_decision_is_told_and_those_that_are_alike_once(visitor, key, schema, ada):
    for _ in range(3):
        await visitor.comes(key["key"])
    await visitor.comes(key["key"], a_route("tasks"))
    await visitor.comes("rubbish")
    await visitor.comes()

    told = {
        (data["user_id"], data["allowed"], data["route"]): data["count"]
        for data in await judged(schema, 6)
    }
    assert told[(ada, False, "taskia/tasks")] == 1
    assert told[("unknown", False, "taskia/tasks")] == 1
    assert told[("anonymous", False, "taskia/tasks")] == 1
    assert visitor.measured("arkalia_access_judged_total", outcome="allowed") == 3
    assert visitor.measured("arkalia_access_lost_judgements_total") == 0
