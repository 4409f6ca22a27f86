"""Systems, operator, namespaces and CRDs are deleted in every order: nothing hangs, nothing is left.

Each order has a cluster state of its own on an API server without nodes (`cluster.stand_ins`): CRDs
cannot be deleted beside other stories. What the API server and its controllers do with an object
does not depend on who runs its pods.
"""

import secrets
import subprocess
from itertools import permutations

import pytest
import yaml

from arkalia_contract import labels
from arkalia_operator.api import GROUP
from arkalia_operator.desired import kinds
from bench.control_plane import ROOT
from cluster import stand_ins
from cluster.development import programs
from cluster.kinds import DEFINITION, MODULE, NAMESPACE, SYSTEM, Ref
from cluster.kube import RefusedError
from cluster.systems import CHILD_KINDS, System, off_except
from cluster.waiting import eventually

CRDS = [Ref(DEFINITION, "", f"{kind.plural}.{GROUP}") for kind in (SYSTEM, MODULE)]
KINDS = {each.name: each for each in (*CHILD_KINDS, kinds.SECRET)}
MODULES = off_except("globalstate")


class World:
    """An operator with a system in a namespace, and the ways to end each of them."""

    def __init__(self, kube, starter):
        self.kube = kube
        self.namespace = Ref(NAMESPACE, "", f"ending-{secrets.token_hex(3)}")
        stand_ins.define(kube)
        self.operator = starter.start(**SWEEP)
        head = {"apiVersion": "v1", "kind": "Namespace"}
        kube.create({**head, "metadata": {"name": self.namespace.name}})
        self.luna = System(kube, self.namespace.name, "luna")

    def wait_for_collector(self):
        """Until the garbage collector watches systems, for whose CRD it looks twice a minute.

        What it has not seen when the CRD is deleted it never collects. A deletion in the foreground
        ends when it has seen it.
        """
        other = System(self.kube, self.namespace.name, "other").declare(modules=off_except())
        self.kube.delete(other.ref, "Foreground")
        eventually(lambda: is_gone(self.kube, other.ref))

    def delete_system(self):
        self.kube.delete(self.luna.ref)

    def delete_operator(self):
        self.operator.kill()

    def delete_namespace(self):
        self.kube.delete(self.namespace)

    def delete_crds(self):
        for each in CRDS:
            self.kube.delete(each)

    def kept(self):
        """Uid by kind and name of the data that outlives its system."""
        return {
            (each["kind"], each["metadata"]["name"]): each["metadata"]["uid"]
            for each in self.children()
            if labels.LINEAGE in each["metadata"]["labels"]
        }

    def children(self):
        """What is there of the system."""
        return self.luna.children(*CHILD_KINDS, kinds.SECRET)

    def place(self, kind, name):
        """The address of an object of the system."""
        return Ref(KINDS[kind], self.namespace.name, name)

    def say(self, ref, word):
        """The word by which kept data may be deleted."""
        self.kube.patch(ref, {"metadata": {"annotations": {labels.DELETE_DATA: word}}})

    def left(self):
        """What is there of the system, but for its data."""
        found = [
            each for each in self.children() if labels.LINEAGE not in each["metadata"]["labels"]
        ]
        return sorted((each["kind"], each["metadata"]["name"]) for each in found)


STEPS = (World.delete_system, World.delete_operator, World.delete_namespace, World.delete_crds)
ORDERS = list(permutations(STEPS))
SAMPLED = ORDERS[::5]
"""Each step is the first of one; `make soak` goes through the others."""
SWEEP = {"ARKALIA_OPERATOR_SWEEP_SECONDS": "2"}
"""How soon an operator that serves on finds systems whose CRD came back; by default, a minute."""


@pytest.fixture(scope="module")
def own(own):
    """The API server, which guards kept data."""
    for each in protection():
        own.apply(each)
    return own


def protection():
    """What of the chart guards kept data."""
    chart = ["helm", "template", "arkalia", ROOT / "charts/arkalia"]
    command = [*chart, "--show-only", "templates/retained-data.yaml"]
    text = subprocess.run(command, env=programs(), capture_output=True, check=True).stdout
    return list(yaml.safe_load_all(text))


@pytest.fixture
def world(own, starter):
    """A Ready system whose data stays, with its operator."""
    world = World(own, starter)
    try:
        world.luna.declare(modules=MODULES).ready()
        yield world
    finally:
        world.delete_operator()
        world.delete_namespace()


def named(order):
    return "-".join(each.__name__.removeprefix("delete_") for each in order)


@pytest.mark.parametrize(
    "order",
    [pytest.param(each, marks=() if each in SAMPLED else pytest.mark.soak) for each in ORDERS],
    ids=map(named, ORDERS),
)
def test_nothing_hangs_and_nothing_is_left_in_this_order(world, order):
    for step in order:
        step(world)

    eventually(lambda: is_gone(world.kube, world.namespace))
    for each in CRDS:
        eventually(lambda each=each: is_gone(world.kube, each))


@pytest.mark.parametrize("first", STEPS[:2] + STEPS[3:], ids=lambda step: step.__name__[7:])
def test_kept_data_and_nothing_else_is_left_when_all_but_the_namespace_is_deleted(world, first):
    kept = world.kept()
    world.wait_for_collector()

    first(world)
    for step in (World.delete_system, World.delete_crds, World.delete_operator):
        step(world)

    eventually(lambda: nothing(world.left()))
    assert kept
    assert world.kept() == kept


def test_kept_data_goes_after_a_second_word_that_names_its_system(world):
    kept = [world.place(*each) for each in world.kept()]
    world.delete_system()
    eventually(lambda: nothing(world.left()))

    for ref in kept:
        with pytest.raises(RefusedError, match=f"{ref.name} .* {labels.DELETE_DATA}=luna"):
            world.kube.delete(ref)
        world.say(ref, "sol")
        with pytest.raises(RefusedError, match=labels.DELETE_DATA):
            world.kube.delete(ref)
        world.say(ref, "luna")
        world.kube.delete(ref)

    eventually(lambda: nothing(world.kept()))


def test_operator_serves_again_when_the_crds_come_back(world):
    before = world.kept()
    world.wait_for_collector()
    world.delete_crds()
    for each in CRDS:
        eventually(lambda each=each: is_gone(world.kube, each))
    eventually(lambda: nothing(world.left()))

    stand_ins.define(world.kube)
    world.luna.declare(modules=MODULES).ready()

    assert world.operator.lives
    assert world.kept() == before


def is_gone(kube, ref):
    found = kube.get(ref)
    assert found is None, f"{ref} is still there: {(found or {}).get('status')}"


def nothing(left):
    assert not left, f"still there: {left}"
