"""Pods that are replaced or die under load, behind the gateway and the gateway's own: who fails is counted.

The way is that of `test_talk.py`: services as processes with TLS, tokens and a real door.
"""

import asyncio
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from faults.pods import published
from faults.talk import CHAT, CONVERSATIONS, ENDLESS, a_talk, described

OTHER = "127.0.0.2"
REPLICAS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
PATIENCE_SECONDS = 120
REQUESTS, AT_ONCE = 3_000, 8
PERMITTED = 0.001
"""The share of requests that may fail when one of four pods dies."""
X = "/api/v1/taskia/x"


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    with a_talk(tmp_path_factory.mktemp("replaced")) as running:
        yield running


@pytest.fixture
async def client(talk):
    async with talk.client() as opened:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await opened.chat()).status != 200:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
        yield opened


@pytest.fixture
def taskia(talk):
    """A module of four pods, of which the gateway is told while it runs."""
    module = talk.site.module("taskia", "unit.arkalia_helloria.pod_process")
    talk.site.introduce(module)
    talk.site.know(taskia=list(REPLICAS))
    told = {
        "assistantia": described("assistantia"),
        "security": described("security"),
        "taskia": [{"path": "/*", "methods": ["GET", "POST"]}],
    }
    modules = talk.modules | {"taskia": module}
    routes = published(*((modules[name], each) for name, each in told.items()))
    known = (modules["security"], modules["assistantia"], module)
    talk.site.introduce(talk.modules["helloria"], *known, routes_json=routes)
    pods = [module.pod(host).launch() for host in REPLICAS]
    yield [pod.await_serving() for pod in pods]
    for pod in pods:
        if pod.pid:
            pod.kill()


@asynccontextmanager
async def load(ask, at_once):
    """`answers`, which is counted up in the block: what *ask* gives, again and again."""
    answers, goes_on = Counter(), True

    async def again():
        while goes_on:
            answers[await ask()] += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(again())
        yield answers
        goes_on = False


async def more(answers, number):
    """Wait for *number* more."""
    wanted = answers.total() + number
    async with asyncio.timeout(PATIENCE_SECONDS):
        while answers.total() < wanted:  # noqa: ASYNC110 - a counter tells no event
            await asyncio.sleep(0.01)


async def test_of_four_pods_one_dies_and_almost_no_request_fails(client, taskia):
    asked = 0

    async def ask():
        nonlocal asked
        asked += 1
        # A quarter are of the kind that must not be sent twice.
        method = "POST" if asked % 4 == 0 else "GET"
        return (await client.ask(method, X, "written" if method == "POST" else None)).status

    async with asyncio.timeout(PATIENCE_SECONDS):
        while await ask() != 200:  # noqa: ASYNC110 - the gateway reads what is published
            await asyncio.sleep(0.1)
    async with load(ask, AT_ONCE) as answers:
        await more(answers, REQUESTS // 10)
        taskia[0].kill()
        await more(answers, REQUESTS)

    failed = answers.total() - answers[200]
    print(f"{failed} of {answers.total()} requests failed: {dict(answers)}")
    assert failed <= PERMITTED * answers.total()


@asynccontextmanager
async def open_streams(client, number):
    """So many streams that have begun; `rest()` reads them all to their ends."""
    body = {"message": ENDLESS, "stream": True, "most_tokens": 500}
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(client.asking("POST", CHAT, body))
            for _ in range(number)
        ]
        for each in streams:
            assert each.status == 200
            await each.content.readline()

        async def rest():
            return [(await each.content.read()).decode() for each in streams]

        yield rest


def last_of(stream):
    return stream.strip().split("\n\n")[-1].split("\n")[0]


async def test_assistant_is_replaced_while_it_streams_and_nothing_is_cut(talk, client):
    old, new = talk.pods["assistantia"], talk.modules["assistantia"].pod(OTHER)
    new.start()

    async def ask():
        return (await client.ask("GET", CONVERSATIONS)).status

    async with open_streams(client, 3) as rest, load(ask, 2) as answers:
        talk.model.tell(signal.SIGSTOP)  # so that they are open until the old pod would end
        talk.site.know(assistantia=[OTHER])
        old.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(closed, old)
        await more(answers, 20)
        still_runs = old.pid
        talk.model.tell(signal.SIGCONT)
        ends = [last_of(each) for each in await rest()]
    talk.pods["assistantia"] = new

    assert still_runs
    assert ends == ["event: end"] * 3
    assert set(answers) == {200}
    assert await asyncio.to_thread(old.wait) == 0


def closed(pod):
    """Wait until *pod* lets nobody in any more."""
    while pod._serves():
        time.sleep(0.05)


async def test_gateway_is_replaced_while_it_streams_and_nothing_is_cut(talk, client):
    old, new = talk.pods["helloria"], talk.modules["helloria"].pod(OTHER)
    new.start()
    hosts = [client]

    async def ask():
        return (await hosts[0].ask("GET", CONVERSATIONS)).status

    async with (
        talk.client(OTHER) as other,
        open_streams(client, 3) as rest,
        load(ask, 2) as answers,
    ):
        talk.model.tell(signal.SIGSTOP)
        old.process.send_signal(signal.SIGTERM)
        await more(answers, 20)  # it still serves: not everybody knows yet that it ends
        hosts[0] = other
        await asyncio.to_thread(closed, old)
        await more(answers, 20)
        still_runs = old.pid
        talk.model.tell(signal.SIGCONT)
        ends = [last_of(each) for each in await rest()]
    talk.pods["helloria"] = new

    assert still_runs
    assert ends == ["event: end"] * 3
    assert set(answers) == {200}
    assert await asyncio.to_thread(old.wait) == 0
