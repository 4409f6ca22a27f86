"""A module with several pods: which of them is asked, and what happens when one is dead or ill."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn

from arkalia_helloria.upstream.budget import MOST, RetryBudget
from arkalia_helloria.upstream.replica import FAILURES_UNTIL_ASIDE, Endpoint, Replica
from unit.arkalia_helloria.conftest import Module, a_module, reply
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

POD = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = sys.argv[1].encode()
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, host=sys.argv[1], port=int(sys.argv[2]), log_level="critical", lifespan="off")
"""


@asynccontextmanager
async def pods_as_processes(port, *hosts):
    """A process for each of *hosts*, all at *port*."""
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", POD, host, str(port))
        for host in hosts
    ]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for host in hosts:
                await until_open(host, port)
        yield dict(zip(hosts, started, strict=True))
    finally:
        for each in started:
            if each.returncode is None:
                each.kill()
            await each.wait()


async def until_open(host, port):
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


@asynccontextmanager
async def pods(port, **answers):
    """Pods in this process: `one=answer` listens at the first address, and so on."""
    async with AsyncExitStack() as stack:
        found = {}
        for number, (name, answer) in enumerate(answers.items(), 2):
            found[name] = Module(answer=answer)
            await stack.enter_async_context(listening(found[name], f"127.0.0.{number}", port))
        yield found


@asynccontextmanager
async def listening(app, host, port):
    config = uvicorn.Config(
        app, host=host, port=port, lifespan="off", log_config=None, access_log=False
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield
    finally:
        server.servers[0].close()
        for connection in list(server.server_state.connections):
            connection.shutdown()


def at(port, number):
    """A lookup that finds *number* pods."""

    async def lookup(_name, _port):
        return [(f"127.0.0.{each}", port) for each in range(2, 2 + number)]

    return lookup


async def failing(scope, receive, send):
    await reply(send, b"", 503)


async def breaking(scope, receive, send):
    raise ConnectionError


async def statuses(client, number, method="GET"):
    found = []
    for _ in range(number):
        response = await client.request(method, "/api/v1/taskia/x")
        await response.read()
        found.append(response.status)
    return found


async def until_answered(client):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await statuses(client, 1) != [200]:  # noqa: ASYNC110 - its breaker closes by the clock
            await asyncio.sleep(0.1)


HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")


async def test_one_of_four_pods_dies_and_no_request_that_may_be_repeated_fails(gateway):
    port = free_port()
    async with (
        pods_as_processes(port, *HOSTS) as running,
        gateway({"taskia": port}, lookup=at(port, 4)) as client,
    ):
        found = []

        async def ask():
            for _ in range(100):
                found.extend(await statuses(client, 1))
                if len(found) == 200:
                    running[HOSTS[0]].send_signal(signal.SIGKILL)

        await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(10))), PATIENCE_SECONDS)

        assert len(found) == 1000
        assert found.count(200) >= 999
        text = await (await client.get("/metrics")).text()
        assert 'arkalia_lb_backends{callee="taskia"} 3.0' in text
        assert 'arkalia_cb_state{callee="taskia"} 2.0' in text


async def test_every_pod_gets_its_share(gateway):
    port = free_port()
    async with (
        pods(port, one=None, two=None, three=None) as found,
        gateway({"taskia": port}, lookup=at(port, 3)) as client,
    ):
        await asyncio.gather(*(statuses(client, 10) for _ in range(6)))

        assert all(len(each.asked) >= 5 for each in found.values())


async def test_pod_that_says_it_cannot_is_left_for_another_one(gateway):
    port = free_port()
    async with (
        pods(port, one=failing, two=None),
        gateway({"taskia": port}, lookup=at(port, 2)) as client,
    ):
        assert await statuses(client, 10) == [200] * 10


async def test_request_that_may_not_arrive_twice_is_sent_once(gateway):
    port = free_port()
    async with (
        pods(port, one=breaking, two=breaking) as found,
        gateway({"taskia": port}, lookup=at(port, 2)) as client,
    ):
        assert await statuses(client, 1, "POST") == [500]
        assert sum(len(each.asked) for each in found.values()) == 1


async def test_pod_that_never_answers_is_put_aside_and_the_breaker_opens(gateway):
    port = free_port()
    async with gateway({"taskia": port}, lookup=at(port, 1)) as client:
        found = await statuses(client, FAILURES_UNTIL_ASIDE + 1)

        assert set(found) == {503}
        text = await (await client.get("/metrics")).text()
        assert 'arkalia_cb_state{callee="taskia"} 1.0' in text
        # Each request that finds no pod tries the Service too, which is put aside as well.
        counted = f'outcome="unreachable"}} {2.0 * FAILURES_UNTIL_ASIDE}'
        assert counted in text, "an open breaker asks nobody"

        async with pods(port, one=None):
            await until_answered(client)
        text = await (await client.get("/metrics")).text()
        assert 'arkalia_cb_state{callee="taskia"} 0.0' in text


def a_replica():
    return Replica(Endpoint("127.0.0.2", 1, "", lambda: None, 1024))


def test_slow_pod_costs_more_and_so_does_a_busy_one():
    quick, slow = a_replica(), a_replica()
    quick.recovered(0.01, 1.0)
    slow.recovered(0.1, 1.0)

    assert quick.cost < slow.cost
    for _ in range(20):
        quick.begin()
    assert quick.cost > slow.cost


def test_former_slowness_is_forgotten():
    pod = a_replica()
    pod.recovered(1.0, 1.0)
    before = pod.cost

    pod.recovered(0.01, 31.0)

    assert pod.cost < before / 10


def test_pod_that_fails_again_stays_aside_twice_as_long_and_one_request_tries():
    pod = a_replica()
    for _ in range(FAILURES_UNTIL_ASIDE):
        pod.failed(100.0)

    assert pod.is_aside(100.5)
    assert not pod.is_aside(101.5)
    pod.begin()
    assert pod.is_aside(101.5), "one request at a time tries"
    pod.failed(101.5)
    pod.end()
    assert pod.is_aside(103.0)
    assert not pod.is_aside(104.0)
    assert pod.recovered(0.01, 104.0)
    assert not pod.is_aside(104.0)


def test_retries_are_a_tenth_of_the_requests():
    budget = RetryBudget()
    while budget.spend():
        pass

    for _ in range(100):
        budget.earn()

    assert sum(budget.spend() for _ in range(100)) == pytest.approx(10, abs=1)
    for _ in range(10_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(1000)) == pytest.approx(MOST, abs=1)


async def test_service_is_asked_while_no_known_pod_takes_connections(gateway):
    """A name is known for longer than a pod that ends lets anybody in."""

    async def old(_name, port):
        return [("127.0.0.9", port)]

    async with a_module() as (module, port), gateway({"taskia": port}, lookup=old) as client:
        answers = [(await client.post("/api/v1/taskia/x", data=b"a")).status for _ in range(20)]

        assert set(answers) == {200}
        assert len(module.asked) == 20
