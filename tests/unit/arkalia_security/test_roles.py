"""Roles: what they grant counts at once for everybody who has them."""

from unit.arkalia_security.asking import told


async def scopes_of(service, name):
    [found] = [each for each in (await service.view())["users"] if each["name"] == name]
    return found["scopes"]


async def test_changed_role_counts_for_its_users(service, schema):
    await service.done("PUT", "/roles/reader", {"scopes": ["usage.read"]}, user="root")
    await service.user("ada", ["reader", "user"])
    assert await scopes_of(service, "ada") == ["chat*", "model:*", "usage.read"]

    await service.done("PUT", "/roles/reader", {"scopes": ["tasks"]}, user="root")

    assert await scopes_of(service, "ada") == ["chat*", "model:*", "tasks"]
    assert [each["change"] for each in told(schema, "role.changed")] == ["created", "changed"]


async def test_roles_are_listed(service):
    listed = await service.done("GET", "/roles", user="eve", scopes="")

    assert listed == [
        {"name": "administrator", "scopes": ["*"]},
        {"name": "user", "scopes": ["chat*", "model:*"]},
    ]


async def test_role_of_the_administrators_stays_as_it_is(service):
    change = await service.ask("PUT", "/roles/administrator", {"scopes": []}, user="root")
    removal = await service.ask("DELETE", "/roles/administrator", user="root")

    assert (change[0], removal[0]) == (409, 409)


async def test_nobody_makes_a_role_beyond_their_own_scopes(service):
    status, _ = await service.ask(
        "PUT", "/roles/boss", {"scopes": ["*"]}, user="eve", scopes="roles chat*"
    )

    assert status == 403


async def test_nobody_takes_from_a_role_what_they_do_not_have(service):
    await service.done("PUT", "/roles/reader", {"scopes": ["usage.read"]}, user="root")
    eve = {"user": "eve", "scopes": "roles"}

    assert (await service.ask("PUT", "/roles/reader", {"scopes": []}, **eve))[0] == 403
    assert (await service.ask("DELETE", "/roles/reader", **eve))[0] == 403


async def test_role_that_somebody_has_stays(service):
    await service.user("ada", ["user"])
    held = await service.ask("DELETE", "/roles/user", user="root")
    await service.done("DELETE", "/users/ada", user="root")

    assert held[0] == 409
    assert (await service.ask("DELETE", "/roles/user", user="root"))[0] == 204
    assert (await service.ask("DELETE", "/roles/user", user="root"))[0] == 404
