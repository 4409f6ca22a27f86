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
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import pytest

from arkalia_operator.desired import kinds
from cluster.kinds import NAMESPACE, Ref
from cluster.pictures import difference, picture
from cluster.systems import System, off_except
from cluster.waiting import eventually, steadily

MODULES = off_except("sandozia")
"""A small system: one module with a database, which has all kinds of objects but few of each."""
CHANGE = {
    "logLevel": "DEBUG",
    "modules": {"sandozia": {"replicas": 2}, "reflexia": {"enabled": True}},
    "data": {"credentials": {"revision": 2}},
}
SAMPLES = 9
"""Courses with three kills each."""
ENOUGH = 2 * SAMPLES
"""What is deleted may be gone before the operator has asked as much as it did undisturbed."""
TOGETHER = 3
"""So many courses at a time: each of them waits more than it works."""
SEED = int(os.environ.get("SOAK_SEED", "7"))
FIRST = int(os.environ.get("SOAK_FROM", "1"))
"""The request with which the long run begins: one that was cut off goes on there."""
QUICK = {"ARKALIA_OPERATOR_SPREAD_SECONDS": "1"}


def install(system):
    system.declare(modules=MODULES)


def change(system):
    system.change(**CHANGE)


def delete(system):
    """While the operator has something to do: of a deletion alone it hears, and asks nothing."""
    system.change(logLevel="WARNING")
    system.kube.delete(system.ref)


PHASES = (install, change, delete)


class Undisturbed(NamedTuple):
    """How a phase goes that nothing disturbs."""

    picture: list[str]
    """What is there at its end."""
    first: int
    """The operator's first request in it that may write."""
    last: int
    """Its last one in it, counted from the phase's begin."""

    def sample(self, share):
        """One of its requests; *share* says where: from 0 on, below 1."""
        return self.first + int(share * (self.last - self.first + 1))


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

    def picture(self):
        return picture(self.system.kube, self.system.namespace)

    def end(self):
        self.system.kube.delete(Ref(NAMESPACE, "", self.system.namespace))


@pytest.fixture(scope="module")
def undisturbed(own, starter):
    """By phase."""
    course, found = Course(own, starter), {}
    operator = course.start()
    for phase in PHASES:
        before = operator.requests
        phase(course.system)
        eventually(partial(is_done, phase, course.system))
        steadily(operator.calm())
        at_the_end = steadily(partial(unchanged, course, []))
        first = operator.first_write if phase is install else 1
        found[phase] = Undisturbed(at_the_end, first, operator.requests - before)
    operator.kill()
    course.end()
    return found


@pytest.fixture(scope="module")
def survive(own, starter, undisturbed):
    """Goes through courses, several at a time: how many operators ended at their request."""
    failures = []

    def go(course):
        try:
            return go_through(Course(own, starter), *course, undisturbed)
        except AssertionError as error:
            failures.append(str(error))
            return 0

    def all_of(courses):
        with ThreadPoolExecutor(TOGETHER) as pool:
            killed = sum(pool.map(go, courses))
        assert not failures, "\n\n".join(failures)
        return killed

    return all_of


def test_next_operator_comes_to_the_same_end_where_the_first_was_killed(survive, undisturbed):
    dice = random.Random(SEED)
    places = [(number + dice.random()) / SAMPLES for number in range(SAMPLES)]
    courses = [
        ({phase: each.sample(place) for phase, each in undisturbed.items()}, number % 2 == 0)
        for number, place in enumerate(places)
    ]

    assert survive(courses) >= ENOUGH


@pytest.mark.soak
def test_next_operator_comes_to_the_same_end_wherever_the_first_was_killed(survive, undisturbed):
    longest = max(each.last for each in undisturbed.values())
    courses = [
        ({phase: number for phase, each in undisturbed.items() if number <= each.last}, answered)
        for number in range(FIRST, longest + 1)
        for answered in (False, True)
    ]

    killed = survive(courses)

    print(f"{killed} operators ended at their request, in {len(courses)} courses")
    assert killed >= len(courses)


def go_through(course, kills, answered, undisturbed):
    """Have *course* go through its phases; where *kills* has one, an operator is killed in it.

    Gives how many ended there. One that came to the end with fewer requests is killed then.
    """
    killed = 0
    operator = course.start(kill_at=kills.get(install, 0), answered=answered)
    for phase in PHASES[: PHASES.index(max(kills, key=PHASES.index)) + 1]:
        wanted, kill_at = undisturbed[phase].picture, kills.get(phase, 0)
        if kill_at and phase is not install:
            operator.kill_after(kill_at)
        phase(course.system)
        steadily(partial(ended, operator, operator.calm(), course, wanted))
        if kill_at:
            killed += not operator.lives
            operator.kill()
            operator = course.start(answered=answered)
            steadily(operator.calm())
        told = f"{phase.__name__}, killed at request {kill_at}, answered: {answered}"
        eventually(partial(same, course, wanted, told))
    operator.kill()
    course.end()
    return killed


def ended(operator, calm, course, wanted):
    """Raises AssertionError while the operator lives and has something to do."""
    calm()
    assert not operator.lives or course.picture() == wanted, operator.last_words()


def same(course, wanted, told):
    seen = course.picture()
    assert seen == wanted, f"{course.system.ref}: {told}:\n{difference(wanted, seen)}"


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
    secret = Ref(kinds.SECRET, system.namespace, f"{system.name}-postgresql")
    accounts = json.loads(b64decode(system.kube.require(secret)["data"]["accounts.json"]))
    revisions = {login["revision"] for each in accounts.values() for login in each}
    assert revisions == {2 if phase is change else 1}, f"{secret}: {accounts}"
