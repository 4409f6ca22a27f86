"""Two operators beside each other: each looks after the systems that its label selects, and no others.

They run as processes against an API server with etcd alone, so that none of them meets the operator
that `make up` installed; each has a user of its own in the audit log.
"""

import asyncio

import pytest
import uvloop

from arkalia_operator.cluster.kinds import SYSTEM
from arkalia_operator.desired.kinds import SERVICE
from bench.api import api, define
from bench.control_plane import control_plane
from bench.operator_process import operator
from bench.trail import Trail
from bench.typical import MODULES, descriptions, system

WITHIN = 90.0
QUIET = 5.0
ONE = {each: {"enabled": False} for each in MODULES[1:]}
"""Of the ten modules of the benchmarks, one."""
CHILD = f"-{MODULES[0]}"


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with control_plane(tmp_path_factory.mktemp("plane")) as plane:
        uvloop.run(define(plane))
        with (
            operator(plane, "operator", system_selector="tier=gold", lease_name="gold"),
            operator(plane, "other", system_selector="tier in (silver)", lease_name="silver"),
        ):
            yield plane


def labelled(name, tier):
    made = system("shared", name)
    made["metadata"]["labels"] = {"tier": tier}
    made["spec"]["modules"] |= ONE
    return made


async def prepared(client):
    await client.create_namespace("shared")
    for each in descriptions("shared"):
        await client.create(each)


def named(trail, user):
    """The systems whose objects *user* wrote."""
    written = [each for each in trail.writes(user) if each.resource != "events"]
    return {each.name.partition("-")[0] for each in written}


def test_each_operator_writes_for_its_own_systems_and_a_label_hands_one_over(plane):
    async def story():
        trail = Trail(plane.audit)
        async with api(plane, "person") as client:
            await prepared(client)
            for name, tier in (("luna", "gold"), ("sol", "silver"), ("nobody", "iron")):
                await client.create(labelled(name, tier))
            await asyncio.gather(
                *(trail.settled(user, QUIET, WITHIN) for user in ("operator", "other"))
            )
            first = named(trail, "operator"), named(trail, "other")

            trail.forget()
            await client.change(
                SYSTEM, "shared", "luna", {"metadata": {"labels": {"tier": "silver"}}}
            )
            await asyncio.sleep(QUIET)
            await client.delete(SERVICE, "shared", f"luna{CHILD}")
            await trail.settled("other", QUIET, WITHIN)
            healed = await client.find(SERVICE, "shared")
            return first, named(trail, "operator"), named(trail, "other"), healed

    first, before, after, healed = uvloop.run(story())

    assert first == ({"luna"}, {"sol"})
    assert before == set()
    assert after == {"luna"}
    assert f"luna{CHILD}" in {each["metadata"]["name"] for each in healed}
