"""Every module alone: how long its process takes from the start to ready, and what it holds idle.

Its data services are real and there before; TLS and identity are mounted as in a pod.
"""

import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from arkalia_contract import endpoints
from cluster.built_in import MODULES
from data_services import a_postgresql, a_redis, migrate
from unit.arkalia_runtime.authority import Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port

ROUNDS = 3
START_SECONDS = 30
IDLE_SECONDS = 5
OWN_TABLES = ("globalstate", "nyxalia", "taskia")
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def servers():
    with a_postgresql() as postgresql, a_redis() as redis:
        yield postgresql, redis


@pytest.fixture
def mounts(request, tmp_path, servers):
    """The folders of a pod of the module."""
    module, (postgresql, redis) = request.param, servers
    made, authority, cluster = Mounts(tmp_path), Authority(), Cluster()
    schema = postgresql.new_schema(module)
    files = {f"redis-{role}.json": redis.file() for role in ("queue", "cache")}
    mount(made.data, **{"postgresql.json": schema.file(), **files})
    mount(made.tls, **authority.issue("localhost"))
    mount(made.trust, ca_crt=authority.pem, **cluster.trust())
    mount(made.tokens)
    mount(made.identity, callees_json="{}", callers_json="{}")
    migrate(made, schema, "forward", module=module if module in OWN_TABLES else "helloria")
    return module, made, ssl.create_default_context(cadata=authority.pem.decode())


def is_ready(port, trusted):
    address = f"https://localhost:{port}{endpoints.HEALTH_READY}"
    try:
        with urllib.request.urlopen(address, timeout=5, context=trusted) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def started(module, mounts, trusted):
    """The process, and the seconds until it was ready."""
    port = free_port()
    own = {"ARKALIA_PORT": str(port), "ARKALIA_VERSION": "1", "ARKALIA_LOOK_SECONDS": "2"}
    environment = os.environ | mounts.environment | own | {"ARKALIA_MODULE": module}
    package = f"arkalia_{module.replace('-', '_')}"
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", package], env=environment, stdout=subprocess.DEVNULL
    )
    while not is_ready(port, trusted):
        assert process.poll() is None
        assert time.monotonic() - start < START_SECONDS
        time.sleep(0.01)
    return process, time.monotonic() - start


def proportional(process):
    """Bytes of memory, shared pages by their share."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@pytest.mark.parametrize("mounts", sorted(MODULES), indirect=True)
def test_module_starts(mounts, figure):
    taken, held = [], []
    for _ in range(ROUNDS):
        process, seconds = started(*mounts)
        time.sleep(IDLE_SECONDS)
        taken.append(seconds)
        held.append(proportional(process))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0

    name = mounts[0]
    figure(f"{name} from start to ready", sorted(taken)[ROUNDS // 2], "s")
    figure(f"{name} idle", sorted(held)[ROUNDS // 2] / MEBIBYTE, "MiB")
    assert max(taken) < START_SECONDS


def test_interpreter_alone_starts(figure):
    """The limit: what starts on Python cannot be there sooner."""
    taken = []
    for _ in range(2 * ROUNDS):
        start = time.monotonic()
        subprocess.run([sys.executable, "-c", "import fastapi, uvicorn"], check=True, timeout=30)
        taken.append(time.monotonic() - start)

    figure("Python with FastAPI and uvicorn imported", sorted(taken)[ROUNDS], "s")
