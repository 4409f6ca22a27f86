"""Who proves who they are gets a session; all others get the same refusal."""

import jwt
import pytest

from arkalia_contract import headers
from arkalia_security.app import create
from unit.arkalia_runtime.serving import served
from unit.arkalia_security.asking import ADMIN, HERE, PASSWORD, Asking, told


async def test_password_begins_a_session_whose_token_the_view_verifies(service, settings):
    status, tokens = await service.log_in()

    view = await service.view()
    [key] = [jwt.PyJWK(each) for each in view["signing_keys"]]
    audience = f"{view['audience']}/sessions"
    claims = jwt.decode(tokens["access_token"], key, ["EdDSA"], audience=audience)
    assert status == 200
    assert claims["sub"] == view["users"][0]["id"]
    assert claims["iss"] == view["audience"]
    assert claims["exp"] - claims["iat"] == settings.token_seconds == tokens["expires_in"]


async def test_wrong_password_and_unknown_name_are_told_alike(service):
    wrong = await service.log_in("admin", "not the password")
    unknown = await service.log_in("nobody", "not the password")
    without_password = await service.log_in("nobody", PASSWORD)

    assert wrong[0] == unknown[0] == without_password[0] == 401
    assert wrong[1]["detail"] == unknown[1]["detail"] == without_password[1]["detail"]


async def test_disabled_user_is_told_nothing_else_than_a_stranger(service):
    await service.user("ada")
    await service.done("PATCH", "/users/ada", {"disabled": True}, user="root")

    status, problem = await service.log_in("ada", PASSWORD)

    assert (status, problem["detail"]) == (401, "Name, password or code is wrong.")


async def test_user_without_a_password_cannot_log_in(service):
    await service.done("POST", "/users", {"name": "robot"}, user="root")

    assert (await service.log_in("robot", "anything at all"))[0] == 401


async def test_every_try_is_told_with_the_address_that_the_gateway_names(service, schema):
    await service.log_in(client="203.0.113.9")
    await service.log_in("admin", "wrong", client=f"10.0.0.1, {HERE}")

    [good], [bad] = told(schema, "login.succeeded"), told(schema, "login.refused")
    assert (good["method"], good["client_address"]) == ("password", "203.0.113.9")
    assert (bad["method"], bad["client_address"], bad["reason"]) == (
        "password",
        HERE,
        "for the name admin",
    )


async def test_no_password_stands_in_the_database(settings, schema):
    async with served(create(settings)) as session:
        service = Asking(session)
        await service.administrator()
        await service.user("ada")

    rows = schema.rows("SELECT * FROM users")

    assert PASSWORD not in str(rows)
    assert str(rows).count("$argon2id$v=19$m=65536,t=3,p=4$") == 2


async def test_own_password_is_changed_by_who_knows_the_old_one(service, schema):
    ada = await service.user("ada")
    body = {"old": PASSWORD, "new": "another one that is long"}
    await service.done("POST", "/auth/password", body, user=ada, scopes="")

    assert (await service.log_in("ada", PASSWORD))[0] == 401
    assert (await service.log_in("ada", body["new"]))[0] == 200
    assert told(schema, "credential.changed")[-1]["change"] == "replaced"


async def test_own_password_is_not_changed_by_who_guesses_the_old_one(service):
    ada = await service.user("ada")
    body = {"old": "a guess that is wrong", "new": "another one that is long"}

    statuses = [
        (await service.ask("POST", "/auth/password", body, user=ada, scopes=""))[0]
        for _ in range(6)
    ]

    assert statuses == [401, 401, 401, 401, 401, 429]
    assert (await service.ask("POST", "/auth/login"))[0] == 422


async def test_change_of_the_password_ends_all_sessions(service):
    ada = await service.user("ada")
    _, tokens = await service.log_in("ada", PASSWORD)
    body = {"old": PASSWORD, "new": "another one that is long"}
    await service.done("POST", "/auth/password", body, user=ada, scopes="")

    status, _ = await service.ask(
        "POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}
    )

    assert status == 401
    assert tokens["session_id"] in (await service.view())["ended_sessions"]


@pytest.mark.parametrize("path", ["/auth/password", "/auth/mfa"])
async def test_key_does_not_change_the_account_of_its_user(service, path):
    ada = await service.user("ada")
    body = {"old": PASSWORD, "new": "another one that is long"} if "pass" in path else None

    status, problem = await service.ask("POST", path, body, user=ada, key="abc")

    assert (status, problem["detail"].split(":")[0]) == (403, "This takes a session")


async def test_who_asks_learns_who_they_are(service):
    ada = await service.user("ada")

    who = {"user": ada, "roles": "user,operator", "scopes": "chat tasks", "key": "k1"}
    me = await service.done("GET", "/auth/me", **who)

    assert me == {
        "id": ada,
        "name": "ada",
        "kept_by": "system",
        "roles": ["operator", "user"],
        "scopes": ["chat", "tasks"],
        "key": "k1",
        "second_factor": False,
    }


async def test_request_without_a_user_is_refused(service):
    status, problem = await service.ask("GET", "/auth/me")

    assert (status, headers.USER in str(problem)) == (401, False)


async def test_user_of_an_openid_provider_learns_what_is_known_of_them(service):
    who = {"user": "openid:auth0%7Cada", "roles": "user", "scopes": "chat"}

    assert await service.done("GET", "/auth/me", **who) == {
        "id": "openid:auth0%7Cada",
        "name": "auth0|ada",
        "kept_by": "openid",
        "roles": ["user"],
        "scopes": ["chat"],
        "key": None,
        "second_factor": False,
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/password", {"old": "x" * 12, "new": "y" * 12}),
        ("/auth/mfa", None),
        ("/auth/mfa/confirm", {"code": "123456"}),
        ("/auth/mfa/remove", {"code": "123456"}),
    ],
)
async def test_user_of_an_openid_provider_is_told_who_changes_the_account(service, path, body):
    status, problem = await service.ask("POST", path, body, user="openid:ada")

    assert (status, "whoever keeps it changes it" in problem["detail"]) == (404, True)


async def test_user_who_is_gone_is_not_found(service):
    assert (await service.ask("GET", "/auth/me", user="gone"))[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"user": "Admin", "password": ADMIN},
        {"user": "admin"},
        {"user": "admin", "password": "x" * 257},
        {"user": "admin", "password": ADMIN, "more": 1},
    ],
    ids=["upper case", "no password", "long", "unknown field"],
)
async def test_login_of_another_form_is_refused_without_repeating_it(service, body):
    status, problem = await service.ask("POST", "/auth/login", body)

    assert status == 422
    assert ADMIN not in str(problem)
