"""What is lost on its way is sent again: by what the database and the queue say, without a worker."""

from contextlib import asynccontextmanager

import orjson
import pytest

from arkalia_runtime.database import Database
from arkalia_runtime.ids import new_id
from arkalia_runtime.redis import Redis
from arkalia_taskia.message import message
from arkalia_taskia.sending import send
from arkalia_taskia.sweeping import YOUNG_SECONDS, Sweeping

ADD = """
    INSERT INTO tasks (id, kind, arguments, queue, state, caller, runs, created_at, sent_at, started_at)
    SELECT '{id}', 'canary', '{{}}', 'default', '{state}', '', {runs}, at, at, at
    FROM (SELECT now() - {seconds} * interval '1 second' AS at) AS moment
    RETURNING id
"""
UNCONFIRMED = "zeroia:unacked"


@asynccontextmanager
async def swept(settings):
    """The sweep, which is made by hand."""
    database, queue = Database.of(settings), Redis.of(settings, "queue", required=False)
    async with database.open(), queue.open():
        yield Sweeping(database, queue, settings)


@pytest.fixture
def add(schema):
    """`add(state, seconds)`: the id of a task that has been in *state* for *seconds*."""

    def added(state, seconds=60, runs=0):
        values = {"id": new_id(), "state": state, "seconds": seconds, "runs": runs}
        [(task_id,)] = schema.rows(ADD.format(**values))
        return str(task_id)

    return added


@pytest.fixture
def state(schema):
    """`state(id)`: the state of a task."""
    return lambda task_id: schema.rows(f"SELECT state FROM tasks WHERE id = '{task_id}'")[0][0]


def queued(redis):
    """The ids of the tasks in the queue, the next one first."""
    found = redis.admin("LRANGE", "zeroia:default", "0", "-1").splitlines()
    return [orjson.loads(each)["headers"]["id"] for each in reversed(found)]


def lie_in(redis, *task_ids):
    """Put messages of the tasks into the queue, the first one first."""
    for each in task_ids:
        redis.admin("LPUSH", "zeroia:default", orjson.dumps(message(each, "default")).decode())


async def test_task_that_nobody_sent_is_sent(settings, redis, add, state):
    task_id = add("waiting")

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 1

    assert (queued(redis), state(task_id)) == ([task_id], "sent")


async def test_sent_task_that_an_empty_queue_does_not_hold_is_sent_again(settings, redis, add):
    task_id = add("sent", YOUNG_SECONDS + 1)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 1

    assert queued(redis) == [task_id]


async def test_task_that_a_vanished_worker_had_taken_is_sent_again(settings, redis, add):
    taken = add("sent", YOUNG_SECONDS + 1)
    held = orjson.dumps([message(taken, "default"), "", "default"]).decode()
    redis.admin("HSET", UNCONFIRMED, "its-tag", held)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 1

    assert queued(redis) == [taken]


async def test_task_is_not_sent_again_while_it_may_be_on_its_way(settings, redis, add):
    add("sent", YOUNG_SECONDS - 5)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 0


async def test_task_is_not_sent_again_while_others_wait_before_it(settings, redis, add):
    lie_in(redis, add("sent", 90), add("sent", 60))

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 0


async def test_lost_task_is_sent_again_when_one_that_was_sent_later_is_next(settings, redis, add):
    lost, later = add("sent", 60), add("sent", 60 - YOUNG_SECONDS - 1)
    lie_in(redis, later)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 1

    assert queued(redis) == [later, lost]


@pytest.mark.parametrize("text", ["no message", "[]", "{}", '{"headers": {"id": 7}}'])
async def test_nothing_is_taken_for_lost_by_what_is_no_message_of_a_task(
    settings, redis, add, text
):
    add("sent", 60)
    redis.admin("LPUSH", "zeroia:default", text)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 0


async def test_running_task_whose_process_is_gone_is_sent_again(settings, redis, add, state):
    task_id = add("running", runs=1)

    async with swept(settings) as sweeping:
        assert await sweeping.sweep() == 1

    assert (queued(redis), state(task_id)) == ([task_id], "sent")


async def test_running_task_is_left_to_the_process_that_holds_its_lock(
    settings, schema, add, state
):
    task_id = add("running", runs=1)
    lock = f"SELECT pg_advisory_lock(hashtextextended('{task_id}', 0))"
    with schema.server.connected() as holder:
        holder.execute(lock)

        async with swept(settings) as sweeping:
            assert await sweeping.sweep() == 0

    assert state(task_id) == "running"


async def test_task_that_killed_its_process_three_times_is_given_up(settings, schema, add, state):
    task_id = add("running", runs=3)

    async with swept(settings) as sweeping:
        await sweeping.sweep()

    [(error,)] = schema.rows(f"SELECT error FROM tasks WHERE id = '{task_id}'")
    assert (state(task_id), error) == ("failed", "its process died in 3 runs")


async def test_nothing_is_sent_or_lost_while_the_queue_is_away(settings, redis, add, state):
    waiting, sent = add("waiting"), add("sent")
    redis.door.close()
    try:
        async with swept(settings) as sweeping:
            assert await sweeping.sweep() == 0
    finally:
        redis.door.open()

    assert (state(waiting), state(sent)) == ("waiting", "sent")


async def test_sweep_gives_up_at_the_first_task_that_the_queue_does_not_take(
    settings, redis, add, state, monkeypatch
):
    tasks, tried = [add("waiting") for _ in range(3)], []

    async def noted(queue, task_id, name):
        tried.append(task_id)
        return await send(queue, task_id, name)

    monkeypatch.setattr("arkalia_taskia.sweeping.send", noted)
    async with swept(settings) as sweeping:
        redis.door.close()
        try:
            sent = await sweeping.sweep()
        finally:
            redis.door.open()

    assert (sent, len(tried)) == (0, 1)
    assert {state(each) for each in tasks} == {"waiting"}
