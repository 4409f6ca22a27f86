"""The second factor: a code counts once, and recovery codes let in who lost the authenticator."""

import asyncio
import time

import pyotp
import pytest

from arkalia_security import slowing, totp
from unit.arkalia_runtime.authority import mount
from unit.arkalia_security.asking import PASSWORD, told


@pytest.fixture
async def ada(service):
    return await service.user("ada")


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(time.time() + steps * totp.PERIOD_SECONDS)


async def enrolled(service, ada):
    """The secret of an authenticator that counts, and the recovery codes."""
    secret = (await service.done("POST", "/auth/mfa", user=ada, scopes=""))["secret"]
    body = {"code": code_of(secret, -1)}
    codes = await service.done("POST", "/auth/mfa/confirm", body, user=ada, scopes="")
    return secret, codes["recovery_codes"]


async def log_in(service, code=None, client="192.0.2.7"):
    return await service.log_in("ada", PASSWORD, client=client, **({"code": code} if code else {}))


async def test_password_alone_is_not_enough_once_the_factor_counts(service, ada):
    secret, _ = await enrolled(service, ada)
    without = await log_in(service)
    wrong = await log_in(service, "000000")
    right = await log_in(service, code_of(secret))

    assert (without[0], without[1]["needs"], wrong[0], right[0]) == (401, "code", 401, 200)


async def test_who_is_asked_for_a_code_slows_nobody(service, ada, schema):
    await enrolled(service, ada)

    answers = [await log_in(service) for _ in range(slowing.ADDRESS.free + 5)]

    assert {(status, answer["needs"]) for status, answer in answers} == {(401, "code")}
    assert {failures for (failures,) in schema.rows("SELECT failures FROM attempts")} == {0}


async def test_right_passwords_between_wrong_codes_spare_nobody_the_wait(service, ada, schema):
    await enrolled(service, ada)
    for _ in range(slowing.PAIR.free + 1):
        await log_in(service)
        await log_in(service, "000000")

    counted = schema.rows("SELECT failures FROM attempts WHERE subject LIKE 'pair%'")
    slowed = told(schema, "login.slowed")[-1]
    assert counted == [(slowing.PAIR.free + 1,)]
    assert (slowed["failures"], slowed["wait_seconds"]) == (slowing.PAIR.free + 1, 1)


async def test_gateway_learns_of_a_factor_that_comes_and_goes(service, ada):
    versions = [(await service.view())["version"]]
    secret, _ = await enrolled(service, ada)
    versions.append((await service.view())["version"])
    await service.done("POST", "/auth/mfa/remove", {"code": code_of(secret)}, user=ada, scopes="")
    versions.append((await service.view())["version"])

    assert versions == sorted(set(versions))


async def test_code_that_was_used_is_good_no_more(service, ada):
    secret, _ = await enrolled(service, ada)
    code = code_of(secret)

    assert [(await log_in(service, code))[0] for _ in range(2)] == [200, 401]


async def test_code_that_many_use_at_once_lets_in_one(service, ada):
    secret, _ = await enrolled(service, ada)
    code = code_of(secret)

    answers = await asyncio.gather(*(log_in(service, code, f"192.0.2.{n}") for n in range(4)))

    assert sorted(status for status, _ in answers) == [200, 401, 401, 401]


async def test_factor_does_not_count_before_a_code_of_it_was_shown(service, ada):
    await service.done("POST", "/auth/mfa", user=ada)
    status, _ = await service.ask("POST", "/auth/mfa/confirm", {"code": "000000"}, user=ada)

    assert (status, (await log_in(service))[0]) == (422, 200)


async def test_recovery_code_lets_in_once(service, ada, schema):
    _, codes = await enrolled(service, ada)
    as_written_down = codes[0].upper().replace("-", " ")
    statuses = [(await log_in(service, each))[0] for each in (as_written_down, codes[0], codes[1])]

    assert (statuses, len(set(codes))) == ([200, 401, 200], 10)
    assert [each["method"] for each in told(schema, "login.succeeded")] == ["recovery_code"] * 2
    assert codes[2] not in str(
        schema.rows("SELECT user_id, encode(digest, 'escape') FROM recovery_codes")
    )


async def test_factor_is_not_replaced_while_it_counts(service, ada):
    await enrolled(service, ada)

    assert (await service.ask("POST", "/auth/mfa", user=ada))[0] == 409


async def test_factor_is_taken_away_with_a_code(service, ada):
    secret, _ = await enrolled(service, ada)
    wrong, _ = await service.ask("POST", "/auth/mfa/remove", {"code": "000000"}, user=ada)
    await service.done("POST", "/auth/mfa/remove", {"code": code_of(secret)}, user=ada)

    assert (wrong, (await log_in(service))[0]) == (422, 200)


async def test_administrator_takes_the_factor_from_who_lost_it(service, ada, schema):
    await enrolled(service, ada)
    await service.done("PATCH", "/users/ada", {"second_factor": False}, user="root")

    assert (await log_in(service))[0] == 200
    last = told(schema, "credential.changed")[-1]
    assert (last["credential"], last["change"], last["actor"]) == ("totp", "revoked", "user:root")


async def test_codes_cannot_be_guessed_one_after_the_other(service, ada):
    await enrolled(service, ada)

    statuses = [(await log_in(service, f"{n:06}"))[0] for n in range(6)]

    assert statuses == [401, 401, 401, 401, 401, 429]


async def test_factor_that_was_sealed_under_another_key_says_what_helps(service, ada, mounts):
    secret, _ = await enrolled(service, ada)
    mount(mounts.root / "key", key="another key, of more than 256 bits: abcdefghijklmnop")
    status, problem = await log_in(service, code_of(secret))

    assert (status, "administrator must take it away" in problem["detail"]) == (409, True)


async def test_secret_is_not_readable_in_the_database(service, ada, schema):
    secret, _ = await enrolled(service, ada)

    [(sealed,)] = schema.rows("SELECT totp FROM users WHERE totp IS NOT NULL")
    assert secret.encode() not in sealed
