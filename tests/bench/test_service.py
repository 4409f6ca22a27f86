"""What one process of a service answers on this machine, over loopback, clients included."""

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

import aiohttp
import pytest

REQUESTS = 6000
CONNECTIONS = 16
START_SECONDS = 20


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def answers(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def helloria():
    """Base URL of a running helloria, and the seconds that it took to accept connections."""
    port = free_port()
    environment = os.environ | {"ARKALIA_PORT": str(port), "ARKALIA_DRAIN_SECONDS": "0"}
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "arkalia_helloria"], env=environment, stdout=subprocess.DEVNULL
    )
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() - start < START_SECONDS
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}", time.monotonic() - start
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


async def load(url):
    """Durations of REQUESTS answers, CONNECTIONS at a time."""
    durations = []

    async def client(session):
        for _ in range(REQUESTS // CONNECTIONS):
            start = time.perf_counter()
            async with session.get(url) as response:
                assert response.status == 200
                await response.read()
            durations.append(time.perf_counter() - start)

    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await asyncio.gather(*(client(session) for _ in range(CONNECTIONS)))
    return durations


async def test_service_answers_under_load(helloria, figure):
    url, started = helloria
    start = time.perf_counter()

    durations = await load(f"{url}/health/live")

    rate = len(durations) / (time.perf_counter() - start)
    figure("start of helloria until it accepts connections", started, "s")
    figure("helloria, one process, GET /health/live", rate, "requests/s")
    figure("95th percentile of that", statistics.quantiles(durations, n=20)[-1] * 1000, "ms")
    assert rate > 100
