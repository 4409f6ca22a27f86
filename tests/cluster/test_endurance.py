"""A system that is hurt at random for a long time gets well each time, and the operator stays small.

`make soak` runs it, for SOAK_MINUTES (30). The dice are reported, so that a run can be repeated.
"""

import os
import random
import re
import time

import pytest

from arkalia_operator.desired import kinds
from cluster.kinds import Ref
from cluster.release import OPERATOR_NAMESPACE
from cluster.systems import CHILD_KINDS, off_except
from cluster.waiting import eventually

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SEED = int(os.environ.get("SOAK_SEED", time.time_ns() % 1_000_000))
GROWTH_MEBIBYTES = 32
"""What caches and the allocator may take after the first hurts, beside noise."""
APPLIES_IN_VAIN = "arkalia_operator_noop_applies_total"
WARM_UP = 20
"""Hurts until the memory is measured for the first time."""


def kill_a_pod(kube, system, dice):
    kube.delete(Ref.of(dice.choice(eventually(lambda: some_pods(system)))), gracePeriodSeconds=0)


def delete_a_child(kube, system, dice):
    kube.delete(Ref.of(dice.choice(eventually(lambda: some_children(system)))))


def edit_a_child(kube, system, dice):
    child = Ref.of(dice.choice(eventually(lambda: some_children(system))))
    change = {"metadata": {"labels": {"app.kubernetes.io/part-of": f"{dice.random()}"[2:8]}}}
    kube.patch(child, change)


def change_a_variable(kube, system, dice):
    system.change(modules={"helloria": {"env": {"DICE": f"{dice.random()}"}}})


def change_the_number_of_pods(kube, system, dice):
    system.change(modules={"helloria": {"replicas": dice.randint(1, 3)}})


def switch_off_and_on(kube, system, dice):
    system.change(modules={"helloria": {"enabled": False}})
    time.sleep(dice.random() * 3)
    system.change(modules={"helloria": {"enabled": True}})


HURTS = (
    kill_a_pod,
    delete_a_child,
    edit_a_child,
    change_a_variable,
    change_the_number_of_pods,
    switch_off_and_on,
)


def some_pods(system):
    pods = system.pods()
    assert pods, "there is no pod yet"
    return pods


def some_children(system):
    children = system.children(*CHILD_KINDS)
    assert children, "there is no child yet"
    return children


@pytest.fixture
def metric(kube, operator):
    """The sum of a metric of the running operator."""

    def read(name):
        pod = Ref(kinds.POD, OPERATOR_NAMESPACE, operator.pod()["metadata"]["name"])
        told = kube.http.get(f"{pod.path}:8080/proxy/metrics").text
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", told, re.MULTILINE)
        return sum(map(float, found))

    return read


@pytest.mark.soak
def test_hurt_system_gets_well_and_the_operator_does_not_grow(luna, kube, operator, metric):
    dice = random.Random(SEED)
    restarts, first_mebibytes, hurts = operator.restarts(), None, 0
    in_vain = metric(APPLIES_IN_VAIN)
    luna.change(modules=off_except("helloria"))
    deadline = time.monotonic() + MINUTES * 60

    while time.monotonic() < deadline:
        dice.choice(HURTS)(kube, luna, dice)
        luna.ready()
        hurts += 1
        if hurts == WARM_UP:
            first_mebibytes = metric("process_resident_memory_bytes") / 2**20

    last_mebibytes = metric("process_resident_memory_bytes") / 2**20
    print(f"{hurts} hurts with seed {SEED}; operator {first_mebibytes} → {last_mebibytes} MiB")
    assert hurts > WARM_UP, "SOAK_MINUTES is too short to tell"
    assert last_mebibytes - first_mebibytes < GROWTH_MEBIBYTES
    assert metric(APPLIES_IN_VAIN) == in_vain
    assert operator.restarts() == restarts
