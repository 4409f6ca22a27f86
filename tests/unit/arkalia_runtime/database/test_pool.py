"""The database under what happens to it: restarts, cut connections, rotated logins, other trust."""

import psycopg
import pytest

from arkalia_runtime.database import (
    Database,
)
from arkalia_runtime.database.connection import SwallowedError
from arkalia_runtime.settings import ServiceSettings


@pytest.fixture
def settings(mounts):
    return ServiceSettings(**mounts.settings, database_timeout_seconds=2, check_cache_seconds=0)


@pytest.fixture
async def database(settings, schema):
    schema.rows("CREATE TABLE facts (text text PRIMARY KEY)")
    schema.rows(f"GRANT ALL ON facts TO {schema.name}")
    async with Database.of(settings).open() as opened:
        yield opened


async def tell(database, text):
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO facts VALUES (%s)", [text])


async def test_transaction_is_committed_when_its_block_ends(database, schema):
    await tell(database, "kept")

    assert schema.rows("SELECT text FROM facts") == [("kept",)]


async def test_transaction_is_rolled_back_when_its_block_raises(database, schema):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('lost')")
            _ = 1 / 0

    assert schema.rows("SELECT text FROM facts") == []


async def test_fault_of_a_statement_is_the_services_to_judge(database):
    await tell(database, "once")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await tell(database, "once")


async def test_transaction_with_a_swallowed_failure_is_no_success(database, schema):
    with pytest.raises(SwallowedError):  # noqa: PT012
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('lost')")
            with pytest.raises(psycopg.errors.SyntaxError):
                await connection.execute("INSART")

    assert schema.rows("SELECT text FROM facts") == []
    await tell(database, "after")
