"""Migrations on a real server: forward, back and forward again, and nothing half done."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from arkalia_runtime.migrations.errors import MigrationError, OutOfReachError
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.migrations.module import COLUMN, INDEX, TABLE, WRONG


def columns(schema):
    return schema.rows(
        "SELECT column_name FROM information_schema.columns "
        f"WHERE table_schema = '{schema.name}' AND table_name = 'facts' ORDER BY ordinal_position"
    )


def applied(schema):
    return schema.rows("SELECT version_num FROM migrations")


def test_forward_does_every_step_in_order(moved, schema):
    assert moved(TABLE, COLUMN, INDEX) == ["facts_0001", "facts_0002", "facts_0003"]

    assert columns(schema) == [("text",), ("number",)]
    assert applied(schema) == [("facts_0003",)]


def test_forward_does_only_what_is_left(moved):
    moved(TABLE)

    assert moved(TABLE, COLUMN) == ["facts_0002"]
    assert moved(TABLE, COLUMN) == []


def test_data_stays_on_the_way_back_and_forward_again(moved, schema):
    moved(TABLE, COLUMN, INDEX)
    schema.rows("INSERT INTO facts VALUES ('kept', 1)")

    assert moved(TABLE, COLUMN, INDEX, back_to="0.1.5") == ["facts_0003", "facts_0002"]
    assert schema.rows("SELECT * FROM facts") == [("kept",)]
    assert moved(TABLE, COLUMN, INDEX) == ["facts_0002", "facts_0003"]
    assert schema.rows("SELECT * FROM facts") == [("kept", 7)]


def test_back_does_nothing_when_no_step_came_later(moved):
    moved(TABLE, COLUMN)

    assert moved(TABLE, COLUMN, back_to="0.2.0") == []


def test_back_to_before_the_first_step_leaves_nothing(moved, schema):
    moved(TABLE, COLUMN)
    moved(TABLE, COLUMN, back_to="0.0.9")

    assert (columns(schema), applied(schema)) == ([], [])


def test_step_that_fails_leaves_the_schema_as_it_was(moved, schema):
    moved(TABLE)

    with pytest.raises(MigrationError, match="division by zero"):
        moved(TABLE, COLUMN, INDEX, WRONG)

    assert columns(schema) == [("text",)]
    assert applied(schema) == [("facts_0001",)]


def test_role_of_the_service_may_use_what_was_made(moved, schema):
    moved(TABLE)
    rights = schema.rows(
        f"SELECT has_table_privilege('{schema.name}_1', 'facts', 'INSERT, DELETE')"
    )

    assert rights == [(True,)]


def test_migrations_at_once_wait_for_each_other(moved, schema):
    slow = ("facts_0001", "0.1.0", "CREATE TABLE facts (text text); SELECT pg_sleep(0.5)", "")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: moved(slow), range(3)))

    assert sorted(done) == [[], [], ["facts_0001"]]
    assert applied(schema) == [("facts_0001",)]


def test_step_waits_for_a_table_in_use_without_blocking_its_users(moved, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.migrations.server.LOCK_SECONDS", 0.4)
    moved(TABLE)
    over = threading.Event()

    def use_for_a_while():
        with schema.server.connected() as connection:
            connection.execute(f"SELECT * FROM {schema.name}.facts")
            over.wait(20)

    longest = 0.0
    with ThreadPoolExecutor(2) as pool:
        using = pool.submit(use_for_a_while)
        time.sleep(0.2)
        moving = pool.submit(moved, TABLE, COLUMN)
        for _ in range(6):
            start = time.monotonic()
            schema.rows("SELECT * FROM facts")
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.2)
        over.set()
        using.result(20)

        assert moving.result(20) == ["facts_0002"]
    assert longest < 2


def test_migration_waits_for_a_server_that_is_not_there_yet(moved, schema):
    door = schema.server.door
    door.close()
    opening = threading.Timer(0.4, door.open)
    opening.start()

    assert moved(TABLE) == ["facts_0001"]
    opening.join()


def test_migration_gives_up_when_the_server_does_not_come(moved, schema):
    schema.server.door.close()
    try:
        with pytest.raises(OutOfReachError, match="refused"):
            moved(TABLE, wait_seconds=0.5)
    finally:
        schema.server.door.open()


def test_migration_says_nothing_of_the_password_when_it_is_wrong(moved, mounts, schema):
    mount(mounts.data, postgresql_json=schema.migrations_file(password="not-this"))

    with pytest.raises(OutOfReachError, match="authentication failed") as refused:
        moved(TABLE, wait_seconds=0.5)

    assert "not-this" not in str(refused.value)


def test_connection_that_breaks_in_the_middle_leaves_nothing_and_is_tried_again(moved, schema):
    slow = (*COLUMN[:2], f"{COLUMN[2]}; SELECT pg_sleep(1)", COLUMN[3])
    cutting = threading.Timer(0.6, schema.server.door.cut)
    cutting.start()

    assert moved(TABLE, slow) == ["facts_0001", "facts_0002"]
    cutting.join()
    assert columns(schema) == [("text",), ("number",)]


def test_schema_of_a_later_version_is_not_touched(moved):
    moved(TABLE, COLUMN)

    with pytest.raises(MigrationError, match="facts_0002, which this version does not know"):
        moved(TABLE)
