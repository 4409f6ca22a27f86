"""What the gateway passes on for each second of its processor, beside gateways that do nothing else."""

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httptools
import pytest

import edge_programs
from bench.gateways import BODY, KEY
from bench.test_service import START_SECONDS, answers, free_port
from unit.arkalia_runtime.authority import Authority, mount

TESTS = Path(__file__).resolve().parents[1]
REQUESTS, CONNECTIONS = 12_000, 16
HALF_LOAD = 6_000
"""Requests that come by chance, half as often as helloria can answer."""
AT_ONCE = 200
"""Connections of clients that come by chance: more are never busy."""
WARM, WARM_SHARE = 600, 0.2
"""Requests before those, at a share of their rate, that are not counted."""
ANSWERED_SECONDS = 3
"""So long after the last request all are answered."""
PATH = "/api/v1/taskia/tasks/17"
REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()

NGINX = """
worker_processes 1; daemon off; error_log /dev/null; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream pods {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{ proxy_pass http://pods; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


@contextmanager
def running(command, port, **environment):
    """A process that listens at *port*."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, cwd=TESTS
    )
    try:
        deadline = time.monotonic() + START_SECONDS * 5
        while not answers(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()  # nginx ends its worker only if it is asked to end
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def seconds_of(process):
    """Processor time of *process* and its children, in seconds."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ticks = 0
    for each in [process.pid, *children]:
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Client(asyncio.Protocol):
    """Asks again and again over one connection."""

    def __init__(self, number):
        self._left = number
        self.durations, self.statuses = [], set()
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self._transport = transport
        self._ask()

    def _ask(self):
        self._parser, self._start = httptools.HttpResponseParser(self), time.perf_counter()
        self._transport.write(REQUEST)

    def data_received(self, data):
        self._parser.feed_data(data)

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the gateway closed the connection"))

    def on_message_complete(self):
        self.durations.append(time.perf_counter() - self._start)
        self.statuses.add(self._parser.get_status_code())
        self._left -= 1
        if not self._left:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._ask()


async def load(port, number=REQUESTS):
    """Durations of *number* answers, CONNECTIONS at a time."""
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Client(number // CONNECTIONS), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    async with asyncio.timeout(300):
        await asyncio.gather(*(client.done for _, client in opened))
    assert set().union(*(client.statuses for _, client in opened)) == {200}
    return [each for _, client in opened for each in client.durations]


class Visitors(asyncio.Protocol):
    """A connection that one request after another uses, each when it comes."""

    def __init__(self, free, durations):
        self._free, self._durations = free, durations

    def connection_made(self, transport):
        self._transport = transport
        self._free.append(self)

    def ask(self):
        self._parser, self._asked = httptools.HttpResponseParser(self), time.perf_counter()
        self._transport.write(REQUEST)

    def data_received(self, data):
        self._parser.feed_data(data)

    def on_message_complete(self):
        assert self._parser.get_status_code() == 200
        self._durations.append(time.perf_counter() - self._asked)
        self._free.append(self)

    def close(self):
        self._transport.close()


class OverloadedError(Exception):
    """Requests come faster than they are answered."""


async def by_chance(port, rate, number=HALF_LOAD):
    """Durations of *number* answers to requests that come *rate* times a second, by chance.

    None waits for the answer to another, as nobody does who knows nothing of the others: clients that
    pause equally long fall into step, and then come all at once. Raises OverloadedError.
    """
    loop, free, durations, chance = asyncio.get_running_loop(), [], [], random.Random(7)
    opened = [
        await loop.create_connection(lambda: Visitors(free, durations), "127.0.0.1", port)
        for _ in range(AT_ONCE)
    ]
    due = loop.time()
    for each in range(WARM + number):
        # The first ones find no connection to the module, and wait together for many.
        due += chance.expovariate(rate if each >= WARM else rate * WARM_SHARE)
        # Also when it is late: else it would not read what has come.
        await asyncio.sleep(max(0.0, due - loop.time()))
        if not free:
            break
        free.pop().ask()
    await asyncio.sleep(ANSWERED_SECONDS)
    for _, client in opened:
        client.close()
    if len(durations) < WARM + number:
        raise OverloadedError
    return durations[WARM:]


def mounted(folder, upstream_port):
    """What the operator would mount into helloria's pod."""
    for each in ("identity", "tokens", "data", "trust"):
        (folder / each).mkdir(parents=True)
    route = {"path": "/tasks/{id}", "methods": ["GET"], "scopes": ["tasks"]}
    told = {"address": f"http://127.0.0.1:{upstream_port}", "pods": "127.0.0.1", "routes": [route]}
    (folder / "identity/routes.json").write_text(json.dumps({"taskia": told}))
    (folder / "identity/callees.json").write_text(
        json.dumps({"security": f"http://127.0.0.1:{upstream_port}"})
    )
    mount(folder / "trust", ca_crt=Authority().pem)
    for each in ("taskia", "security"):
        (folder / "tokens" / each).write_text("a token")
    folders = {f"ARKALIA_{each.name.upper()}_FOLDER": str(each) for each in folder.iterdir()}
    return folders | {"ARKALIA_REQUESTS_PER_SECOND": "1000000", "ARKALIA_DRAIN_SECONDS": "0"}


def unpacked_nginx(folder):
    """nginx of the edge's image, where its packages can be had."""
    return edge_programs.nginx_in(folder) if shutil.which("apt-get") else None


@pytest.fixture
def gateways(tmp_path):
    """Ports and processes of all gateways, before one upstream."""
    with ExitStack() as stack:
        up = free_port()
        module = [sys.executable, "-m", "bench.gateways"]
        stack.enter_context(running([*module, "upstream", str(up), "0"], up))
        own = mounted(tmp_path / "mounts", up)
        found = {}
        for which in ("helloria", "asgi", "fastapi"):
            port = free_port()
            told = own | {"ARKALIA_PORT": str(port)} if which == "helloria" else {}
            command = [*module, which, str(port), str(up)]
            found[which] = port, stack.enter_context(running(command, port, **told))
        folder = tmp_path / "nginx"
        folder.mkdir()
        if nginx := shutil.which("nginx") or unpacked_nginx(folder):
            port = free_port()
            file = folder / "nginx.conf"
            file.write_text(NGINX.format(folder=folder, port=port, upstream=up))
            found["nginx"] = (
                port,
                stack.enter_context(running([nginx, "-e", "stderr", "-c", str(file)], port)),
            )
        yield up, found


async def test_gateway_passes_on_more_than_a_framework_that_does_nothing_else(gateways, figure):
    up, found = gateways
    rates, answered = {}, {}
    for which, (port, process) in found.items():
        await load(port, 1_600)
        before, start = seconds_of(process), time.perf_counter()
        await load(port)
        answered[which] = REQUESTS / (time.perf_counter() - start)
        rates[which] = REQUESTS / (seconds_of(process) - before)
        figure(f"{which}: requests for each second of its processor", rates[which], "requests")
        figure(f"{which}: requests by the clock", answered[which], "requests a second")

    rate = answered["helloria"] / 2
    figure("half load", rate, "requests a second")
    direct = await by_chance(up, rate)
    for which, (port, _) in found.items():
        try:
            through = await by_chance(port, rate)
        except OverloadedError:
            continue  # there is no figure
        for name, share in (("median", 50), ("99th percentile", 99)):
            added = quantile(through, share) - quantile(direct, share)
            figure(f"{which}: added to the {name} at half load", added, "ms")

    figure("helloria: times FastAPI with aiohttp", rates["helloria"] / rates["fastapi"], "times")
    figure("helloria: times ASGI with aiohttp", rates["helloria"] / rates["asgi"], "times")
    assert len(BODY) > 1000
    assert rates["helloria"] > rates["fastapi"] / 2


def quantile(durations, share):
    return statistics.quantiles(durations, n=100)[share - 1] * 1000
