"""A changed environment variable rolls its module, nothing else, and loses no request."""

from pathlib import Path

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster import load
from cluster.systems import System, off_except, uids
from cluster.visitors import image_of
from cluster.waiting import eventually

MODULE = Path(__file__).resolve().parents[2] / "docs/examples/third-party-module/module.yaml"
REQUESTS_A_SECOND = 150


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system of two modules."""
    module = yaml.safe_load(MODULE.read_text(encoding="utf-8"))
    module["metadata"]["namespace"] = namespace
    kube.apply(module)
    modules = off_except("helloria") | {"greeter": {}}
    return System(kube, namespace, "luna").declare(modules=modules).ready()


@pytest.fixture(scope="module")
def rollout(luna, kube, audit):
    """What happened around a change of helloria's environment under load."""
    service = kube.require(luna.child(kinds.SERVICE))
    before = {module: uids(luna.pods(module)) for module in ("helloria", "greeter")}
    wanted = load.towards(
        service, "/status", seconds=900, lasting=4, fleeting=4, rate=REQUESTS_A_SECOND
    )
    with load.load(kube, service, image_of(kube, luna.namespace), wanted) as running:
        mark = audit.mark()
        luna.change(modules={"helloria": {"env": {"STORY": "told"}}})
        luna.ready()
        eventually(lambda: gone(kube, luna, before["helloria"]))
        tally = running.answered(more=REQUESTS_A_SECOND)
    written = audit.since(mark, luna.namespace)
    return {"before": before, "tally": tally, "written": written}


def gone(kube, system, old):
    """Raises AssertionError while a pod of *old* is still there, ending or not."""
    left = old & uids(kube.find(kinds.POD, system.namespace))
    assert not left, f"{len(left)} old pods have not ended"


def test_every_pod_of_the_module_has_the_changed_environment(luna, rollout):
    pods = luna.pods("helloria")

    assert not uids(pods) & rollout["before"]["helloria"]
    for pod in pods:
        assert {"name": "STORY", "value": "told"} in pod["spec"]["containers"][0]["env"]


def test_no_request_is_lost_while_the_module_rolls(rollout):
    tally = rollout["tally"]

    assert tally.failed == 0, tally
    assert tally.answered > REQUESTS_A_SECOND


def test_other_modules_keep_their_pods(luna, rollout):
    assert uids(luna.pods("greeter")) == rollout["before"]["greeter"]


def test_operator_writes_the_one_deployment_and_status_only(luna, rollout):
    changed = [str(each) for each in rollout["written"] if "/status" not in each.resource]

    assert changed == [f"patch deployments {luna.namespace}/luna-helloria (200)"]
