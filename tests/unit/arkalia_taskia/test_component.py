"""A component as a process: it answers, tells how it is, and ends."""

import os
import signal
import urllib.request
from pathlib import Path

from arkalia_contract import endpoints
from unit.arkalia_runtime.serving import wait_for_status
from unit.arkalia_taskia.conftest import component


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def metrics(address):
    wait_for_status(f"{address}{endpoints.HEALTH_READY}", 200)
    with urllib.request.urlopen(f"{address}{endpoints.METRICS}", timeout=10) as answer:
        return answer.read().decode()


def test_scheduler_is_one_lean_process_that_answers_and_ends(mounts):
    with component("beat", mounts) as (started, address):
        shown = metrics(address)
        below = children(started.pid)
        loaded = Path(f"/proc/{started.pid}/maps").read_text()

        os.kill(started.pid, signal.SIGTERM)

        assert started.wait(10) == 0
    assert below == []
    assert "psutil" not in loaded  # comes with what redis-py would measure itself with
    assert 'arkalia_build_info{module="taskia"' in shown
    assert "arkalia_ready 1.0" in shown


def test_worker_runs_two_tasks_at_once_within_the_limits_and_ends_with_all_its_processes(mounts):
    with component("worker", mounts) as (started, address):
        shown = metrics(address)
        below = children(started.pid)

        os.kill(started.pid, signal.SIGTERM)

        assert started.wait(20) == 0
    assert len(below) == 1 + 2  # the front, and two for tasks
    assert 'celery_task_limit_seconds{limit="soft"} 540.0' in shown
    assert 'celery_task_limit_seconds{limit="hard"} 600.0' in shown


def test_worker_is_ready_while_the_database_is_away(mounts, postgresql):
    postgresql.door.close()
    try:
        with component("worker", mounts) as (_, address):
            assert "arkalia_ready 1.0" in metrics(address)
    finally:
        postgresql.door.open()

    assert "There was no rehearsal." in (mounts.root / "worker.log").read_text()
