"""The gateway as a process that finds pods by a file: `python -m faults.gateway_process`."""

import json
import os
from functools import partial
from pathlib import Path

from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.server import run
from faults.pods import HERE, PODS_FILE


async def look_up(name: str, port: int) -> list[tuple[str, int]]:
    """Where the pods called *name* are."""
    return [(host, port) for host in places().get(name, [HERE])]


def places() -> dict[str, list[str]]:
    """What the file says now."""
    found: dict[str, list[str]] = json.loads(Path(os.environ[PODS_FILE]).read_text("utf-8"))
    return found


if __name__ == "__main__":
    run("helloria", GatewaySettings, partial(create, lookup=look_up))
