"""One real worker on a real queue, for all of these tests: queues, limits, and what is killed.

Its limits are short. What takes a worker of its own stands in `test_worker_crashes`.
"""

import os
import signal
import urllib.request
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta

import pytest

from arkalia_contract import endpoints
from arkalia_taskia.celery_app import configuration
from arkalia_taskia.kinds import MOST_RUNS, QUEUES
from arkalia_taskia.settings import TaskSettings
from unit.arkalia_runtime.serving import wait_for_status
from unit.arkalia_taskia.asking import added, service, until
from unit.arkalia_taskia.conftest import component, eventually, pod, runs_in, settings_of

SOFT_SECONDS, HARD_SECONDS = 2, 3


class Worker:
    """A worker that can be killed and is then followed by another."""

    def __init__(self, mounts):
        self._mounts, self._ended = mounts, ExitStack()

    def start(self):
        limits = {"SOFT": SOFT_SECONDS, "HARD": HARD_SECONDS}
        own = {f"ARKALIA_{name}_LIMIT_SECONDS": str(value) for name, value in limits.items()}
        started = component("worker", self._mounts, ARKALIA_CONCURRENCY="1", **own)
        self.process, self.address = self._ended.enter_context(started)
        wait_for_status(f"{self.address}/health/ready", 200)

    def kill(self):
        """End it with all its processes at once, as a node does that fails."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self._ended.close()

    def signal_run(self, number):
        """Send the process of the run a signal."""
        with suppress(ProcessLookupError, FileNotFoundError):  # the next one is being started
            for each in runs_in(self.process.pid):
                os.kill(each, number)

    def has_counted(self, queue):
        with urllib.request.urlopen(f"{self.address}{endpoints.METRICS}", timeout=10) as answer:
            metrics = answer.read().decode()
        labels = f'kind="canary",queue="{queue}"'
        return (
            f'celery_tasks_total{{{labels},state="succeeded"}} 1.0' in metrics
            and f"celery_task_duration_seconds_count{{{labels}}} 1.0" in metrics
        )


@pytest.fixture(scope="module")
def tables(postgresql):
    return postgresql.new_schema()


@pytest.fixture(scope="module")
def mounts(tmp_path_factory, tables, redis):
    return pod(tmp_path_factory.mktemp("pod"), tables, redis)


@pytest.fixture(scope="module")
def settings(mounts):
    return settings_of(mounts)


@pytest.fixture(scope="module")
def impatient(settings):
    """Of a service with the limits of the worker."""
    limits = {"soft_limit_seconds": SOFT_SECONDS, "hard_limit_seconds": HARD_SECONDS}
    return settings.model_copy(update=limits)


@pytest.fixture(scope="module")
def worker(mounts):
    started = Worker(mounts)
    started.start()
    yield started
    started.kill()


async def test_task_of_every_queue_is_done_counted_and_its_result_kept(settings, worker):
    async with service(settings) as client:
        ids = [await added(client, queue=queue) for queue in QUEUES]
        done = [await until(client, each, "succeeded") for each in ids]

    assert [(each["queue"], each["runs"], each["error"]) for each in done] == [
        (queue, 1, None) for queue in QUEUES
    ]
    assert all(each["result"]["waited_seconds"] < 20 for each in done)
    eventually(lambda: all(worker.has_counted(queue) for queue in QUEUES))


def test_worker_has_the_queues_and_limits_of_the_seed_when_it_is_told_nothing():
    conf = configuration(TaskSettings(), "taskia:")

    assert [each.name for each in conf["task_queues"]] == ["priority", "default", "ai_tasks"]
    assert (conf["task_soft_time_limit"], conf["task_time_limit"]) == (540, 600)


async def test_task_is_ended_at_the_soft_limit(impatient, worker):
    async with service(impatient) as client:
        done = await until(client, await added(client, seconds=30), "failed")

    assert (done["runs"], done["error"]) == (1, f"it took longer than {SOFT_SECONDS} s")


async def test_process_that_ignores_the_soft_limit_is_killed_at_the_hard_one(impatient, worker):
    async with service(impatient) as client:
        task_id = await added(client, seconds=30)
        await until(client, task_id, "running")

        worker.signal_run(signal.SIGSTOP)

        done = await until(client, task_id, "failed")
    assert (done["runs"], done["error"]) == (1, f"it was killed after {HARD_SECONDS} s")


async def test_task_whose_process_dies_in_its_last_run_is_given_up_and_others_go_on(
    settings, worker, tables
):
    async with service(settings) as client:
        poison = await added(client, seconds=30)
        await until(client, poison, "running")
        tables.rows(f"UPDATE tasks SET runs = {MOST_RUNS} WHERE id = '{poison}'")

        worker.signal_run(signal.SIGKILL)

        given_up = await until(client, poison, "failed")
        await until(client, await added(client), "succeeded")
    assert given_up["error"] == "its process died in 3 runs"


async def test_task_of_a_killed_worker_is_run_by_the_next(settings, worker):
    async with service(settings) as client:
        task_id = await added(client, seconds=1)
        await until(client, task_id, "running")
        worker.kill()

        worker.start()

        done = await until(client, task_id, "succeeded")
    assert done["runs"] == 2
    started, ended = (datetime.fromisoformat(done[f"{each}_at"]) for each in ("started", "ended"))
    assert ended - started >= timedelta(seconds=1)
