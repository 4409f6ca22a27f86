"""The view: cheap to ask for while nothing changes, and never older than its version."""

from arkalia_contract import access
from unit.arkalia_security.asking import PASSWORD, serving


async def test_view_that_is_known_is_not_sent_again(service):
    await service.view()
    known = service.headers["ETag"]
    async with service._session.get(access.VIEW, headers={"If-None-Match": known}) as answer:
        same = answer.status
    await service.user("ada")
    async with service._session.get(access.VIEW, headers={"If-None-Match": known}) as answer:
        other = answer.status

    assert (same, other) == (304, 200)


async def test_view_has_the_form_of_the_contract(service):
    await service.user("ada")
    await service.log_in("ada", PASSWORD)

    view = await service.view()
    assert view.keys() == access.View.__annotations__.keys()
    assert view["users"][0].keys() == access.ViewedUser.__annotations__.keys()
    assert [key["alg"] for key in view["signing_keys"]] == [access.SESSION_ALGORITHM]


async def test_view_holds_no_private_key_and_no_password(service):
    text = str(await service.view())

    assert "argon2" not in text
    assert "'d'" not in text


async def test_view_is_kept_by_nobody_on_the_way(service):
    await service.view()

    assert service.headers["Cache-Control"] == "no-store"


async def test_session_that_ended_long_ago_is_forgotten(service, schema):
    _, tokens = await service.log_in()
    await service.ask("POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]})
    assert (await service.view())["ended_sessions"]

    schema.rows("UPDATE sessions SET ended_at = ended_at - interval '11 minutes'")

    assert (await service.view())["ended_sessions"] == []


async def test_duty_of_a_second_factor_is_told_to_the_gateway_with_another_tag(settings):
    duties, tags = [], []
    for mfa in ("Optional", "Required"):
        async with serving(settings.model_copy(update={"mfa": mfa})) as service:
            await service.administrator()
            if mfa == "Optional":
                await service.user("ada")
                await service.done("POST", "/users", {"name": "robot"}, user="root")
            users = (await service.view())["users"]
            duties.append({each["name"]: each["must_enrol"] for each in users})
            tags.append(service.headers["ETag"])

    assert duties[0] == {"admin": False, "ada": False, "robot": False}
    assert duties[1] == {"admin": True, "ada": True, "robot": False}, "a robot has no password"
    assert tags[0] != tags[1]
