"""What a gateway takes when there is much of everything: open streams, and a million requests one after another."""

import asyncio
import json
import resource
import ssl
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.gateways import EVERY_SECONDS
from bench.streams import opened
from bench.test_gateway import CONNECTIONS, load, mounted, running
from bench.test_service import free_port
from unit.arkalia_runtime.authority import Authority, mount

pytestmark = pytest.mark.soak

STREAMS = 10_000
FILES_BESIDE = 200
LIMIT_MIB = 512
OPENED_AT_ONCE = 20
REQUESTS, PART = 1_000_000, 100_000
FLAT_MIB = 16


def mib(process, name="VmRSS"):
    """Resident memory of *process*."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [found] = [line for line in lines if line.startswith(f"{name}:")]
    return int(found.split()[1]) / 1024


@pytest.fixture
def behind(tmp_path):
    """`behind(module, authority)`: port and process of a gateway before *module*."""
    with ExitStack() as stack:

        def started(module, authority=None):
            up, port = free_port(), free_port()
            command = [sys.executable, "-m", "bench.gateways"]
            stack.enter_context(running([*command, module, str(up), "0"], up))
            own = mounted(tmp_path / "mounts", up) | {"ARKALIA_PORT": str(port)}
            routes = tmp_path / "mounts/identity/routes.json"
            told = json.loads(routes.read_text())
            told["taskia"]["routes"].append({"path": "/stream", "methods": ["GET"], "scopes": []})
            routes.write_text(json.dumps(told))
            if authority:
                mount(tmp_path / "mounts/tls", **authority.issue("localhost"))
                own |= {"ARKALIA_TLS_FOLDER": str(tmp_path / "mounts/tls")}
            own |= {"ARKALIA_LOG_LEVEL": "WARNING"}
            return port, stack.enter_context(running([*command, "helloria", "0", "0"], port, **own))

        yield started


def most_streams():
    """As many as this machine lets one process hold: each takes two files of the gateway."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(STREAMS, (most - FILES_BESIDE) // 2)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_open_streams_take_little_memory(behind, figure, secure):
    number, authority = most_streams(), Authority()
    trusted = ssl.create_default_context(cadata=authority.pem.decode()) if secure else None
    port, gateway = behind("streams", authority if secure else None)
    idle = mib(gateway)

    async with asyncio.timeout(600):
        streams = await opened(port, number, OPENED_AT_ONCE, trusted)
        await asyncio.sleep(2.5 * EVERY_SECONDS)
    most = mib(gateway, "VmHWM")
    heard, left = [each.events for each in streams], [each for each in streams if not each.is_open]
    for each in streams:
        each.transport.abort()
    await asyncio.sleep(1)  # until the last of them is closed

    kind = "over TLS" if secure else "without TLS"
    figure(f"helloria: open streams {kind}", number, "streams")
    figure(f"helloria: memory with them {kind}", most, "MiB")
    figure(f"helloria: each of them {kind}", (most - idle) * 1024 / number, "KiB")
    assert left == []
    assert min(heard) >= 2
    assert secure or most < LIMIT_MIB


async def test_memory_is_flat_over_a_million_requests(behind, figure):
    port, gateway = behind("upstream")
    seen = []
    for _ in range(REQUESTS // PART):
        await load(port, PART)
        seen.append(mib(gateway))

    figure(f"helloria: memory after {PART:,} requests", seen[0], "MiB")
    figure(f"helloria: memory after {REQUESTS:,} requests", seen[-1], "MiB")
    assert seen[-1] < seen[0] + FLAT_MIB, seen
    assert CONNECTIONS < PART
