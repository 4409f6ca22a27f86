"""One operator, one API server, nothing else: how long a system takes from the wish to the last write.

Times and numbers of writes are the API server's own, from its audit log. Beside each stands the
limit: the same objects, applied in the same run straight from one process that does nothing else.
"""

import asyncio
import json
import os
import statistics
import subprocess
import time

import pytest
import uvloop

from arkalia_operator.cluster.kinds import SYSTEM
from arkalia_operator.desired.kinds import BY_NAME, POD, SECRET, SERVICE
from arkalia_operator.planning.ownership import owned
from bench.api import api, apply_all, define
from bench.control_plane import control_plane
from bench.operator_process import operator
from bench.trail import CREATED, Trail, last
from bench.typical import MODULES, descriptions, system

ROUNDS = 7
CREATES = 15
"""More rounds: one create takes a quarter more or less than the next."""
STARTS = 5
AT_ONCE = (16, 24, 32)
"""The limit is the median with the best of these numbers of requests in flight."""
MANY = 50
PEER_SECONDS = 600


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with control_plane(tmp_path_factory.mktemp("plane")) as plane:
        uvloop.run(define(plane))
        yield plane


@pytest.fixture(scope="module")
def running(plane):
    with operator(plane) as running:
        yield running


@pytest.fixture
def trail(plane):
    trail = Trail(plane.audit)
    trail.forget()
    return trail


async def prepared(client, namespace):
    await client.create_namespace(namespace)
    for each in descriptions(namespace):
        await client.create(each)
    await asyncio.sleep(1)


async def created(client, trail, namespace):
    """Seconds from the POST of a system to its last child, and how many children."""
    await prepared(client, namespace)
    trail.forget()
    await client.create(system(namespace, "luna"))
    await trail.settled("operator")
    wish = trail.writes("person")[0].received
    children = [each for each in trail.writes("operator") if is_child(each)]
    return last(children) - wish, len(children)


def is_child(written):
    return written.code == CREATED and written.resource not in {"events", "arkaliasystems/status"}


async def children(client, namespace):
    """What the operator applied there, as it applied it."""
    kinds = [each for each in (*BY_NAME.values(), SECRET) if each is not POD and not each.optional]
    found = [live for kind in kinds for live in await client.find(kind, namespace)]
    applied = [(live, owned(live)) for live in found]
    return [
        {"apiVersion": live["apiVersion"], "kind": live["kind"]}
        | part
        | {"metadata": {**part["metadata"], "name": live["metadata"]["name"]}}
        for live, part in applied
        if part
    ]


async def limit(client, manifests, name, at_once):
    """Seconds in which one process applies *manifests* in a new namespace, *at_once* in flight."""
    namespace = f"{name}-{at_once}"
    await client.create_namespace(namespace)
    moved = [
        {**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in manifests
    ]
    began = time.perf_counter()
    await apply_all(client, moved, at_once)
    return time.perf_counter() - began


def test_peer(plane, request, figure):
    command = request.config.getoption("--peer")
    if not command:
        pytest.skip("there is no --peer")
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig("person"))}
    told = subprocess.run(
        command, shell=True, env=environment, capture_output=True, timeout=PEER_SECONDS, check=True
    )
    for name, (value, unit) in json.loads(told.stdout.splitlines()[-1]).items():
        figure(f"peer: {name}", value, unit)


def test_operator_starts(plane, figure):
    started = []
    for _ in range(STARTS):
        with operator(plane) as one:
            started.append(one.started)

    figure("start of the operator until it is ready, median", median_ms(started), "ms")
    assert median_ms(started) < 20_000


def test_system_is_created(plane, running, trail, figure):
    async def measure():
        own, limits = [], {each: [] for each in AT_ONCE}
        async with api(plane, "person") as client:
            for number in range(CREATES):
                seconds, count = await created(client, trail, f"create-{number}")
                manifests = await children(client, f"create-{number}")
                own.append(seconds)
                for each, taken in limits.items():
                    taken.append(await limit(client, manifests, f"limit-{number}", each))
        return own, limits, count, len(manifests)

    own, limits, count, applied = uvloop.run(measure())
    best = min(map(median_ms, limits.values()))

    figure("children of a typical system", count, "objects")
    figure("apply the same objects from one process: the limit", best, "ms")
    figure("create a typical system, POST to last child", median_ms(own), "ms")
    figure("create, as a multiple of the limit", median_ms(own) / best, "")
    assert count == applied
    assert median_ms(own) < 10 * best


def test_drift_is_repaired(plane, running, trail, figure):
    async def measure():
        taken, writes = [], []
        async with api(plane, "person") as client:
            await created(client, trail, "drift")
            for number in range(ROUNDS):
                trail.forget()
                await client.delete(SERVICE, "drift", f"luna-{MODULES[number]}")
                await trail.settled("operator")
                made = [e for e in trail.writes("operator") if e.resource != "events"]
                writes.append(len(made))
                taken.append(last(made) - trail.writes("person")[0].answered)
        return taken, writes

    taken, writes = uvloop.run(measure())

    figure("bring back a deleted Service, median", median_ms(taken), "ms")
    figure("its writes", max(writes), "")
    assert median_ms(taken) < 1000


def test_changed_module_costs_one_write_for_each_object_that_differs(plane, running, trail, figure):
    async def measure():
        taken = []
        async with api(plane, "person") as client:
            await created(client, trail, "change")
            for number in range(ROUNDS):
                trail.forget()
                change = {"spec": {"modules": {MODULES[0]: {"env": {"ROUND": str(number)}}}}}
                await client.change(SYSTEM, "change", "luna", change)
                await trail.settled("operator")
                writes = [e for e in trail.writes("operator") if e.resource != "events"]
                taken.append(last(writes) - trail.writes("person")[0].answered)
        return taken, [f"{each.verb} {each.resource}" for each in writes]

    taken, writes = uvloop.run(measure())

    figure("a changed variable of one module, PATCH to last write", median_ms(taken), "ms")
    figure("its writes, the status among them", len(writes), "")
    assert len(writes) == len(set(writes)), writes


def test_fifty_systems_at_once(plane, running, trail, figure):
    async def measure():
        async with api(plane, "person") as client:
            await prepared(client, "fifty")
            trail.forget()
            for number in range(MANY):
                await client.create(system("fifty", f"s{number}"))
            await trail.settled("operator")
            wish = trail.writes("person")[0].received
            made = [each for each in trail.writes("operator") if is_child(each)]
            return last(made) - wish, len(made)

    seconds, count = uvloop.run(measure())

    figure("50 systems at once", seconds, "s")
    figure("50 systems at once, their children", count, "objects")
    assert seconds < 300


def median_ms(seconds):
    return statistics.median(seconds) * 1000
