"""The first administrator comes from two files, and comes again with others."""

import asyncio

from arkalia_security.first import FirstAdministrator
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS
from unit.arkalia_security.asking import ADMIN, serving, told


async def test_administrator_logs_in_with_what_lies_in_the_files(service, schema):
    status, _ = await service.log_in("admin", ADMIN)

    [issued] = told(schema, "credential.changed")
    assert (status, issued["actor"], issued["change"]) == (200, "operator", "issued")


async def test_password_that_was_changed_stays_when_the_service_starts_again(settings):
    async with serving(settings) as service:
        admin = await service.administrator()
        body = {"old": ADMIN, "new": "another one that is long"}
        await service.done("POST", "/auth/password", body, user=admin)
    async with serving(settings) as service:
        await service.administrator()

        assert (await service.log_in("admin", ADMIN))[0] == 401
        assert (await service.log_in("admin", body["new"]))[0] == 200


async def test_other_files_let_in_again_who_lost_everything(service, mounts):
    await service.done("POST", "/users", {"name": "b", "roles": ["administrator"]}, user="root")
    await service.done("PATCH", "/users/admin", {"disabled": True, "roles": []}, user="root")
    mount(mounts.root / "admin", username="admin", password="a new one in the files")

    async with asyncio.timeout(PATIENCE_SECONDS):
        while len((await service.view())["users"]) < 2:  # noqa: ASYNC110 - polls a service
            await asyncio.sleep(0.1)
    assert (await service.log_in("admin", "a new one in the files"))[0] == 200
    [admin] = [each for each in (await service.view())["users"] if each["name"] == "admin"]
    assert admin["scopes"] == ["*"]


async def test_many_pods_make_one_administrator(ground, schema):
    await asyncio.gather(*(FirstAdministrator(ground).let_in() for _ in range(3)))

    assert schema.rows("SELECT name FROM users") == [("admin",)]
    assert len(told(schema, "credential.changed")) == 1


async def test_files_that_cannot_be_used_make_nobody(ground, mounts, schema, caplog):
    mount(mounts.root / "admin", username="No Name", password=ADMIN)
    await FirstAdministrator(ground).let_in()
    mount(mounts.root / "admin", username="admin", password="short")
    await FirstAdministrator(ground).let_in()

    assert schema.rows("SELECT * FROM users") == []
    assert "no name of a user" in caplog.text
    assert "short" not in caplog.text
