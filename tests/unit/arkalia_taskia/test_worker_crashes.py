"""A real worker on a real queue: what was taken is done, whatever is killed, lost or replaced.

Each test has a worker of its own; what one worker for all can show stands in `test_worker`.
"""

import asyncio
import os
import signal
import time
import urllib.request
from contextlib import suppress

import pytest

from arkalia_contract import endpoints
from arkalia_taskia.worker import BEAT_SECONDS
from unit.arkalia_runtime.serving import wait_for_status
from unit.arkalia_taskia.asking import added, ordered, service, task, until
from unit.arkalia_taskia.conftest import component, eventually, runs_in

pytestmark = pytest.mark.soak  # whole processes, killed and started again: minutes on two cores


@pytest.fixture
def worker(mounts):
    with component("worker", mounts) as (started, address):
        wait_for_status(f"{address}/health/ready", 200)
        yield started, address


async def test_task_of_a_killed_process_is_run_again(settings, worker):
    async with service(settings) as client:
        task_id = await added(client, seconds=3)
        await until(client, task_id, "running")

        for pid in runs_in(worker[0].pid):
            os.kill(pid, signal.SIGKILL)

        done = await until(client, task_id, "succeeded")
    assert done["runs"] == 2


async def test_task_that_kills_its_process_each_time_is_given_up(settings, worker):
    async with service(settings) as client:
        task_id = await added(client, seconds=30)

        async with asyncio.timeout(60):
            while (found := await task(client, task_id))["ended_at"] is None:
                for pid in runs_in(worker[0].pid) if found["state"] == "running" else ():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.1)

    assert (found["state"], found["runs"]) == ("failed", 3)
    assert found["error"] == "its process died in 3 runs"


async def test_priority_is_served_first(settings, mounts):
    async with service(settings) as client:
        waiting = [await added(client, queue=queue) for queue in ("default", "ai_tasks") * 3]
        urgent = await added(client, queue="priority")

        with component("worker", mounts, ARKALIA_CONCURRENCY="1"):
            ended = [(await until(client, each, "succeeded"))["ended_at"] for each in waiting]
            first = (await until(client, urgent, "succeeded"))["ended_at"]

    assert first < min(ended)


async def test_running_task_ends_before_the_worker_stops(settings, worker):
    async with service(settings) as client:
        task_id = await added(client, seconds=2)
        await until(client, task_id, "running")

        worker[0].terminate()
        worker[0].wait(30)

        assert (await task(client, task_id))["state"] == "succeeded"


async def test_nothing_is_taken_from_a_queue_in_quarantine(settings, worker):
    async with service(settings) as client:
        await ordered(client, "QuarantineQueue", queue="ai_tasks")
        await asyncio.sleep(BEAT_SECONDS + 1)
        closed = await added(client, queue="ai_tasks")
        other = await added(client, queue="default")
        await until(client, other, "succeeded")
        assert (await task(client, closed))["state"] == "sent"

        await client.delete(f"{endpoints.CONTROL_ACTIONS}/QuarantineQueue")

        await until(client, closed, "succeeded")


async def test_task_is_done_after_redis_has_lost_everything(settings, redis, mounts):
    async with service(settings) as client:
        task_id = await added(client)
        await until(client, task_id, "sent")
        redis.admin("FLUSHALL")

        with component("worker", mounts):
            await until(client, task_id, "succeeded")


async def test_worker_comes_back_when_redis_does(settings, redis, worker):
    redis.door.close()
    eventually(lambda: "not connected" in said(worker[1]))
    async with service(settings) as client:
        task_id = await added(client)
        assert (await task(client, task_id))["state"] == "waiting"

        redis.door.open()

        await until(client, task_id, "succeeded")


async def test_worker_goes_on_when_redis_was_away_as_all_its_tasks_ended(settings, redis, worker):
    async with service(settings) as client:
        running = [await added(client, seconds=2) for _ in range(settings.concurrency)]
        waiting = [await added(client) for _ in range(3)]
        for each in running:
            await until(client, each, "running")

        redis.door.close()
        for each in running:
            await until(client, each, "succeeded")
        redis.door.open()

        for each in waiting:
            await until(client, each, "succeeded")


async def test_worker_uses_a_rotated_password_for_the_next_connection(
    settings, redis, worker, rotated
):
    rotated("another")
    redis.door.cut()

    async with service(settings) as client:
        await until(client, await added(client), "succeeded")


def said(address):
    with urllib.request.urlopen(f"{address}{endpoints.HEALTH_DETAILED}", timeout=10) as answer:
        return answer.read().decode()


def test_worker_is_ready_soon(mounts):
    start = time.monotonic()
    with component("worker", mounts) as (_, address):
        wait_for_status(f"{address}/health/live", 200)
        live = time.monotonic() - start
        wait_for_status(f"{address}/health/ready", 200)

    assert live < 20  # 0.6 s on a machine that has nothing else to do
