"""Load makes the autoscaler add pods, its end takes them away, and the operator stays out of it.

The pods' CPU request and the target are small, so that a load which two cores can spare is much.
"""

import pytest

from arkalia_operator.desired import kinds
from cluster import load
from cluster.systems import System, off_except
from cluster.visitors import image_of
from cluster.waiting import eventually

SCALING = {"minReplicas": 1, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
REQUESTS_A_SECOND = 120


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system whose gateway scales between one pod and three."""
    helloria = {"scaling": SCALING, "resources": {"requests": {"cpu": "30m", "memory": "96Mi"}}}
    modules = off_except("helloria") | {"helloria": helloria}
    return System(kube, namespace, "luna").declare(modules=modules).ready()


@pytest.fixture(scope="module")
def scaled(luna, kube, audit):
    """What happened while load came and went."""
    eventually(lambda: measured(kube, luna))
    since = luna.conditions()["Ready"]["lastTransitionTime"]
    service = kube.require(luna.child(kinds.SERVICE))
    wanted = load.towards(
        service, "/status", seconds=900, lasting=2, fleeting=6, rate=REQUESTS_A_SECOND
    )
    mark = audit.mark()
    with load.load(kube, service, image_of(kube, luna.namespace), wanted) as running:
        most = eventually(lambda: more_than(1, kube, luna))
        tally = running.tally()
    eventually(lambda: exactly(1, kube, luna))
    luna.ready()
    written = audit.since(mark, luna.namespace)
    return {"most": most, "tally": tally, "written": written, "ready_since": since}


def autoscaler(kube, system):
    return kube.require(system.child(kinds.HORIZONTAL_POD_AUTOSCALER))


def measured(kube, system):
    """Raises AssertionError until the autoscaler knows how busy the pods are."""
    status = autoscaler(kube, system).get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    active = conditions.get("ScalingActive", {})
    assert active.get("status") == "True", f"the autoscaler has no measurement: {active}"


def more_than(count, kube, system):
    """The number of ready pods, once it is more than *count*."""
    deployment = kube.require(system.child(kinds.DEPLOYMENT))
    ready = deployment["status"].get("readyReplicas", 0)
    assert ready > count, f"{ready} ready pods; {autoscaler(kube, system)['status']}"
    return ready


def exactly(count, kube, system):
    deployment = kube.require(system.child(kinds.DEPLOYMENT))
    wanted, present = deployment["spec"]["replicas"], deployment["status"].get("replicas", 0)
    seen = f"{present} pods, {wanted} wanted; {autoscaler(kube, system)['status']}"
    assert wanted == present == count, seen


def test_load_adds_pods_within_the_limits(scaled):
    assert 1 < scaled["most"] <= SCALING["maxReplicas"]


def test_no_request_is_lost_while_pods_are_added(scaled):
    assert scaled["tally"].failed == 0, scaled["tally"]


def test_pods_go_when_the_load_has_gone(luna, kube, scaled):
    exactly(1, kube, luna)


def test_operator_leaves_the_number_of_pods_to_the_autoscaler(scaled):
    written = {each.resource for each in scaled["written"]}

    assert written <= {"arkaliasystems/status"}


def test_system_stays_ready_while_pods_come_and_go(luna, scaled):
    ready = luna.expect("Ready", "True")

    assert ready["lastTransitionTime"] == scaled["ready_since"]
