"""What a call from one module to another costs: TLS, token, ids, deadline, breaker and all."""

import asyncio
import json
import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import uvloop

from arkalia_runtime.calls.client import Calls
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Authority, Cluster, Mounts, mount
from unit.arkalia_runtime.serving import free_port

SERVICE = str(Path(__file__).with_name("calling_service.py"))
CALLS = 2000
WARM_UP = 200
HANDSHAKES = 300
START_SECONDS = 30
IDLE_SECONDS = 3


@pytest.fixture(scope="module")
def mounts(tmp_path_factory):
    """The folders of a module that calls and is called."""
    mounts, authority, cluster = Mounts(tmp_path_factory.mktemp("pod")), Authority(), Cluster()
    mount(mounts.tls, **authority.issue("localhost"))
    mount(mounts.trust, ca_crt=authority.pem, **cluster.trust())
    mount(mounts.tokens, zeroia=cluster.token("helloria"))
    return mounts


@pytest.fixture(scope="module")
def zeroia(mounts):
    """The called module's process, and the seconds until it accepted connections."""
    port = free_port()
    mount(
        mounts.identity,
        callees_json=json.dumps({"zeroia": f"https://localhost:{port}"}),
        callers_json=json.dumps({"helloria": ["/states/*"]}),
    )
    own = mounts.environment | {
        "ARKALIA_ENV": "production",
        "ARKALIA_PORT": str(port),
        "ARKALIA_DRAIN_SECONDS": "0",
        "ARKALIA_LOOK_SECONDS": "2",
        "ARKALIA_VERSION": "1",
    }
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, SERVICE], env=os.environ | own, stdout=subprocess.DEVNULL
    )
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert process.poll() is None
            assert time.monotonic() - start < START_SECONDS
            time.sleep(0.01)
    yield process, port, time.monotonic() - start
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


async def durations(mounts, at_once):
    """Seconds of CALLS calls, *at_once* at a time."""
    settings = ServiceSettings(**(mounts.settings | {"look_seconds": 2}))
    taken = []

    async def caller(zeroia, number):
        for _ in range(number):
            start = time.perf_counter()
            answer = await zeroia.request("GET", "/states/1")
            taken.append(time.perf_counter() - start)
            assert answer.status_code == 200

    async with Calls(settings, Metrics("helloria", "1")) as calls:
        zeroia = calls.to("zeroia")
        await caller(zeroia, WARM_UP)
        taken.clear()
        await asyncio.gather(*(caller(zeroia, CALLS // at_once) for _ in range(at_once)))
    return taken


def cpu_seconds(process):
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def p95(values):
    return statistics.quantiles(values, n=20)[-1] * 1000


@pytest.mark.parametrize("at_once", [1, 8])
def test_call_between_modules(zeroia, mounts, figure, at_once):
    before = time.process_time(), cpu_seconds(zeroia[0])

    taken = uvloop.run(durations(mounts, at_once))

    used = time.process_time() - before[0], cpu_seconds(zeroia[0]) - before[1]
    per_call = [seconds / (CALLS + WARM_UP) * 1000 for seconds in used]
    figure(
        f"call with TLS and token, {at_once} at once, median",
        statistics.median(taken) * 1000,
        "ms",
    )
    figure(f"call with TLS and token, {at_once} at once, 95th percentile", p95(taken), "ms")
    figure(f"processor time of the caller for each, {at_once} at once", per_call[0], "ms")
    figure(f"processor time of the callee for each, {at_once} at once", per_call[1], "ms")
    assert p95(taken) < 50 * at_once


def test_handshake(zeroia, mounts, figure):
    _, port, _ = zeroia
    trusted = ssl.create_default_context(cafile=str(mounts.trust / "ca.crt"))
    taken = []
    for _ in range(HANDSHAKES):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            start = time.perf_counter()
            with trusted.wrap_socket(plain, server_hostname="localhost"):
                taken.append(time.perf_counter() - start)

    figure("TLS handshake, both sides, median", statistics.median(taken) * 1000, "ms")
    figure("TLS handshake, both sides, 95th percentile", p95(taken), "ms")
    assert p95(taken) < 200


def test_idle_memory_and_start(zeroia, figure):
    process, _, started = zeroia
    time.sleep(IDLE_SECONDS)

    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])

    resident = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    figure("resident memory of a module with TLS, tokens and calls", resident, "MiB")
    figure("its start until it accepts connections", started, "s")
    assert resident < 120
