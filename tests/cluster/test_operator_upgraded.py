"""An operator that makes other pods takes over: none restarts, until somebody lets it in."""

import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from arkalia_operator.desired.kinds import DEPLOYMENT
from cluster.development import environment
from cluster.release import ROOT
from cluster.systems import System, off_except, uids
from cluster.waiting import eventually

pytestmark = pytest.mark.alone

NAMES = ("luna", "sol", "terra")
LINE = 'SCRATCH_VOLUME: Final[Manifest] = {"name": SCRATCH, "emptyDir": {"sizeLimit": "64Mi"}}'
"""A line of the operator that every pod template is made with."""
STOP_SECONDS = 30


@pytest.fixture(scope="module")
def systems(kube, operator, namespace):
    """Three systems of the gateway alone."""
    declared = [
        System(kube, namespace, name).declare(modules=off_except("helloria")) for name in NAMES
    ]
    return [each.ready() for each in declared]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Copies of the operator's program, each with one line of its renderer changed."""

    def copy(file, before, after):
        folder = tmp_path_factory.mktemp("operator")
        package = folder / "arkalia_operator"
        shutil.copytree(ROOT / "operator" / "arkalia_operator", package)
        path = package / file
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{file} has not the one line that the story changes"
        path.write_text(text.replace(before, after), encoding="utf-8")
        return folder

    return copy


@pytest.fixture(scope="module")
def away(operator, systems):
    """The installed operator is away."""
    with operator.away():
        yield


@pytest.fixture(scope="module")
def registry(operator):
    """Where the installed operator takes images from."""
    [container] = operator.deployment["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each.get("value") for each in container["env"]}
    return told["ARKALIA_OPERATOR_IMAGE_REGISTRY"]


@contextmanager
def operating(folder, namespace, **settings):
    """Another operator serves the namespace of the story."""
    own = {f"ARKALIA_OPERATOR_{name.upper()}": str(value) for name, value in settings.items()}
    variables = {
        **environment(), "PYTHONPATH": str(folder), "ARKALIA_OPERATOR_WATCH_NAMESPACES": namespace,
        "ARKALIA_OPERATOR_HEALTH_PORT": "0", "ARKALIA_OPERATOR_LOG_FORMAT": "text",
        "ARKALIA_OPERATOR_LEADER_ELECTION": "false",
        **own,
    }  # fmt: skip
    log = folder / "log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "arkalia_operator"],
            env=variables,
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
        print(log.read_text(encoding="utf-8")[-4000:])


def held(system):
    """Raises AssertionError unless pods wait for nothing but the upgrade, and the system serves."""
    system.expect("ChangesApproved", "False", "RolloutsHeld")
    system.expect("Ready", "True")


def size_of_scratch(system):
    """Of the pod template: by this the operator is known that made it."""
    volumes = template(system)["spec"]["volumes"]
    [found] = [each["emptyDir"]["sizeLimit"] for each in volumes if each["name"] == "scratch"]
    return found


def template(system):
    return system.kube.require(system.child(DEPLOYMENT))["spec"]["template"]


def rolled(system, size):
    assert size_of_scratch(system) == size
    system.expect("Ready", "True")


@pytest.fixture(scope="class")
def upgraded(away, program, namespace, registry):
    """An operator whose pods have a larger scratch volume serves the three systems."""
    folder = program("desired/templates.py", LINE, LINE.replace("64Mi", "65Mi"))
    with operating(folder, namespace, image_registry=registry):
        yield folder


@pytest.mark.usefixtures("upgraded")
class TestUpgrade:
    """An operator whose pods have a larger scratch volume."""

    def test_upgraded_operator_restarts_nothing_and_says_what_it_holds(self, systems):
        for each in systems:
            eventually(lambda each=each: held(each))

        assert {size_of_scratch(each) for each in systems} == {"64Mi"}
        assert {
            tuple(each.kube.require(each.ref)["status"]["changes"]["restarts"]) for each in systems
        } == {(f"Deployment {name}-helloria",) for name in NAMES}

    def test_change_of_a_module_takes_the_new_template_along(self, systems):
        luna, *others = systems
        before = [uids(each.pods()) for each in others]

        luna.change(modules={"helloria": {"env": {"STORY": "told"}}})

        eventually(lambda: rolled(luna, "65Mi"))
        told = luna.kube.require(luna.ref)["status"]["rollouts"]
        assert [each["reason"] for each in told if each["name"] == "Deployment luna-helloria"] == [
            "spec.modules.helloria.env"
        ]
        assert [uids(each.pods()) for each in others] == before

    def test_system_lets_the_upgrade_in_by_its_own_word(self, systems):
        sol, terra = systems[1:]
        before = uids(terra.pods())

        sol.change(changes={"rollout": {"upgrades": "AtOnce"}})

        eventually(lambda: rolled(sol, "65Mi"))
        told = sol.kube.require(sol.ref)["status"]["rollouts"]
        assert [each["reason"] for each in told if each["name"] == "Deployment sol-helloria"] == [
            "operator upgrade"
        ]
        assert uids(terra.pods()) == before


def test_wave_stops_at_the_first_system_that_gets_worse(systems, program, namespace, registry):
    systems[1].change(changes=None)
    folder = program(
        "desired/pods.py", '"image": module.image,', '"image": "localhost/nobody/has:this",'
    )

    policy = {"upgrades": "Waves", "upgrades_soak_seconds": 0, "upgrades_share": 1}

    with operating(folder, namespace, image_registry=registry, **policy):
        worse = eventually(lambda: the_one_that_is_worse(systems))
        rest = [each for each in systems if each.name != worse.name]
        for each in rest:
            eventually(lambda each=each: held(each))

        assert all(pod_images(each) == pod_images(rest[0]) for each in rest)
        assert pod_images(worse) == ["localhost/nobody/has:this"]
        assert worse.pods(), "the old pods serve on"


def the_one_that_is_worse(systems):
    """Raises AssertionError unless one system has taken the upgrade and is not well."""
    found = [
        each for each in systems if each.conditions().get("Ready", {}).get("status") == "False"
    ]
    assert len(found) == 1, f"{len(found)} systems are worse"
    return found[0]


def pod_images(system):
    return [each["image"] for each in template(system)["spec"]["containers"]]
