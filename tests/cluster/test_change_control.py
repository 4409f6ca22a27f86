"""Changes under control: every rollout has its reason, and none comes while people hold it."""

import subprocess

import pytest

from arkalia_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE
from cluster.development import environment
from cluster.happenings import told
from cluster.systems import uids
from cluster.waiting import eventually

POD = "Deployment luna-helloria"


def reason(luna):
    """Why the gateway's pods are as they are, as status tells."""
    told = luna.kube.require(luna.ref)["status"].get("rollouts", [])
    return next((each["reason"] for each in told if each["name"] == POD), None)


def expect_reason(luna, wanted):
    found = reason(luna)
    assert found is not None, f"status tells no reason of {POD}"
    assert found.startswith(wanted), f"the reason is {found}, not {wanted}"


@pytest.fixture
def as_before(luna):
    """Leaves the system without holds, and ready."""
    yield luna
    luna.change(changes=None)
    luna.ready()


def test_first_pods_are_told_to_be_created(luna):
    eventually(lambda: expect_reason(luna, "created"))


def test_rollout_is_told_by_the_path_that_was_changed(luna):
    luna.change(modules={"helloria": {"env": {"STORY": "told"}}})

    luna.ready()
    eventually(lambda: expect_reason(luna, "spec.modules.helloria.env"))


def test_restart_by_kubectl_is_honoured_and_told(luna):
    before = uids(luna.pods())

    subprocess.run(
        ["kubectl", "rollout", "restart", "deployment/luna-helloria", "-n", luna.namespace],
        env=dict(environment()), check=True, capture_output=True, timeout=60,
    )  # fmt: skip

    eventually(lambda: others(luna, before))
    luna.ready()
    eventually(lambda: expect_reason(luna, "kubectl rollout restart at "))


def others(luna, before):
    """Raises AssertionError while pods of *before* run, or no other one does."""
    now = uids(luna.pods())
    assert now, "no pod runs"
    assert not now & before, "old pods run"


def test_held_rollouts_keep_the_pods_and_what_is_broken_is_repaired(as_before):
    luna = as_before
    before = uids(luna.pods())

    luna.change(changes={"holdRollouts": True}, modules={"helloria": {"env": {"STORY": "held"}}})
    eventually(lambda: luna.expect("ChangesApproved", "False", "RolloutsHeld"))
    luna.kube.delete(luna.child(SERVICE))

    eventually(lambda: luna.kube.require(luna.child(SERVICE)))
    luna.expect("Ready", "Unknown", "RolloutsHeld")
    eventually(lambda: is_told(luna, "RolloutsHeld", "spec.changes.holdRollouts keeps the pods of"))
    assert uids(luna.pods()) == before
    luna.change(changes={"holdRollouts": False})
    eventually(lambda: others(luna, before))
    luna.ready()
    eventually(lambda: expect_reason(luna, "spec.modules.helloria.env"))


def is_told(luna, reason, beginning):
    found = told(luna, reason)
    assert any(each.startswith(beginning) for each in found), found


def test_held_pod_template_is_repaired_as_it_was(as_before):
    luna = as_before
    target = luna.child(DEPLOYMENT)
    luna.change(changes={"holdRollouts": True}, environment="held")
    eventually(lambda: luna.expect("ChangesApproved", "False", "RolloutsHeld"))
    image = image_of(luna.kube.require(target))
    generation = luna.kube.require(target)["metadata"]["generation"]

    broken = {
        "op": "replace",
        "path": "/spec/template/spec/containers/0/image",
        "value": "nobody/has:this",
    }
    luna.kube.patch(target, [broken], "application/json-patch+json")

    eventually(lambda: repaired(luna, target, image, generation))


def image_of(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def repaired(luna, target, image, generation):
    """Raises AssertionError until the Deployment was changed twice, and has its *image* again."""
    live = luna.kube.require(target)
    assert live["metadata"]["generation"] >= generation + 2, "nothing was changed and repaired"
    assert image_of(live) == image


def test_paused_operator_writes_nothing_but_status(as_before, audit):
    luna = as_before
    luna.change(changes={"pause": True})
    eventually(lambda: luna.expect("ChangesApproved", "False", "Paused"))
    mark = audit.mark()

    luna.kube.delete(luna.child(CONFIG_MAP))
    luna.change(environment="paused")

    eventually(lambda: luna.expect("Ready", "Unknown", "Paused"))
    written = {each.resource for each in audit.since(mark, luna.namespace)}
    assert written <= {"arkaliasystems/status", "events"}
    assert luna.kube.get(luna.child(CONFIG_MAP)) is None
    luna.change(changes={"pause": False})
    eventually(lambda: luna.kube.require(luna.child(CONFIG_MAP)))
