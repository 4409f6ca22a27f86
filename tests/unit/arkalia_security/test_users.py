"""Users: made, changed and removed by who may, and somebody can always mend the rest."""

import asyncio

import pytest

from unit.arkalia_security.asking import PASSWORD, serving, told


async def test_new_user_is_viewed_with_what_the_roles_grant(service, schema):
    ada = await service.user("ada", ["user"])

    [viewed] = [each for each in (await service.view())["users"] if each["name"] == "ada"]
    known = {"id": ada, "name": "ada", "roles": ["user"], "scopes": ["chat*", "model:*"]}
    assert viewed == {**known, "must_enrol": False}
    [made] = [each for each in told(schema, "user.changed") if each["name"] == "ada"]
    assert (made["change"], made["actor"]) == ("created", "user:root")


async def test_users_are_listed_by_name_in_pages(service):
    for name in ("cyd", "ada", "bob"):
        await service.done("POST", "/users", {"name": name}, user="root")
    first = await service.done("GET", "/users?limit=2", user="root")
    second = await service.done("GET", f"/users?after={first[-1]['name']}", user="root")

    assert [each["name"] for each in first + second] == ["ada", "admin", "bob", "cyd"]
    assert (await service.done("GET", "/users/cyd", user="root"))["has_password"] is False


async def test_name_is_given_once(service):
    await service.user("ada")

    assert (await service.ask("POST", "/users", {"name": "ada"}, user="root"))[0] == 409


async def test_disabled_user_is_not_viewed(service):
    await service.user("ada")
    before = await service.view()
    await service.done("PATCH", "/users/ada", {"disabled": True}, user="root")
    after = await service.view()

    assert len(after["users"]) == len(before["users"]) - 1
    assert after["version"] > before["version"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users", None),
        ("POST", "/users", {"name": "eve"}),
        ("GET", "/users/admin", None),
        ("PATCH", "/users/admin", {"disabled": True}),
        ("DELETE", "/users/admin", None),
        ("PUT", "/roles/reader", {"scopes": []}),
        ("DELETE", "/roles/user", None),
    ],
)
async def test_accounts_take_their_scope_here_too(service, method, path, body):
    status, problem = await service.ask(method, path, body, user="eve", scopes="chat keys")

    assert (status, problem["detail"].startswith("This takes the scope")) == (403, True)


async def test_who_makes_users_gives_no_role_beyond_their_own_scopes(service):
    boss = {"user": "boss", "scopes": "users chat* model:*"}
    body = {"name": "eve", "roles": ["administrator"]}

    assert (await service.ask("POST", "/users", body, **boss))[0] == 403
    assert (await service.ask("PATCH", "/users/admin", {"password": "x" * 12}, **boss))[0] == 403
    assert (await service.ask("DELETE", "/users/admin", **boss))[0] == 403
    assert (await service.ask("POST", "/users", {"name": "eve"}, **boss))[0] == 201


@pytest.mark.parametrize("change", [{"disabled": True}, {"roles": ["user"]}, None])
async def test_last_administrator_stays_one(service, change):
    method = "PATCH" if change else "DELETE"
    status, problem = await service.ask(method, "/users/admin", change, user="root")

    assert (status, "last administrator" in problem["detail"]) == (409, True)
    assert (await service.view())["users"][0]["roles"] == ["administrator"]


async def test_two_administrators_who_leave_at_once_do_not_both(service):
    await service.user("ada", ["administrator"])
    answers = await asyncio.gather(
        *(service.ask("DELETE", f"/users/{name}", user="root") for name in ("admin", "ada"))
    )

    assert sorted(status for status, _ in answers) == [204, 409]


async def test_unknown_role_and_unknown_user_are_told(service):
    unknown_role = await service.ask("POST", "/users", {"name": "a", "roles": ["x"]}, user="root")
    unknown_user = await service.ask("PATCH", "/users/nobody", {"roles": []}, user="root")

    assert (unknown_role[0], unknown_user[0]) == (422, 404)


async def test_administrator_gives_another_password_and_ends_the_sessions(service):
    await service.user("ada")
    _, tokens = await service.log_in("ada", PASSWORD)
    await service.done("PATCH", "/users/ada", {"password": "given by the boss"}, user="root")

    assert tokens["session_id"] in (await service.view())["ended_sessions"]
    assert (await service.log_in("ada", "given by the boss"))[0] == 200


async def test_number_of_users_has_a_bound(settings):
    async with serving(settings.model_copy(update={"most_users": 1})) as service:
        await service.administrator()
        status, _ = await service.ask("POST", "/users", {"name": "ada"}, user="root")

        assert status == 507
        assert len((await service.view())["users"]) == 1


async def test_short_password_is_refused(service):
    body = {"name": "ada", "password": "too short"}

    assert (await service.ask("POST", "/users", body, user="root"))[0] == 422
