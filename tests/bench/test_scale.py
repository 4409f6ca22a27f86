"""Hundreds of systems on an API server and etcd alone; a stub says that their pods are available.

`ARKALIA_BENCH_SYSTEMS` says how many; 300 if it is not set. The limit is what one process takes to
apply the children of some of them, taken times the number of systems.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import uvloop

from arkalia_operator.cluster.kinds import SYSTEM
from bench.api import api, define
from bench.control_plane import ROOT, control_plane
from bench.operator_process import operator
from bench.test_operator import children, is_child, limit, prepared
from bench.trail import Trail, last
from bench.typical import MODULES, system

pytestmark = pytest.mark.soak

SYSTEMS = int(os.environ.get("ARKALIA_BENCH_SYSTEMS", "300"))
HOME = "scale"
LIMITED = 10
"""Systems of which the limit is taken."""
QUIET_SECONDS = 10.0
REST_SECONDS = 90.0
"""Until each system was looked at once more after its last change, and found as it should be."""
IDLE_SECONDS = 120.0
CHANGES = 60
"""One system a second changes, so often."""
WITHIN_SECONDS = 60.0 + 6.0 * SYSTEMS


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with control_plane(tmp_path_factory.mktemp("scale")) as plane:
        uvloop.run(define(plane))
        yield plane


@contextmanager
def stub(plane):
    """In the place of the controllers: every Deployment is available."""
    command = [sys.executable, "-m", "bench.stub", str(plane.folder), str(plane.port)]
    process = subprocess.Popen(command, cwd=ROOT / "tests")
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def all_ready(client, within):
    """Wait until every system says that it is Ready."""
    ends = time.monotonic() + within
    while (left := [each for each in await client.find(SYSTEM, HOME) if not is_ready(each)]) != []:
        assert time.monotonic() < ends, f"{len(left)} systems are not Ready"
        await asyncio.sleep(1)


def is_ready(body):
    conditions = body.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def installed(client, trail):
    """Seconds from the first POST to the last child, and how many children."""
    await prepared(client, HOME)
    trail.forget()
    for number in range(SYSTEMS):
        await client.create(system(HOME, f"s{number}"))
    await trail.settled("operator", QUIET_SECONDS, WITHIN_SECONDS)
    await all_ready(client, WITHIN_SECONDS)
    made = [each for each in trail.writes("operator") if is_child(each)]
    return last(made) - trail.writes("person")[0].received, len(made)


async def limit_of_some(client):
    """Seconds that one process takes for the children of one system, when it applies some."""
    own = [each for each in await children(client, HOME) if belongs(each, range(LIMITED))]
    return await limit(client, own, "limit") / LIMITED


def belongs(manifest, numbers):
    return manifest["metadata"]["labels"]["arkalia.io/system"] in {f"s{each}" for each in numbers}


async def changed(client, trail):
    """Seconds from each of many changes to its last write, while one system a second changes."""
    trail.forget()
    for number in range(CHANGES):
        change = {"spec": {"modules": {MODULES[0]: {"env": {"ROUND": "1"}}}}}
        await client.change(SYSTEM, HOME, f"s{number % SYSTEMS}", change)
        await asyncio.sleep(1)
    await trail.settled("operator", QUIET_SECONDS)
    wishes = {each.name: each.answered for each in trail.writes("person")}
    ends = {
        name: last(
            each
            for each in trail.writes("operator")
            if each.resource == "deployments" and each.name.startswith(f"{name}-")
        )
        for name in wishes
    }
    return [ends[name] - wishes[name] for name in wishes]


async def idle(running, trail):
    """Share of a core, and writes, while nothing happens."""
    trail.forget()
    before = running.cpu_seconds()
    await asyncio.sleep(IDLE_SECONDS)
    return (running.cpu_seconds() - before) / IDLE_SECONDS, trail.writes("operator")


def test_many_systems(plane, figure):
    async def install(running, trail):
        async with api(plane, "person") as client:
            seconds, count = await installed(client, trail)
            peak = running.peak_mebibytes()
            one = await limit_of_some(client)
            await asyncio.sleep(REST_SECONDS)
            share, writes = await idle(running, trail)
            return seconds, count, one, peak, share, writes, await changed(client, trail)

    trail = Trail(plane.audit)
    with stub(plane), operator(plane) as running:
        seconds, count, one, peak, share, writes, changes = uvloop.run(install(running, trail))
        resident = running.resident_mebibytes()
    trail.forget()
    with stub(plane), operator(plane) as again:
        time.sleep(QUIET_SECONDS)
        after = trail.writes("operator")

        figure("systems", SYSTEMS, "")
        figure("their children", count, "objects")
        figure("from the first POST to the last child", seconds, "s")
        figure("the limit for as many children", one * SYSTEMS, "s")
        figure("install, as a multiple of the limit", seconds / (one * SYSTEMS), "")
        figure("the operator's memory at most", peak, "MiB")
        figure("the operator's memory afterwards", resident, "MiB")
        figure("processor of the idle operator", share * 100, "% of a core")
        figure("writes while nothing happens", len(writes), "")
        figure("a change, PATCH to last write, median", statistics.median(changes) * 1000, "ms")
        figure("a change, PATCH to last write, p99", percentile(changes, 99) * 1000, "ms")
        figure("start to synced", again.started, "s")
        figure("memory of the operator that was started again", again.resident_mebibytes(), "MiB")
        figure("writes of the operator that was started again", len(after), "")
    assert writes == []
    assert [each for each in after if each.resource != "events"] == []


def percentile(values, share):
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
