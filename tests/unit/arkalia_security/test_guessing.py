"""Guessing is slowed for everybody who does it, and told; who knows the password is let in."""

import asyncio

import pytest

from arkalia_contract import endpoints
from arkalia_security import slowing
from arkalia_security.guessing import CLEAN, Guessing, SlowedError
from unit.arkalia_security.asking import ADMIN, HERE, told


async def tries(guessing, number, name="ada", client=HERE):
    """Of so many tries, those that had to wait."""
    waited = 0
    for _ in range(number):
        try:
            await guessing.charge(name, client)
        except SlowedError:
            waited += 1
    return waited


@pytest.fixture
def guessing(ground):
    return Guessing(ground)


async def test_tries_beyond_the_free_ones_wait(guessing):
    free = slowing.PAIR.free + 1

    assert await tries(guessing, free) == 0
    assert await tries(guessing, 3) == 3


async def test_many_tries_at_once_are_as_many_as_one_after_the_other(guessing):
    waited = await asyncio.gather(*(tries(guessing, 1) for _ in range(20)))

    assert sum(waited) == 20 - (slowing.PAIR.free + 1)


async def test_name_is_tried_from_another_address_meanwhile(guessing):
    await tries(guessing, 10)

    assert await tries(guessing, 1, client="203.0.113.5") == 0


async def test_address_that_tries_many_names_waits(guessing):
    waits = [await tries(guessing, 1, name=f"user{n}") for n in range(slowing.ADDRESS.free + 2)]

    assert waits == [0] * (slowing.ADDRESS.free + 1) + [1]


async def test_failures_of_long_ago_are_forgotten(guessing, schema):
    await tries(guessing, 6)
    schema.rows("UPDATE attempts SET last_at = now() - interval '2 hours', waits_until = now()")

    assert await tries(guessing, slowing.PAIR.free + 1) == 0


async def test_old_rows_are_removed(guessing, ground, schema):
    await tries(guessing, 1)
    schema.rows("UPDATE attempts SET last_at = now() - interval '3 hours'")
    async with ground.database.transaction() as connection:
        await connection.execute(CLEAN.encode())

    assert schema.rows("SELECT * FROM attempts") == []


async def test_right_password_is_not_looked_at_while_a_wait_is_on(service, schema):
    statuses = [(await service.log_in("admin", "wrong"))[0] for _ in range(5)]
    status, problem = await service.log_in("admin", ADMIN)

    assert (statuses, status) == ([401] * 5, 429)
    assert 1 <= int(service.headers["Retry-After"]) <= 2
    assert "try again in" in problem["detail"]
    assert told(schema, "login.slowed") == [
        {
            "client_address": HERE,
            "failures": 5,
            "wait_seconds": 1,
            "user_name": "admin",
            "request_id": told(schema, "login.slowed")[0]["request_id"],
        }
    ]


async def test_right_password_is_let_in_after_the_wait_and_all_is_forgiven(service, schema):
    for _ in range(5):
        await service.log_in("admin", "wrong")
    schema.rows("UPDATE attempts SET waits_until = now()")

    assert (await service.log_in())[0] == 200
    assert schema.rows("SELECT failures FROM attempts WHERE subject LIKE 'pair%'") == []
    assert (await service.log_in("admin", "wrong"))[0] == 401


async def test_guessing_is_measured(service):
    for _ in range(6):
        await service.log_in("admin", "wrong")
    async with service._session.get(endpoints.METRICS) as answer:
        text = await answer.text()

    assert 'arkalia_logins_total{method="password",outcome="refused"} 5.0' in text
    assert 'arkalia_logins_total{method="password",outcome="slowed"} 1.0' in text
    assert 'arkalia_logins_slowed_total{counted_for="name and address"} 1.0' in text
