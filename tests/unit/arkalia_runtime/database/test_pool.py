"""The database under what happens to it: restarts, cut connections, rotated logins, other trust."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from fastapi import APIRouter

from arkalia_runtime import deadline
from arkalia_runtime.app import create_app
from arkalia_runtime.database import (
    Database,
    DatabaseBusyError,
    DatabaseLateError,
    DatabaseUnavailableError,
)
from arkalia_runtime.database.connection import SwallowedError
from arkalia_runtime.health import UnhealthyError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Authority, mount
from unit.arkalia_runtime.serving import more, served


@pytest.fixture
def settings(mounts):
    return ServiceSettings(
        **mounts.settings | {"system": ""},
        database_timeout_seconds=2,
        check_cache_seconds=0,
        version="1",
    )


@pytest.fixture
def schema(schema):
    schema.rows(f"CREATE TABLE facts (text text PRIMARY KEY); GRANT ALL ON facts TO {schema.name}")
    return schema


@pytest.fixture
async def database(settings, schema):
    async with Database.of(settings).open() as opened:
        yield opened


@asynccontextmanager
async def opened(settings, **changes):
    async with Database.of(settings.model_copy(update=changes)).open() as database:
        yield database


async def tell(database, text):
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO facts VALUES (%s)", [text])


async def sleep(database, seconds):
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_sleep(%s)", [seconds])


async def eventually(database, text):
    """Tell it as soon as that is possible; returns the seconds that it took."""
    start = time.monotonic()
    async with asyncio.timeout(20):
        while True:
            try:
                await tell(database, text)
            except DatabaseUnavailableError:
                await asyncio.sleep(0.05)
            else:
                return time.monotonic() - start


async def test_transaction_is_committed_when_its_block_ends(database, schema):
    await tell(database, "kept")

    assert schema.rows("SELECT text FROM facts") == [("kept",)]


async def test_transaction_is_rolled_back_when_its_block_raises(database, schema):
    async def fail():
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('lost')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert schema.rows("SELECT text FROM facts") == []


async def test_fault_of_a_statement_is_the_services_to_judge(database):
    await tell(database, "once")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await tell(database, "once")


async def test_transaction_whose_failure_was_swallowed_is_no_success(database, schema):
    async def swallow():
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('lost')")
            with pytest.raises(psycopg.errors.SyntaxError):
                await connection.execute("INSART")

    with pytest.raises(SwallowedError):
        await swallow()

    assert schema.rows("SELECT text FROM facts") == []
    await tell(database, "after")


async def test_commit_is_told_and_a_rollback_is_not(database):
    told = []
    async with database.transaction() as connection:
        connection.after_commit(lambda: told.append("committed"))
        assert told == []

    async def fail():
        async with database.transaction() as connection:
            connection.after_commit(lambda: told.append("rolled back"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await tell(database, "next")

    assert told == ["committed"]


async def test_statement_alone_is_committed_and_tells_what_it_did(database, schema):
    changed = await database.run("INSERT INTO facts VALUES (%s), (%s)", ["one", "two"])
    rows = await database.rows("SELECT text FROM facts ORDER BY text")

    assert (changed, rows) == (2, [("one",), ("two",)])
    assert schema.rows("SELECT count(*) FROM facts") == [(2,)]


async def test_statement_alone_is_begun_by_the_server_itself(database):
    await database.rows("SELECT 1")

    # A BEGIN that is sent before is a transaction older than its statement.
    assert await database.rows("SELECT now() = statement_timestamp()") == [(True,)]


async def test_fault_of_a_statement_alone_leaves_nothing_and_a_usable_connection(settings, schema):
    async with opened(settings, database_connections=1) as database:
        with pytest.raises(psycopg.errors.UniqueViolation):
            await database.run("INSERT INTO facts VALUES ('one'), ('one')")

        assert await database.rows("SELECT text FROM facts") == []


async def test_statement_alone_tells_nothing_of_a_transaction_before_it(settings, schema):
    told = []

    async def fail(database):
        async with database.transaction() as connection:
            connection.after_commit(lambda: told.append("rolled back"))
            raise ZeroDivisionError

    async with opened(settings, database_connections=1) as database:
        with pytest.raises(ZeroDivisionError):
            await fail(database)
        await database.run("INSERT INTO facts VALUES ('next')")

    assert told == []


async def test_statement_alone_ends_with_the_request_that_it_is_for(settings, schema):
    async with opened(settings, database_connections=1) as database:
        deadline.begin("0.3")
        start = time.monotonic()

        with pytest.raises(DatabaseLateError) as late:
            await database.rows("SELECT pg_sleep(10)")

        assert late.value.status_code == 504
        assert time.monotonic() - start < 2
        deadline.begin("")
        assert await database.rows("SELECT 1") == [(1,)]


async def test_statement_alone_has_a_bound_when_its_request_has_none(settings, schema):
    async with opened(settings, database_statement_seconds=0.3) as database:
        with pytest.raises(DatabaseLateError):
            await database.rows("SELECT pg_sleep(10)")


async def test_statement_alone_that_is_given_up_changes_nothing(settings, schema):
    async with opened(settings, database_connections=1) as database:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await database.run("INSERT INTO facts SELECT 'x' FROM pg_sleep(10)")

        assert await database.rows("SELECT text FROM facts") == []


async def test_idle_connections_that_broke_fail_no_statement_alone(database, schema):
    await asyncio.gather(*(sleep(database, 0.05) for _ in range(4)))
    schema.server.door.cut()
    await asyncio.sleep(0.1)

    rows = await asyncio.gather(*(database.rows("SELECT 1") for _ in range(4)))

    assert rows == [[(1,)]] * 4


async def test_statement_alone_is_cut_off_when_the_server_hangs(settings, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.database.connection.GRACE_SECONDS", 0.2)
    metrics = Metrics("m", "1")
    async with opened(settings, database_statement_seconds=0.2) as database:
        database.measure(metrics)
        await tell(database, "before")
        with schema.server.door.held():
            start = time.monotonic()
            with pytest.raises(DatabaseUnavailableError):
                await database.rows("SELECT 1")
            assert time.monotonic() - start < 3
        await eventually(database, "after")

    failures = {"reason": "unavailable"}
    measured = metrics.registry.get_sample_value
    assert measured("arkalia_database_failures_total", failures) >= 1


async def test_statement_alone_is_sent_with_the_login_of_now(settings, mounts, schema):
    user = "SELECT session_user::text"
    async with opened(settings, database_connections=1) as database:
        before = await database.rows(user)
        mount(mounts.data, postgresql_json=schema.file(f"{schema.name}_2", "second"))
        after = await database.rows(user)

    assert (before, after) == ([(f"{schema.name}_1",)], [(f"{schema.name}_2",)])


async def test_connections_are_used_again_and_have_a_bound(settings, schema):
    async with opened(settings, database_connections=3) as database:
        before = schema.server.door.opened
        await asyncio.gather(*(tell(database, str(number)) for number in range(40)))
        await tell(database, "one more")

    assert 1 <= schema.server.door.opened - before <= 3


async def test_request_is_refused_when_no_connection_becomes_free(settings, schema):
    async with opened(settings, database_connections=1, database_timeout_seconds=0.3) as database:
        await tell(database, "first")
        long = asyncio.create_task(sleep(database, 0.6))
        await asyncio.sleep(0.1)
        with pytest.raises(DatabaseBusyError) as busy:
            await tell(database, "second")
        await long

    assert (busy.value.status_code, busy.value.headers["Retry-After"]) == (503, "2")


async def test_waiting_requests_have_a_bound(settings, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.database.pool.WAITING_EACH", 2)
    async with opened(settings, database_connections=1) as database:
        await tell(database, "first")
        long = asyncio.create_task(sleep(database, 0.5))
        await asyncio.sleep(0.1)
        start = time.monotonic()
        told = [tell(database, str(number)) for number in range(5)]
        outcomes = await asyncio.gather(*told, return_exceptions=True)
        await long

    refused = [each for each in outcomes if isinstance(each, DatabaseBusyError)]
    assert len(refused) == 3
    assert time.monotonic() - start < 2


async def test_statement_ends_with_the_request_that_it_is_for(database):
    deadline.begin("0.3")
    start = time.monotonic()

    with pytest.raises(DatabaseLateError) as late:
        await sleep(database, 10)

    assert late.value.status_code == 504
    assert time.monotonic() - start < 2
    deadline.begin("")
    await sleep(database, 0.5)


async def test_statement_has_a_bound_when_its_request_has_none(settings, schema):
    async with opened(settings, database_statement_seconds=0.3) as database:
        with pytest.raises(DatabaseLateError):
            await sleep(database, 10)


async def test_connection_is_cut_when_the_server_hangs(settings, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.database.connection.GRACE_SECONDS", 0.2)
    async with opened(settings, database_statement_seconds=0.2) as database:
        await tell(database, "before")
        with schema.server.door.held():
            start = time.monotonic()
            with pytest.raises(DatabaseUnavailableError):
                await sleep(database, 0)
            assert time.monotonic() - start < 8
        await eventually(database, "after")


async def test_request_that_is_given_up_waits_no_longer_for_a_server_that_hangs(settings, schema):
    async with opened(settings, database_connections=1) as database:
        await tell(database, "before")
        with schema.server.door.held():
            start = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await sleep(database, 10)
            assert time.monotonic() - start < 4  # psycopg alone would wait five seconds
        await eventually(database, "after")


async def test_request_that_is_given_up_leaves_the_connection_usable(settings, schema):
    async with opened(settings, database_connections=1) as database:
        await tell(database, "before")
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await sleep(database, 10)
        await tell(database, "after")


async def test_idle_connections_that_broke_fail_nobody(database, schema):
    await asyncio.gather(*(sleep(database, 0.05) for _ in range(4)))
    schema.server.door.cut()
    await asyncio.sleep(0.1)

    await asyncio.gather(*(tell(database, str(number)) for number in range(4)))


async def test_transaction_is_not_committed_when_its_connection_breaks(database, schema):
    async def tell_through_a_cut():
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO facts VALUES ('lost')")
            schema.server.door.cut()
            await asyncio.sleep(0.1)

    with pytest.raises(DatabaseUnavailableError):
        await tell_through_a_cut()

    assert schema.rows("SELECT text FROM facts") == []


async def test_service_says_503_while_the_server_is_away_and_heals_when_it_is_back(
    settings, schema
):
    impatient = settings.model_copy(update={"database_timeout_seconds": 0.3})
    database, router, statuses = Database.of(impatient), APIRouter(), []

    @router.post("/facts/{text}")
    async def write(text: str) -> None:
        await tell(database, text)

    @asynccontextmanager
    async def lifespan(_app):
        async with database.open():
            yield

    app = create_app("m", settings, router=router, checks=[database.check], lifespan=lifespan)
    over = asyncio.Event()

    async def keep_asking(client, number):
        while not over.is_set():
            async with client.post(f"/facts/{number}-{len(statuses)}") as answer:
                statuses.append(answer.status)
                assert answer.status in {200, 503}
                assert answer.status == 200 or answer.headers["Retry-After"] == "2"

    async def readiness(client, wanted):
        async with asyncio.timeout(10):
            while (await client.get("/health/ready")).status != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async with served(app) as client, asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(keep_asking(client, number))
        await more(statuses)
        try:
            schema.server.kill()
            await readiness(client, 503)
            async with client.get("/health/live") as alive:
                assert alive.status == 200
            await asyncio.sleep(2 * impatient.database_timeout_seconds)
        finally:
            schema.server.start()
        start = time.monotonic()
        await readiness(client, 200)
        healed = time.monotonic() - start
        before = len(statuses)
        await more(statuses)
        over.set()

    assert healed < 5
    assert 503 in statuses
    assert set(statuses[before + 8 :]) == {200}
    # Whoever was told 200 finds its fact, also after a crash of the server.
    assert schema.rows("SELECT count(*) FROM facts")[0][0] >= statuses.count(200)


async def test_service_starts_while_the_server_is_away(settings, schema):
    schema.server.door.close()
    try:
        async with opened(settings, database_timeout_seconds=0.5) as database:
            with pytest.raises(DatabaseUnavailableError, match="cannot be reached"):
                await tell(database, "early")
            with pytest.raises(UnhealthyError):
                await database.check.run()
            schema.server.door.open()

            assert await eventually(database, "later") < 5
            assert await database.check.run() == "it answers"
    finally:
        if not schema.server.door.is_open:
            schema.server.door.open()


async def test_service_heals_after_more_have_given_up_than_may_wait(settings, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.database.pool.WAITING_EACH", 2)
    schema.server.door.close()
    try:
        async with opened(
            settings, database_connections=1, database_timeout_seconds=0.1
        ) as database:
            for _ in range(4):
                with pytest.raises(DatabaseUnavailableError):
                    await tell(database, "early")
            schema.server.door.open()

            assert await eventually(database, "later") < 5
    finally:
        if not schema.server.door.is_open:
            schema.server.door.open()


async def test_login_is_rotated_without_a_failed_request(settings, mounts, schema):
    over, told = asyncio.Event(), []

    async def keep_telling(database, number):
        while not over.is_set():
            await tell(database, f"{number}-{len(told)}")
            told.append(number)

    async with opened(settings) as database, asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(keep_telling(database, number))
        await more(told)
        second = schema.file(f"{schema.name}_2", "second")
        mount(mounts.data, postgresql_json=second)
        await more(told)
        users = schema.rows(
            f"SELECT DISTINCT usename FROM pg_stat_activity WHERE usename LIKE '{schema.name}%'"
        )
        schema.rows(f"ALTER ROLE {schema.name}_1 NOLOGIN PASSWORD NULL")
        await more(told)
        over.set()

    assert users == [(f"{schema.name}_2",)]


async def test_wrong_password_is_no_answer_until_the_right_one_comes(settings, mounts, schema):
    mount(mounts.data, postgresql_json=schema.file(password="wrong"))
    async with opened(settings, database_timeout_seconds=0.5) as database:
        with pytest.raises(DatabaseUnavailableError):
            await tell(database, "early")
        mount(mounts.data, postgresql_json=schema.file())

        await eventually(database, "later")


@pytest.mark.parametrize("content", ["", "{}", '{"host": 1}', "[]"])
async def test_file_that_says_nothing_is_no_database(settings, mounts, schema, content):
    mount(mounts.data, postgresql_json=content)
    async with opened(settings, database_timeout_seconds=0.3) as database:
        with pytest.raises(DatabaseUnavailableError):
            await tell(database, "early")
        mount(mounts.data, postgresql_json=schema.file())

        await eventually(database, "later")


async def test_system_authority_is_trusted_when_the_file_names_none(settings, mounts, schema):
    mount(mounts.trust, ca_crt=schema.server.authority.pem)
    mount(mounts.data, postgresql_json=schema.file(authorities=""))
    async with opened(settings) as database:
        await tell(database, "trusted")


async def test_connections_follow_another_authority(settings, mounts, schema):
    door, successor = schema.server.door, Authority("the next one")
    mount(mounts.trust, ca_crt=schema.server.authority.pem)
    mount(mounts.data, postgresql_json=schema.file(authorities=""))
    try:
        async with opened(settings) as database:
            await tell(database, "first")
            mount(mounts.trust, ca_crt=schema.server.authority.pem + successor.pem)
            door.show(successor)
            door.cut()
            await asyncio.sleep(0.1)
            await tell(database, "second")
    finally:
        door.show(schema.server.authority)


@pytest.mark.parametrize(
    ("issuer", "wanted"),
    [
        ("another", {}),
        ("own", {"names": ["elsewhere"]}),
        ("own", {"lifetime": timedelta(seconds=-1)}),
    ],
    ids=["another authority", "another name", "expired"],
)
async def test_nothing_is_told_to_a_server_that_cannot_prove_who_it_is(
    settings, schema, issuer, wanted
):
    door, own = schema.server.door, schema.server.authority
    door.show(own if issuer == "own" else Authority("an impostor"), **wanted)
    try:
        async with opened(settings, database_timeout_seconds=0.5) as database:
            with pytest.raises(DatabaseUnavailableError):
                await tell(database, "secret")
    finally:
        door.show(own)


async def test_server_that_became_a_replica_is_unavailable(database, schema):
    async def write_to_a_replica():
        async with database.transaction() as connection:
            await connection.execute("SET TRANSACTION READ ONLY")
            await connection.execute("INSERT INTO facts VALUES ('lost')")

    with pytest.raises(DatabaseUnavailableError, match="25006"):
        await write_to_a_replica()


async def test_busy_database_is_a_healthy_one(settings, schema):
    async with opened(settings, database_connections=1, check_timeout_seconds=0.3) as database:
        await tell(database, "first")
        long = asyncio.create_task(sleep(database, 0.6))
        await asyncio.sleep(0.1)

        assert "in use" in await database.check.run()
        await long


async def test_busy_database_is_unhealthy_when_nothing_was_heard_of_it(
    settings, schema, monkeypatch
):
    monkeypatch.setattr("arkalia_runtime.database.pool.FRESH_SECONDS", 0)
    async with opened(settings, database_connections=1, check_timeout_seconds=0.3) as database:
        await tell(database, "first")
        long = asyncio.create_task(sleep(database, 0.6))
        await asyncio.sleep(0.1)

        with pytest.raises(UnhealthyError):
            await database.check.run()
        await long


async def test_use_of_the_connections_is_measured(settings, schema):
    metrics, database = Metrics("m", "1"), Database.of(settings)
    database.measure(metrics)
    async with database.open():
        await tell(database, "first")
        deadline.begin("0.1")
        with pytest.raises(DatabaseLateError):
            await sleep(database, 5)
        measured = metrics.registry.get_sample_value

        assert measured("arkalia_database_connections") == 1
        assert measured("arkalia_database_connections_limit") == 4
        assert measured("arkalia_database_requests_waiting") == 0
        assert measured("arkalia_database_wait_seconds_count") == 2
        assert measured("arkalia_database_failures_total", {"reason": "late"}) == 1


async def test_database_can_be_opened_again(settings, schema):
    database = Database.of(settings)
    for text in ("once", "twice"):
        async with database.open():
            await tell(database, text)
