"""The scheduler on a real database and a real queue: what is due is started once."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_taskia.beat import Remembering, app_of, entries
from arkalia_taskia.component import Component
from arkalia_taskia.front import Board

CALLED = "SELECT kind, queue, state FROM tasks WHERE caller = 'beat'"
MAKE_DUE = """
    UPDATE schedule SET last_run_at = now() - interval '1 day' WHERE entry = '{}'
    RETURNING last_run_at
"""


@pytest.fixture
def new_scheduler(settings, tmp_path):
    """A function that gives a scheduler which has begun."""
    numbers = itertools.count()

    def begun():
        component = Component("beat", settings)
        component._board = Board(tmp_path / f"beat-{next(numbers)}.json")  # as in a pod of its own
        scheduler = Remembering(app_of(component))
        scheduler.tick()
        return scheduler

    return begun


@pytest.fixture
def due(schema, new_scheduler):
    """The function for a scheduler that finds an entry due."""

    def make(entry):
        new_scheduler()
        schema.rows(MAKE_DUE.format(entry))
        return new_scheduler

    return make


def test_nothing_is_due_when_the_first_scheduler_begins(new_scheduler, schema):
    new_scheduler()

    assert schema.rows(CALLED) == []


@pytest.mark.parametrize(("entry", "queue"), [("clean-up", "default"), ("canary", "priority")])
def test_due_entry_becomes_one_task_that_lies_in_its_queue(due, schema, redis, entry, queue):
    scheduler = due(entry)()

    scheduler.tick()

    assert schema.rows(CALLED) == [(entry, queue, "sent")]
    assert redis.admin("LLEN", f"zeroia:{queue}") == "1"


def test_entry_is_not_started_again_by_the_next_scheduler(due, schema, new_scheduler):
    due("clean-up")()

    new_scheduler()

    assert schema.rows(CALLED) == [("clean-up", "default", "sent")]


def test_entry_is_started_once_when_two_schedulers_find_it_due(schema, new_scheduler):
    two = [new_scheduler(), new_scheduler()]
    old = datetime.now(UTC) - timedelta(days=1)
    schema.rows(f"UPDATE schedule SET last_run_at = '{old.isoformat()}' RETURNING 1")
    for each in two:
        for entry in each.schedule.values():
            entry.last_run_at = old
        each._heap = None

    with ThreadPoolExecutor() as pool:  # a tick starts one entry
        for _ in range(3):
            list(pool.map(Remembering.tick, two))

    assert sorted(kind for kind, *_ in schema.rows(CALLED)) == ["canary", "clean-up"]


def test_due_entry_waits_for_the_database(due, schema, postgresql):
    scheduler = due("clean-up")
    postgresql.door.close()
    try:
        away = scheduler()
        told = away._component._board.read()[0]
    finally:
        postgresql.door.open()

    assert (told.is_working, told.message) == (False, "the database cannot be reached")
    away.tick()
    assert schema.rows(CALLED) == [("clean-up", "default", "sent")]


def test_entry_that_could_not_be_written_down_is_still_due(new_scheduler, schema, postgresql):
    scheduler = new_scheduler()
    [(old,)] = schema.rows(MAKE_DUE.format("clean-up"))
    scheduler.schedule["clean-up"].last_run_at = old
    scheduler._heap = None
    postgresql.door.close()
    try:
        scheduler.tick()
    finally:
        postgresql.door.open()

    scheduler.tick()

    assert schema.rows(CALLED) == [("clean-up", "default", "sent")]


def test_task_is_written_down_at_once_when_the_queue_is_away(due, schema, redis):
    scheduler = due("clean-up")
    redis.door.close()
    try:
        with ThreadPoolExecutor() as pool:
            pool.submit(scheduler).result(timeout=20)
    finally:
        redis.door.open()

    assert schema.rows(CALLED) == [("clean-up", "default", "waiting")]


@pytest.mark.parametrize(
    ("now", "is_due"),
    [("01:59:59", False), ("02:00:01", True), ("23:59:59", True)],
)
def test_clean_up_is_due_at_two_o_clock_of_utc_wherever_it_runs(settings, now, is_due):
    at = entries(settings)["clean-up"]["schedule"]
    at.app = app_of(Component("beat", settings))
    at.nowfun = lambda: datetime.fromisoformat(f"2026-11-21T{now}+00:00")

    found = at.is_due(datetime.fromisoformat("2026-11-20T02:00:00+00:00"))

    assert found.is_due == is_due
