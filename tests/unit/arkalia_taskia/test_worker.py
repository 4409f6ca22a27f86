"""A real worker on a real queue: what was taken is done, whatever is killed."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from arkalia_taskia.app import create
from unit.arkalia_runtime.serving import served, wait_for_status
from unit.arkalia_taskia.conftest import component


@asynccontextmanager
async def service(settings):
    async with served(create(settings)) as client:
        yield client


async def added(client, kind="canary", queue="default", **arguments):
    body = {"kind": kind, "arguments": arguments, "queue": queue}
    answer = await client.post("/tasks", json=body)
    assert answer.status == 202, await answer.text()
    return (await answer.json())["id"]


async def ended(client, task_id, seconds=30):
    async with asyncio.timeout(seconds):
        while True:
            task = await (await client.get(f"/tasks/{task_id}")).json()
            if task["ended_at"]:
                return task
            await asyncio.sleep(0.05)


async def running(client, task_id):
    async with asyncio.timeout(30):
        while (await (await client.get(f"/tasks/{task_id}")).json())["state"] != "running":  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


@pytest.fixture
def worker(mounts):
    with component("worker", mounts) as (started, address):
        wait_for_status(f"{address}/health/ready", 200)
        yield started, address


async def test_task_is_done_and_its_result_kept(settings, worker):
    async with service(settings) as client:
        task = await ended(client, await added(client))

    assert (task["state"], task["runs"], task["error"]) == ("succeeded", 1, None)
    assert task["result"]["waited_seconds"] < 20
