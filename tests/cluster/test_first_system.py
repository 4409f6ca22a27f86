"""`kubectl apply` and everything that a person then sees, with kubectl alone."""

import subprocess
from pathlib import Path

import pytest
import yaml

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.first_status import NOT_LOOKED_AT
from cluster.development import environment
from cluster.kinds import NAMESPACE, Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "empty" / "system.yaml"
CONDITIONS = {each.value for each in ConditionType} - {"Contended", "Drifted"}
"""Those that every system has: these two are there only while somebody else changes its objects."""


@pytest.fixture(scope="module")
def kubectl(namespace):
    """kubectl in the story's namespace."""

    def run(*arguments, given=""):
        done = subprocess.run(
            ["kubectl", "--namespace", namespace, *arguments],
            input=given,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=270,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="module")
def luna(kube, operator, kubectl, namespace):
    """The sample system with the gateway alone, as a person applies and awaits it.

    `test_whole_system.py` tells of all ten.
    """
    sample = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    sample["metadata"]["namespace"] = namespace
    sample["spec"] = {"modules": off_except("helloria")}
    kubectl("apply", "-f", "-", given=yaml.safe_dump(sample))
    kubectl("wait", "arkaliasystem/luna", "--for=condition=Ready", "--timeout=240s")
    return System(kube, namespace, "luna")


@pytest.fixture(scope="module")
def versions(kube, luna):
    """The system as it was, from its creation to Ready."""
    namespace = kube.require(Ref(NAMESPACE, "", luna.namespace))
    return kube.history(luna.ref, since=namespace["metadata"]["resourceVersion"])


@pytest.fixture(scope="module")
def statuses(versions):
    """Every status that the operator gave it."""
    return [each["status"] for each in versions if "observedGeneration" in each["status"]]


def of(status, kind):
    return next(each for each in status["conditions"] if each["type"] == kind)


def test_new_system_says_that_no_operator_has_looked_at_it(versions):
    assert versions[0]["status"] == NOT_LOOKED_AT


def test_status_is_unknown_and_reconciling_from_its_first_word(statuses):
    first = statuses[0]

    assert of(first, "Ready")["status"] == "Unknown"
    assert of(first, "Reconciling")["status"] == "True"
    assert of(first, "Stalled")["status"] == "False"


def test_status_says_in_every_version_which_generation_it_is_about(statuses):
    for status in statuses:
        assert status["observedGeneration"] == 1
        assert {each["observedGeneration"] for each in status["conditions"]} == {1}


def test_status_holds_every_condition_with_a_reason_and_a_sentence(statuses):
    for status in statuses:
        assert {each["type"] for each in status["conditions"]} == CONDITIONS
        assert all(each["reason"] and each["message"] for each in status["conditions"])


def test_ready_goes_from_unknown_to_true_and_never_back(statuses):
    seen = [of(status, "Ready")["status"] for status in statuses]

    changes = [now for before, now in zip(["", *seen], seen, strict=False) if before != now]
    assert changes == ["Unknown", "True"]


def test_ready_status_names_each_module_with_its_image_and_pods(statuses):
    [helloria] = [each for each in statuses[-1]["modules"] if each["name"] == "helloria"]

    assert helloria["ready"]
    assert helloria["replicas"] == helloria["readyReplicas"] >= 1
    assert "helloria" in helloria["image"]


def test_kubectl_get_shows_in_columns_how_the_system_is(kubectl, luna):
    heading, row = kubectl("get", "ark", "luna").splitlines()

    assert heading.split() == ["NAME", "READY", "MODULES", "VERSION", "REASON", "AGE"]
    name, ready, modules, version, reason, _ = row.split()
    assert (name, ready, reason) == ("luna", "True", "SystemReady")
    assert modules == "/".join([modules.split("/")[0]] * 2)
    assert version.count(".") == 2


def test_kubectl_explain_describes_the_fields(kubectl):
    told = kubectl("explain", "arkaliasystem.spec.modules.scaling.minReplicas")

    assert "Fewest pods" in told


def test_kubectl_describe_shows_the_event_of_becoming_ready(kubectl, luna):
    told = eventually(lambda: described(kubectl))

    assert "All modules run and serve." in told


def described(kubectl):
    told = kubectl("describe", "arkaliasystem", "luna")
    events = told.partition("Events:")[2]
    assert "SystemReady" in events, f"no event SystemReady in {events}"
    return told


def test_children_are_owned_by_the_system_and_carry_its_labels(luna, kube):
    uid = kube.require(luna.ref)["metadata"]["uid"]

    children = luna.children()

    assert {each["kind"] for each in children} >= {"Deployment", "Service", "NetworkPolicy"}
    for child in children:
        [owner] = child["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (uid, True)
        assert child["metadata"]["labels"]["app.kubernetes.io/part-of"] == "arkalia"
