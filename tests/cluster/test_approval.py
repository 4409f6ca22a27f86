"""A system whose changes wait for approval: what runs is kept, and only those approve who may."""

import json
import subprocess

import pytest

from arkalia_operator.desired.kinds import DEPLOYMENT, SERVICE
from cluster.development import environment
from cluster.happenings import told
from cluster.kinds import Ref
from cluster.systems import System, off_except, uids
from cluster.waiting import eventually

EDITOR = "story-editor"
ACTION = """
apiVersion: arkalia.io/v1alpha1
kind: ArkaliaAction
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{system: luna, kind: ApprovePlan, approvedBy: {by}, approvePlan: {{hash: {plan}}}}}
"""


def run(*words, given=None):
    return subprocess.run(
        words, env=dict(environment()), input=given, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def approve(luna, *words):
    return run("arkalia", "approve", "luna", "-n", luna.namespace, *words)


def plan_of(luna):
    """The hash of the plan that waits. Raises AssertionError while none does."""
    luna.expect("ChangesApproved", "False", "WaitingForApproval")
    return luna.kube.require(luna.ref)["status"]["changes"]["hash"]


@pytest.fixture(scope="module")
def editor(operator, namespace):
    """Somebody who may write systems and actions, and not approve."""
    made = [
        (
            "create",
            "role",
            EDITOR,
            "--verb=get,list,create,update,patch",
            "--resource=arkaliasystems.arkalia.io,arkaliaactions.arkalia.io",
        ),
        ("create", "rolebinding", EDITOR, f"--role={EDITOR}", f"--user={EDITOR}"),
    ]
    for words in made:
        done = run("kubectl", "-n", namespace, *words)
        assert done.returncode == 0, done.stderr
    return EDITOR


@pytest.fixture(scope="module")
def asked(kube, operator, namespace):
    """A new system whose changes wait for approval, from the first one on."""
    changes = {"policy": "Approve"}
    luna = System(kube, namespace, "luna").declare(modules=off_except("helloria"), changes=changes)
    eventually(lambda: plan_of(luna))
    return luna


@pytest.fixture(scope="module")
def luna(asked):
    """It runs, as its first plan was approved."""
    done = approve(asked)
    assert done.returncode == 0, done.stderr
    return asked.ready()


def test_nothing_of_a_new_system_is_made_before_its_plan_is_approved(asked):
    assert asked.children() == []
    asked.expect("Ready", "Unknown", "WaitingForApproval")


def test_approval_is_recorded_with_the_user_and_done(luna):
    who = json.loads(run("kubectl", "auth", "whoami", "-o", "json").stdout)
    name = who["status"]["userInfo"]["username"]

    assert luna.kube.require(luna.ref)["status"]["approved"]["by"] == name
    done = run("kubectl", "get", "arkact", "-n", luna.namespace, "-o", "json")
    told = [each["status"]["phase"] for each in json.loads(done.stdout)["items"]]
    assert told == ["Done"]


@pytest.fixture(scope="module")
def waiting(luna):
    """Its environment was changed, and nobody has approved that."""
    luna.change(environment="approved")
    return eventually(lambda: plan_of(luna))


def test_plan_that_waits_is_told_as_an_event_and_a_metric(luna, waiting, operator):
    labels = f'system="luna",system_namespace="{luna.namespace}",type="ChangesApproved"'

    eventually(lambda: is_told(luna, f"Plan {waiting} waits"))
    metrics = luna.kube.http.get(f"{Ref.of(operator.pod()).path}:8080/proxy/metrics").text
    assert f"arkalia_operator_system_condition{{{labels}}} 0.0" in metrics


def is_told(luna, beginning):
    found = told(luna, "WaitingForApproval")
    assert any(each.startswith(beginning) for each in found), found


def test_plan_tells_whose_pods_are_replaced_and_they_run_on(luna, waiting):
    before = uids(luna.pods())

    done = run("arkalia", "plan", "luna", "-n", luna.namespace, "-o", "json")

    told = json.loads(done.stdout)
    assert done.returncode == 7
    assert (told["hash"], told["restarts"]) == (waiting, ["Deployment luna-helloria"])
    assert uids(luna.pods()) == before


def test_what_was_approved_is_repaired_while_a_change_waits(luna, waiting):
    luna.kube.delete(luna.child(SERVICE))

    eventually(lambda: luna.kube.require(luna.child(SERVICE)))
    assert plan_of(luna) == waiting


def test_nobody_approves_without_the_right_or_in_the_name_of_another(luna, waiting, editor):
    told = {"namespace": luna.namespace, "plan": waiting}

    without = run(
        "kubectl", "create", "-f", "-", f"--as={editor}",
        given=ACTION.format(name="no-right", by=editor, **told),
    )  # fmt: skip
    other = run("kubectl", "create", "-f", "-", given=ACTION.format(name="other", by="ada", **told))

    assert "may not approve plans of ArkaliaSystem luna" in without.stderr
    assert "spec.approvedBy must be the user who creates the action" in other.stderr


def test_policy_is_not_taken_back_without_the_right(luna, waiting, editor):
    change = json.dumps({"spec": {"changes": {"policy": "Auto"}}})

    done = run(
        "kubectl", "patch", "ark", "luna", "-n", luna.namespace, "--type=merge", f"-p={change}",
        f"--as={editor}",
    )  # fmt: skip

    assert f"user {editor} may not take that back" in done.stderr


def test_approval_of_another_plan_is_refused(luna, waiting):
    done = approve(luna, "--hash", "another")

    assert done.returncode == 2
    assert f"is not the one that waits in luna: that is {waiting}" in done.stderr


def test_approved_change_is_carried_out(luna, waiting):
    done = approve(luna, "--hash", waiting)

    assert done.returncode == 0, done.stderr
    luna.ready()
    [container] = luna.kube.require(luna.child(DEPLOYMENT))["spec"]["template"]["spec"][
        "containers"
    ]
    assert {"name": "ARKALIA_ENV", "value": "approved"} in container["env"]
    luna.expect("ChangesApproved", "True", "NothingWaits")
