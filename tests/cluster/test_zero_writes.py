"""A system that is as it should be costs no write, whoever else works on its objects.

The API server's audit log is watched while the autoscaler measures, controllers of others write
what is theirs (`cluster.foreigners`), and the pods run. If pods themselves come, go or lose their
readiness, as on a machine that has no time for them, status has to tell it: then it is watched anew.
"""

import os
import time
from functools import partial

import pytest

from arkalia_operator.desired import kinds
from cluster.foreigners import at_work
from cluster.kinds import EVENT
from cluster.systems import System, off_except
from cluster.waiting import eventually

SECONDS = 90.0
MINUTES = float(os.environ.get("ZERO_WRITES_MINUTES", "10"))
SCALED = {
    "scaling": {"minReplicas": 1, "maxReplicas": 3},
    "resources": {"requests": {"cpu": "200m", "memory": "96Mi"}},
}
"""What a gateway takes that nobody asks is far from what adds a pod."""
COUNTS = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
ATTEMPTS = 5
LOOK_SECONDS = 1.0


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system with an autoscaler that measures."""
    modules = off_except("helloria") | {"helloria": SCALED}
    system = System(kube, namespace, "luna").declare(modules=modules).ready()
    eventually(lambda: measures(system))
    return system


def measures(system):
    """Raises AssertionError until the autoscaler knows how busy the pods are."""
    status = system.kube.require(system.child(kinds.HORIZONTAL_POD_AUTOSCALER)).get("status", {})
    active = {each["type"]: each["status"] for each in status.get("conditions", [])}
    assert active.get("ScalingActive") == "True", status


def test_converged_system_costs_no_write_while_others_work_on_its_objects(luna, audit):
    work = undisturbed(luna, audit, SECONDS)

    work.by_everybody()
    measures(luna)


@pytest.mark.soak
def test_converged_system_costs_no_write_for_a_long_time(luna, audit):
    work = undisturbed(luna, audit, MINUTES * 60)

    print(f"{MINUTES:g} minutes, {sum(work.written.values())} writes of others: {work.written}")
    work.by_everybody()


def undisturbed(system, audit, seconds):
    """What others did in so many *seconds* in which the operator wrote nothing of the system."""
    for _ in range(ATTEMPTS):
        system.ready()
        eventually(lambda: all_serve(system))
        before, told, mark = pods(system), happened(system), audit.mark()
        with at_work(system.kube, system) as work:
            moved = watched(seconds, partial(looked, system, audit, mark, before))
        if not moved:
            assert happened(system) == told, "the operator said something"
            return work
    message = f"the pods of {system.ref} did not stay as they were in {ATTEMPTS} attempts"
    raise AssertionError(message)


def watched(seconds, look):
    """Whether *look* finds in so many *seconds* that pods have moved."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if look():
            return True
        time.sleep(LOOK_SECONDS)
    return look()


def looked(system, audit, mark, before):
    """Whether pods are not as *before*. Raises AssertionError if the operator wrote without that."""
    written = audit.since(mark, system.namespace)
    moved = pods(system) != before
    assert moved or written == [], [str(each) for each in written]
    assert {each.resource for each in written} <= {"arkaliasystems/status"}
    return moved


def pods(system):
    """How many pods there are and serve, by what makes them."""
    found = system.children(kinds.DEPLOYMENT, kinds.STATEFUL_SET)
    return {
        each["metadata"]["name"]: [each.get("status", {}).get(name, 0) for name in COUNTS]
        for each in found
    }


def all_serve(system):
    """Raises AssertionError while pods come or go."""
    counts = pods(system)
    assert all(len({*each}) == 1 for each in counts.values()), counts


def happened(system):
    """How many Events there are about the system."""
    found = system.kube.find(EVENT, system.namespace)
    about = [each for each in found if each["involvedObject"]["name"] == system.name]
    return sum((each.get("series") or each).get("count") or 1 for each in about)
