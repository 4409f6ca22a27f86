"""Wherever the operator is killed, the next one comes to the same end.

The operator is a process of its own against a real API server. It is killed at one of its requests,
before that is sent or after it was answered, while a system is installed, changed and deleted; then
another operator goes on. What comes of it is what came of a course that nothing disturbed: the same
objects, none too many, with the same content. Pods do not run here (`cluster.stand_ins`).
"""

import json
import os
import random
import secrets
from base64 import b64decode
from functools import partial
from typing import NamedTuple

import pytest

from arkalia_operator.desired import kinds
from cluster.kinds import NAMESPACE, Ref
from cluster.kube import Kube
from cluster.operators import operators
from cluster.pictures import difference, picture
from cluster.stand_ins import cluster
from cluster.systems import System, off_except
from cluster.waiting import eventually

MODULES = off_except("globalstate", "helloria")
CHANGE = {
    "logLevel": "DEBUG",
    "modules": {"helloria": {"replicas": 2}, "nyxalia": {"enabled": True}},
    "data": {"credentials": {"revision": 2}},
}
SAMPLES = 9
"""Courses with three kills each."""
SEED = int(os.environ.get("SOAK_SEED", "7"))
CALM_LOOKS = 5
QUICK = {"ARKALIA_OPERATOR_SPREAD_SECONDS": "1", "ARKALIA_OPERATOR_LEASE_SECONDS": "4"}
"""Who is killed leaves its Lease: the next one waits until that is over."""


def install(system):
    system.declare(modules=MODULES)


def change(system):
    system.change(**CHANGE)


def delete(system):
    system.kube.delete(system.ref)


PHASES = (install, change, delete)


class Undisturbed(NamedTuple):
    """How a phase goes that nothing disturbs."""

    picture: list[str]
    """What is there at its end."""
    first: int
    """The operator's first request that writes, else its last."""
    last: int


class Course:
    """A system's life in a namespace of its own, from its installation to its deletion."""

    def __init__(self, kube, starter):
        self._starter = starter
        namespace = f"killed-{secrets.token_hex(4)}"
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        self.system = System(kube, namespace, "luna")

    def start(self, **kill):
        """An operator for this namespace alone."""
        watched = {"ARKALIA_OPERATOR_WATCH_NAMESPACES": self.system.namespace}
        return self._starter.start(**kill, **watched, **QUICK)

    def begin(self, phase, operator):
        """Change what is asked for. A deletion is told to an operator that has nothing else to do."""
        if phase is delete:
            eventually(partial(calm, operator, []))
        phase(self.system)

    def picture(self):
        return picture(self.system.kube, self.system.namespace)

    def end(self):
        self.system.kube.delete(Ref(NAMESPACE, "", self.system.namespace))


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """The API server without nodes."""
    kube = Kube(str(plane.kubeconfig("person")))
    yield kube
    kube.close()


@pytest.fixture(scope="module")
def starter(plane):
    with operators(plane.folder, plane.kubeconfig("operator")) as starter:
        yield starter


@pytest.fixture(scope="module")
def undisturbed(own, starter):
    """By phase."""
    course, found = Course(own, starter), {}
    for phase in PHASES:
        operator = course.start()
        course.begin(phase, operator)
        eventually(partial(is_done, phase, course.system))
        at_the_end = eventually(partial(unchanged, course, []))
        last = operator.requests
        found[phase] = Undisturbed(at_the_end, operator.first_write or last, last)
        operator.kill()
    course.end()
    return found


@pytest.mark.soak
def test_next_operator_comes_to_the_same_end_where_the_first_was_killed(own, starter, undisturbed):
    dice = random.Random(SEED)
    for number in range(SAMPLES):
        kills = {phase: dice.randint(each.first, each.last) for phase, each in undisturbed.items()}
        survive(Course(own, starter), kills, undisturbed, answered=number % 2 == 0)


@pytest.mark.soak
def test_next_operator_comes_to_the_same_end_wherever_the_first_was_killed(
    own, starter, undisturbed
):
    longest = max(each.last for each in undisturbed.values())
    for number in range(1, longest + 1):
        kills = {phase: min(number, each.last) for phase, each in undisturbed.items()}
        for answered in (False, True):
            survive(Course(own, starter), kills, undisturbed, answered)


def survive(course, kills, undisturbed, answered):
    """Have *course* go through every phase, with an operator killed in each."""
    for phase, kill_at in kills.items():
        wanted = undisturbed[phase].picture
        killed = course.start(kill_at=kill_at, answered=answered)
        course.begin(phase, killed)
        eventually(partial(ended, killed, course, wanted, []))
        killed.kill()
        following = course.start()
        told = f"{phase.__name__}, killed at request {kill_at}, answered: {answered}"
        eventually(partial(same, course, wanted, told))
        following.kill()
    course.end()


def ended(killed, course, wanted, counted):
    """Raises AssertionError while the operator lives and has something to do."""
    calm(killed, counted)
    assert not killed.lives or course.picture() == wanted, killed.last_words()


def same(course, wanted, told):
    seen = course.picture()
    assert seen == wanted, f"{told}:\n{difference(wanted, seen)}"


def calm(operator, counted):
    """Raises AssertionError until the operator lives no more, or has asked nothing for a while."""
    counted.append(operator.requests)
    busy = len(counted) < CALM_LOOKS or len(set(counted[-CALM_LOOKS:])) > 1
    assert not operator.lives or not busy, f"the operator is at request {counted[-1]}"


def unchanged(course, pictures):
    """The picture, once it stays as it is."""
    pictures.append(course.picture())
    assert len(pictures) > 1, "one picture tells no change"
    assert pictures[-1] == pictures[-2], difference(*pictures[-2:])
    return pictures[-1]


def is_done(phase, system):
    """Raises AssertionError while the operator has something to do."""
    if phase is delete:
        assert system.kube.get(system.ref) is None
        assert system.children(kinds.DEPLOYMENT, kinds.SERVICE, kinds.STATEFUL_SET) == []
        return
    system.expect("Ready", "True")
    for service in ("postgresql", "redis-queue", "redis-cache"):
        secret = Ref(kinds.SECRET, system.namespace, f"{system.name}-{service}")
        accounts = json.loads(b64decode(system.kube.require(secret)["data"]["accounts.json"]))
        revisions = {login["revision"] for each in accounts.values() for login in each}
        assert revisions == {2 if phase is change else 1}, f"{secret}: {accounts}"
