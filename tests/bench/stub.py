"""In the place of the controllers: says of each Deployment that all its pods are available.

    python -m bench.stub FOLDER PORT

A process of its own, so that what it takes is not counted with anybody else's.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import uvloop

from arkalia_operator.cluster.kinds import member
from arkalia_operator.desired.kinds import DEPLOYMENT
from bench.api import MERGE, Api, Body, api
from bench.control_plane import ControlPlane

AT_ONCE: Final = 8


def available(deployment: Body) -> Body:
    """The status of a Deployment whose pods all serve."""
    pods = deployment["spec"].get("replicas", 1)
    counts = dict.fromkeys(
        ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), pods
    )
    return {"observedGeneration": deployment["metadata"]["generation"], **counts}


async def work(client: Api, waiting: asyncio.Queue[Body]) -> None:
    """Write one status after the other."""
    while True:
        deployment = await waiting.get()
        metadata = deployment["metadata"]
        path = member(DEPLOYMENT, metadata["namespace"], metadata["name"]) + "/status"
        await client.ask("PATCH", path, {"status": available(deployment)}, headers=MERGE)


async def main(plane: ControlPlane) -> None:
    """Follow every Deployment until the process is ended."""
    waiting: asyncio.Queue[Body] = asyncio.Queue()
    async with api(plane, "stub") as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work(client, waiting))
        while True:  # the API server ends a watch that it finds too slow
            async for deployment in client.watch(DEPLOYMENT):
                if deployment.get("status", {}) != available(deployment):
                    await waiting.put(deployment)


if __name__ == "__main__":
    uvloop.run(main(ControlPlane(Path(sys.argv[1]), int(sys.argv[2]), ())))
