"""What it costs to tell an event, beside a plain INSERT on the same connections of the same server."""

import asyncio
import time

import pytest
import uvloop

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.settings import ServiceSettings
from data_services import a_postgresql_with_tls, migrate
from unit.arkalia_runtime.authority import Mounts, mount

DECIDED = "io.arkalia.decision.made"
DECISION = {"decision_id": "1", "subject": "s", "verdict": "watch", "confidence": 0.5}
SECONDS = 3.0
ROUNDS = 3
"""Plain and telling take turns, so that a busy moment of the machine meets both."""
PLAIN = "INSERT INTO plain (told) VALUES (%s)"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Of a module with its own schema, on a server that waits for its disk."""
    with a_postgresql_with_tls(fsync="on") as server:
        schema, mounts = server.new_schema(), Mounts(tmp_path_factory.mktemp("pod"))
        mount(mounts.data, postgresql_json=schema.file())
        migrate(mounts, schema, "forward")
        schema.rows("CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY, told text)")
        schema.rows(f"GRANT INSERT ON plain TO {schema.name}")
        yield ServiceSettings(**mounts.settings | {"version": "1"}, database_connections=8)


async def rate(transaction, at_once):
    """Transactions a second, *at_once* at a time."""
    done, until = 0, time.perf_counter() + SECONDS

    async def one_after_the_other():
        nonlocal done
        while time.perf_counter() < until:
            await transaction()
            done += 1

    start = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return done / (time.perf_counter() - start)


async def rates(settings, at_once):
    """Plain inserts and told events a second: the medians of ROUNDS."""
    async with Database.of(settings).open() as database:
        outbox = Outbox.of(database, settings, emits=[DECIDED])

        async def insert():
            async with database.transaction() as connection:
                await connection.execute(PLAIN, ("x" * 200,))

        async def publish():
            async with database.transaction() as connection:
                await outbox.publish(connection, DECIDED, "stream", DECISION)

        pairs = []
        for _ in range(ROUNDS):
            pairs.append((await rate(insert, at_once), await rate(publish, at_once)))
            await outbox.confirm(10**9)
    return tuple(sorted(column)[ROUNDS // 2] for column in zip(*pairs, strict=True))


@pytest.mark.parametrize("at_once", [1, 8])
def test_events_told(settings, figure, at_once):
    plain, told = uvloop.run(rates(settings, at_once))

    figure(f"transactions with a plain INSERT, {at_once} at once", plain, "1/s")
    figure(f"transactions that tell an event, {at_once} at once", told, "1/s")
    figure(f"telling, as a share of plain, {at_once} at once", told / plain, "")
    assert told > 20
