"""An upgrade of the operator goes from system to system: one, a share, all, and no further than harm.

On an API server without nodes (`cluster.stand_ins`), so that five systems cost little. The upgraded
operator makes other pods since it takes their images from elsewhere.
"""

import json
import secrets
import subprocess
import sys
from functools import partial

import pytest

from arkalia_operator import preview_command
from arkalia_operator.desired.kinds import DEPLOYMENT
from cluster.stand_ins import REFUSES
from cluster.systems import System, off_except
from cluster.waiting import eventually, steadily

NAMES = ("luna", "mars", "sol", "terra", "venus")
MODULE = "plain"
PLAIN = {
    "apiVersion": "arkalia.io/v1alpha1",
    "kind": "ArkaliaModule",
    "spec": {"image": {"repository": "plain"}, "components": [{"name": "main"}]},
}
"""A module that needs nothing: its system is a Deployment, and little more."""
ELSEWHERE = "images.example.com"
WAVES = {
    "ARKALIA_OPERATOR_IMAGE_REGISTRY": ELSEWHERE,
    "ARKALIA_OPERATOR_UPGRADES": "Waves",
    "ARKALIA_OPERATOR_UPGRADES_SHARE": "0.5",
    "ARKALIA_OPERATOR_UPGRADES_SOAK_SECONDS": "0",
}
REFUSING = {"podTemplate": {"metadata": {"annotations": {REFUSES: ELSEWHERE}}}}
WELL_BEFORE = (0, 1, 1, 3, 3)
"""How many systems are well with the new pods before the first may have them, the second, and so on."""
LOOKS = 25
"""Five seconds: the operator looks for systems that may follow every two."""


@pytest.fixture
def installed(own, starter):
    """Installs five systems in a namespace of their own; their operator is gone once they are Ready."""

    def install(refusing=""):
        namespace = f"waves-{secrets.token_hex(3)}"
        own.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        own.create(PLAIN | {"metadata": {"name": MODULE, "namespace": namespace}})
        systems = [System(own, namespace, name) for name in NAMES]
        for each in systems:
            settings = REFUSING if each.name == refusing else {}
            each.declare(modules=off_except() | {MODULE: settings})
        operator = starter.start(ARKALIA_OPERATOR_WATCH_NAMESPACES=namespace)
        for each in systems:
            each.ready()
        operator.kill()
        return systems

    return install


@pytest.fixture
def upgraded(starter):
    """Starts an operator that takes images from elsewhere, and lets that in by waves."""
    started = []

    def start(systems):
        watched = {"ARKALIA_OPERATOR_WATCH_NAMESPACES": systems[0].namespace}
        started.append(starter.start(**WAVES, **watched))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def test_upgrade_is_told_before_and_takes_one_system_then_a_share_then_all(
    installed, upgraded, starter
):
    systems = installed()
    before, told = version(systems[0]), plan_of_upgrade(starter, systems[0].namespace)

    upgraded(systems)
    for each in systems:
        eventually(partial(has_new_pods, each))

    assert told == {name: [f"Deployment {name}-{MODULE}"] for name in NAMES}
    well = let_in(history(systems, before))
    assert well.keys() == set(NAMES)
    assert all(count >= least for count, least in zip(well.values(), WELL_BEFORE, strict=True)), (
        well
    )


def test_upgrade_stops_at_the_first_system_that_gets_worse(installed, upgraded):
    systems = installed(refusing="sol")
    before, sol = version(systems[0]), systems[NAMES.index("sol")]

    operator = upgraded(systems)
    eventually(lambda: sol.expect("Ready", "False", "PodCannotBeCreated"))
    steadily(operator.calm(LOOKS))

    reached = let_in(history(systems, before))
    left = [each for each in systems if each.name not in reached]
    assert "sol" in reached
    assert left, "the systems after it"
    for each in left:
        each.expect("Ready", "True")
        each.expect("ChangesApproved", "False", "RolloutsHeld")
    assert {registry(each) for each in left} == {registry(left[0])} != {ELSEWHERE}


def version(system):
    """Where the history of the systems is now."""
    return system.kube.require(system.ref)["metadata"]["resourceVersion"]


def history(systems, since):
    """What was written into the systems since then, in its order."""
    versions = [each for system in systems for each in system.kube.history(system.ref, since)]
    return sorted(versions, key=lambda each: int(each["metadata"]["resourceVersion"]))


def let_in(versions):
    """The systems that may have the new pods, one after the other, with how many were well before."""
    well, found = set(), {}
    for each in versions:
        name, changes = each["metadata"]["name"], each["status"]["changes"]
        if changes.get("released"):
            found.setdefault(name, len(well))
            ready = [
                told["status"] for told in each["status"]["conditions"] if told["type"] == "Ready"
            ]
            if not changes.get("held") and ready == ["True"]:
                well.add(name)
    return found


def plan_of_upgrade(starter, namespace):
    """By system: whose pods `arkalia-operator plan --upgrade` says that it would replace."""
    command = [sys.executable, "-m", "arkalia_operator", "plan", "--upgrade", "--output", "json"]
    environment = {**starter.environment, **WAVES}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == preview_command.CHANGES, done.stderr
    return {
        each["name"]: [item["object"] for item in each["items"] if item["restarts"]]
        for each in json.loads(done.stdout)["systems"]
        if each["namespace"] == namespace
    }


def registry(system):
    """Where the images of its pods come from."""
    template = system.kube.require(system.child(DEPLOYMENT, MODULE))["spec"]["template"]
    return template["spec"]["containers"][0]["image"].rpartition("/")[0]


def has_new_pods(system):
    assert registry(system) == ELSEWHERE
    system.expect("Ready", "True")
