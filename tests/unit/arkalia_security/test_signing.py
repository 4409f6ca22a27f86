"""The keys that sign: published before they are used, and until the last token has ended."""

import asyncio

import jwt
import pytest

from arkalia_security import signing
from unit.arkalia_runtime.authority import mount


async def published(ground):
    async with ground.database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT published->>'kid' FROM signing_keys ORDER BY created_at DESC"
        )
        return [row[0] for row in await cursor.fetchall()]


def age(schema, days=0, seconds=0):
    schema.rows(
        f"UPDATE signing_keys SET created_at = created_at - interval '{days} days {seconds} s'"
    )


async def test_first_key_is_made_once_for_all_who_need_it(ground):
    keys = await asyncio.gather(*(signing.current(ground) for _ in range(4)))

    assert {each.id for each in keys} == set(await published(ground))
    assert len(await published(ground)) == 1


async def test_next_key_is_published_before_it_signs(ground, schema):
    first = await signing.current(ground)
    age(schema, days=31)
    await signing.keep_fresh(ground)
    second, _ = await published(ground)
    meanwhile = await signing.current(ground)
    age(schema, seconds=signing.PUBLISHED_SECONDS + 1)
    later = await signing.current(ground)

    assert (meanwhile.id, later.id) == (first.id, second)


async def test_old_key_is_published_until_its_tokens_have_ended(ground, schema):
    await signing.current(ground)
    age(schema, days=31)
    await signing.keep_fresh(ground)
    await signing.keep_fresh(ground)
    assert len(await published(ground)) == 2

    age(schema, seconds=signing.PUBLISHED_SECONDS + 2 * ground.settings.token_seconds + 1)
    await signing.keep_fresh(ground)

    assert len(await published(ground)) == 1


async def test_keys_that_another_secret_sealed_are_replaced(ground, mounts):
    before = await signing.current(ground)
    mount(mounts.root / "key", key="another key, of more than 256 bits: abcdefghijklmnop")
    after = await signing.current(ground)

    assert after.id != before.id
    assert await published(ground) == [after.id]


async def test_private_key_is_not_readable_in_the_database(ground, schema):
    key = await signing.current(ground)

    [(sealed, form)] = schema.rows("SELECT sealed, published FROM signing_keys")
    assert key.private.private_bytes_raw() not in sealed
    assert "d" not in form


async def test_token_says_who_and_for_how_long(ground):
    token = signing.signed(await signing.current(ground), "arkalia/a/b", "ada", "s1", 60)

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["sid"], claims["aud"]) == ("ada", "s1", "arkalia/a/b/sessions")
    assert claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize("days", [1, 29])
async def test_key_that_is_not_old_is_not_followed(ground, schema, days):
    await signing.current(ground)
    age(schema, days=days)
    await signing.keep_fresh(ground)

    assert len(await published(ground)) == 1
