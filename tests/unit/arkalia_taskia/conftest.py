"""A pod's folders with a schema and a queue of their own, and processes that work on them."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from arkalia_taskia.settings import TaskSettings
from data_services import PATIENCE_SECONDS, migrate
from unit.arkalia_runtime.authority import Mounts, mount
from unit.arkalia_runtime.serving import free_port


def pod(folder, schema, redis):
    """The folders of a pod with the tables of the tasks and an empty queue."""
    redis.admin("FLUSHALL")
    made = Mounts(folder)
    files = {"postgresql.json": schema.file(), "redis-queue.json": redis.file()}
    mount(made.data, **files)
    migrate(made, schema, "forward", module="taskia")
    return made


def settings_of(mounts, **changes):
    own = {"system": "", "module": "taskia", "sweep_seconds": 0.2, "check_cache_seconds": 0}
    return TaskSettings(**mounts.settings | own | changes)


@pytest.fixture
def mounts(tmp_path, schema, redis):
    return pod(tmp_path, schema, redis)


@pytest.fixture
def settings(mounts):
    return settings_of(mounts)


@contextmanager
def component(name, mounts, **environment):
    """A started worker or scheduler, and its address."""
    port = free_port()
    own = {"ARKALIA_HOST": "127.0.0.1", "ARKALIA_PORT": str(port), "ARKALIA_MODULE": "taskia"}
    own |= {"ARKALIA_SYSTEM": "", "TMPDIR": str(mounts.root), **environment}
    log = (mounts.root / f"{name}.log").open("a")
    started = subprocess.Popen(
        [sys.executable, "-c", f"from arkalia_taskia.component import {name}; {name}()"],
        env=os.environ | mounts.environment | own,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield started, f"http://127.0.0.1:{port}"
    finally:
        if started.poll() is None:
            started.terminate()
            try:
                started.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, 9)
                started.wait(PATIENCE_SECONDS)
        log.close()


def runs_in(pid):
    """The processes in which a worker runs tasks: its children but for the front."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(each)
        for each in children
        if b"arkalia_taskia.front" not in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


def eventually(ask, seconds=PATIENCE_SECONDS):
    """The first answer of *ask* that is true."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return answer


@pytest.fixture
def rotated(mounts, redis, schema):
    """Gives the module another password, and takes the first one away."""

    def rotate(password):
        redis.admin("ACL", "SETUSER", "zeroia", "resetpass", f">{password}")
        files = {"postgresql.json": schema.file(), "redis-queue.json": redis.file(password)}
        mount(mounts.data, **files)

    yield rotate
    redis.admin("ACL", "SETUSER", "zeroia", "resetpass", ">secret")
