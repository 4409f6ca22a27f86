"""What the gateway depends on is replaced, hangs, and comes back, while requests come."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from data_services import a_redis
from unit.arkalia_helloria.cache.test_answers import TASK, Keeping, metric
from unit.arkalia_helloria.conftest import a_module
from unit.arkalia_helloria.pod_process import EVENTS
from unit.arkalia_helloria.upstream.test_balancer import until_open
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

TESTS = Path(__file__).resolve().parents[2]
POD = "unit.arkalia_helloria.pod_process"
X, STREAM = "/api/v1/taskia/x", "/api/v1/taskia/stream"


class Pods:
    """The pods of a module, which come and go as they do in a rollout."""

    def __init__(self, port, environment, stack):
        self._port, self._environment, self._stack = port, environment, stack
        self._running = {}

    async def lookup(self, _name, port):
        return [(host, port) for host in self._running]

    async def start(self, host):
        """One more, which is found once it listens."""
        own = self._environment | {"ARKALIA_HOST": host, "ARKALIA_PORT": str(self._port)}
        pod = await asyncio.create_subprocess_exec(sys.executable, "-m", POD, env=own)
        self._stack.push_async_callback(self._end, pod)
        async with asyncio.timeout(PATIENCE_SECONDS * 4):
            await until_open(host, self._port)
        self._running[host] = pod

    async def stop(self, host):
        """One less: it is told to end as it leaves the Service, and has ended."""
        pod = self._running.pop(host)
        pod.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(pod.wait(), PATIENCE_SECONDS * 4) == 0

    @staticmethod
    async def _end(pod):
        if pod.returncode is None:
            pod.kill()
        await pod.wait()


class Load:
    """Clients that ask without a pause until they are told to stop."""

    def __init__(self, client):
        self._client = client
        self._goes_on = True
        self.answers, self.streams = [], []

    @asynccontextmanager
    async def applied(self):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(self._ask("GET", None, '"read"'))
                tasks.create_task(self._ask("POST", b"written", '"written"'))
                tasks.create_task(self._follow())
            yield self
            self._goes_on = False

    async def _ask(self, method, body, wanted):
        while self._goes_on:
            async with self._client.request(method, X, data=body) as answer:
                self.answers.append((answer.status, await answer.text() == wanted))

    async def _follow(self):
        while self._goes_on:
            async with self._client.get(STREAM) as answer:
                text = await answer.text()
                self.streams.append((answer.status, text.count("data: "), text[-5:]))


async def test_pods_are_replaced_one_by_one_and_no_request_fails_and_no_stream_is_cut(
    gateway, mounts
):
    port = free_port()
    own = {"ARKALIA_SYSTEM": "", "ARKALIA_MODULE": "taskia", "PYTHONPATH": str(TESTS)}
    # Longer than the gateway takes to look again who is there, as in a system.
    own |= {"ARKALIA_DRAIN_SECONDS": "3", "ARKALIA_LOG_LEVEL": "WARNING"}
    async with AsyncExitStack() as stack:
        pods = Pods(port, os.environ | mounts.environment | own, stack)
        for host in ("127.0.0.2", "127.0.0.3"):
            await pods.start(host)
        opened = gateway({"taskia": port}, lookup=pods.lookup)
        client = await stack.enter_async_context(opened)
        async with Load(client).applied() as load:
            for new, old in (("127.0.0.4", "127.0.0.2"), ("127.0.0.5", "127.0.0.3")):
                await pods.start(new)
                await pods.stop(old)

    assert set(load.answers) == {(200, True)}
    assert set(load.streams) == {(200, EVENTS + 1, "end\n\n")}
    assert len(load.answers) > 100


@pytest.fixture(scope="module")
def redis():
    with a_redis() as server:
        yield server


async def test_requests_go_on_while_redis_hangs_and_all_is_shared_again_after(
    gateway, mounts, redis
):
    mount(mounts.data, **{"redis-cache_json": redis.file()})
    kept = Keeping(b"max-age=60")
    async with a_module(kept) as (_, port), gateway({"taskia": port}) as client:

        async def asked(number):
            answer = await client.get(f"{TASK}?number={number}")
            return answer.status, answer.headers.get("Arkalia-Limits", "shared")

        async def until(limits, shared):
            number = 0
            async with asyncio.timeout(PATIENCE_SECONDS * 2):
                while True:
                    number += 1
                    found = await asked(f"{limits}{number}")
                    assert found[0] == 200
                    if (
                        found[1] == limits
                        and await metric(client, "arkalia_cache_shared") == shared
                    ):
                        return
                    await asyncio.sleep(0.1)

        await until("shared", 1)
        with redis.door.held():
            await until("local", 0)
            during = [await asked(number) for number in range(20)]
        await until("shared", 1)

    assert during == [(200, "local")] * 20
