"""What the tests ask the service for, over HTTP."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from arkalia_contract import endpoints
from arkalia_taskia.app import create
from unit.arkalia_runtime.serving import served

SECONDS = 40
"""For what takes a second on a machine that has nothing else to do."""


@asynccontextmanager
async def service(settings):
    """A client of the service, which sweeps five times a second."""
    async with served(create(settings)) as client:
        yield client


async def added(client, kind="canary", queue="default", **arguments):
    """The id of a new task."""
    body = {"kind": kind, "arguments": arguments, "queue": queue}
    answer = await client.post("/tasks", json=body)
    assert answer.status == 202, await answer.text()
    return (await answer.json())["id"]


async def task(client, task_id):
    return await (await client.get(f"/tasks/{task_id}")).json()


async def until(client, task_id, state):
    """The task, once it is in *state*."""
    async with asyncio.timeout(SECONDS):
        while (found := await task(client, task_id))["state"] != state:
            assert found["ended_at"] is None, found
            await asyncio.sleep(0.05)
    return found


async def ordered(client, verb, seconds=60, **arguments):
    end = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    order = {"id": verb, "verb": verb, "arguments": arguments, "until": end}
    answer = await client.post(endpoints.CONTROL_ACTIONS, json=order)
    assert answer.status == 201, await answer.text()
