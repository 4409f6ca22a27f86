"""ExposureReady tells of the way in; what others have not said holds nobody back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.exposure import ExposureView, holds_back, verdict
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.judge import judge
from arkalia_operator.planning.observed import Admission, ObjectKey, PodRecord, RolloutProgress
from arkalia_operator.planning.verdicts import Verdict
from builders import a_module, a_record, a_system, an_observed, modules_with, only

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DOOR = a_module("door", public=True)
HOST = {"host": "ai.example.com"}
INGRESS = HOST | {"ingress": {}}
GATEWAY = HOST | {"gateway": {"parentRefs": [{"name": "edge"}]}}
KEY = ObjectKey("Ingress", "arkalia", "luna")


def a_view(exposure, *modules, said=None, gone=False, broken=None, failures=(), **fields):
    """A system whose way in is there; *said* is what controllers say to it."""
    system = a_system(exposure=exposure, modules={name: {} for name in broken or ()})
    desired = desired_state(system, modules_with(*(modules or [DOOR]), broken=broken))
    observed = an_observed(system, desired, **fields)
    for manifest in desired.manifests:
        key = ObjectKey(manifest["kind"], "arkalia", manifest["metadata"]["name"])
        if key.name == "luna" and key in observed.children:
            if gone:
                del observed.children[key]
            else:
                observed.children[key] = a_record(manifest, system, admission=said)
    return ExposureView(system, desired, observed, failures)


def told(*parts, **fields):
    found = verdict(a_view(*parts, **fields))
    return found.status, found.reason, found.message


def conditions(view):
    status = judge(Evidence(view.system, view.desired, view.observed, view.failures), NOW)
    return {each.type: (each.status, each.reason) for each in status.conditions}


def test_no_way_in_is_wanted():
    assert told({})[:2] == ("True", "NotExposed")


def test_way_in_that_a_controller_has_taken_is_told_with_its_address():
    said = Admission(admitted=True, addresses=("203.0.113.9",))

    assert told(INGRESS, said=said) == (
        "True",
        "Exposed",
        "ai.example.com leads to door, at 203.0.113.9.",
    )


def test_route_that_is_taken_has_no_address():
    said = Admission(admitted=True)

    assert told(GATEWAY, said=said)[2] == "ai.example.com leads to door."


@pytest.mark.parametrize("said", [None, Admission()])
def test_way_in_to_which_nobody_says_anything_is_waited_for(said):
    status, reason, message = told(INGRESS, said=said)

    assert (status, reason) == ("Unknown", "ExposurePending")
    assert "Ingress luna" in message


def test_refusal_of_a_gateway_is_told_in_its_words():
    status, reason, message = told(
        GATEWAY, said=Admission(refusal="edge: NotAllowedByListeners: no")
    )

    assert (status, reason) == ("False", "ExposureRefused")
    assert message == "HTTPRoute luna is refused by edge: NotAllowedByListeners: no"


def test_gateway_api_that_is_not_installed_is_asked_for():
    status, reason, message = told(GATEWAY, served=frozenset())

    assert (status, reason) == ("False", "KindNotServed")
    assert "HTTPRoute of gateway.networking.k8s.io/v1: install the Gateway API" in message


@pytest.mark.parametrize(("permanent", "status"), [(True, "False"), (False, "Unknown")])
def test_way_in_that_the_api_server_refuses_is_told(permanent, status):
    failure = Failure(KEY, "denied by a policy", permanent)
    another = Failure(ObjectKey("Service", "arkalia", "luna-door"), "quota", permanent=True)

    assert told(INGRESS, gone=True, failures=(another, failure)) == (
        status,
        "ApplyFailed",
        "Ingress luna: denied by a policy",
    )


def test_way_in_that_is_not_there_yet_is_waited_for():
    assert told(INGRESS, gone=True)[:2] == ("Unknown", "ObjectsMissing")


def test_module_that_is_not_clear_is_asked_for():
    status, reason, message = told(INGRESS, a_module())

    assert (status, reason) == ("False", Reason.INVALID_SPEC)
    assert "no enabled module is public" in message


def test_module_that_cannot_be_read_is_waited_for():
    found = told(INGRESS, a_module(), broken={"weather": "it cannot be read"})

    assert found[:2] == ("Unknown", "ExposurePending")


def test_silence_of_controllers_holds_no_system_back():
    silent = conditions(a_view(INGRESS, said=Admission()))

    assert silent["ExposureReady"] == ("Unknown", "ExposurePending")
    assert silent["Ready"] == ("True", "SystemReady")


def test_refusal_makes_the_system_not_ready():
    refused = conditions(a_view(GATEWAY, said=Admission(refusal="edge: No: no")))

    assert refused["Ready"] == refused["ExposureReady"] == ("False", "ExposureRefused")
    assert refused["Stalled"] == ("True", "ExposureRefused")


def test_way_in_of_a_spec_that_is_not_understood_is_unknown():
    system = a_system(exposure=INGRESS, version="9.9.9")
    desired = desired_state(system, modules_with(DOOR))
    view = ExposureView(system, desired, an_observed(system, desired))

    assert conditions(view)["ExposureReady"] == ("Unknown", "VersionNotSupported")


EDGE = {"edge": {"enabled": True}}
STARTS = Finding(Reason.PODS_NOT_READY, "a pod starts", doomed=False)


def an_edge_view(exposure=None, **changed):
    """A system whose edge is there; *changed* of its Deployment's record."""
    view = a_view(exposure or EDGE)
    key = ObjectKey("Deployment", "arkalia", "luna-edge")
    observed = view.observed
    observed.children[key] = replace(observed.children[key], **changed)
    return view


def test_edge_that_is_ready_is_the_way_in_by_itself():
    view = an_edge_view()

    assert conditions(view)["ExposureReady"] == ("True", "Exposed")
    assert conditions(view)["Ready"][0] == "True"
    assert told(EDGE)[2] == "The edge leads to door."


def test_host_leads_through_the_edge():
    said = Admission(admitted=True, addresses=("203.0.113.9",))

    message = told(INGRESS | EDGE, said=said)[2]

    assert message == "ai.example.com leads to door through the edge, at 203.0.113.9."


def test_edge_whose_pods_are_not_ready_keeps_the_system_from_being_ready():
    view = an_edge_view(rollout=RolloutProgress(wanted=1, replicas=1, updated=1))
    found = conditions(view)

    assert found["ExposureReady"] == ("Unknown", "PodsNotReady")
    assert found["Ready"] == ("Unknown", "PodsNotReady") or found["Ready"][0] != "True"


def test_edge_whose_pods_crash_is_told_as_broken():
    view = an_edge_view(rollout=RolloutProgress(wanted=1, replicas=1, updated=1))
    template = only(view.desired.manifests, "Deployment", "luna-edge")["spec"]["template"]
    pod = PodRecord(
        "luna-edge-1", "", ready=False, revision=revision(template),
        waiting_reason="CrashLoopBackOff", last_exit="Error, exit code 78", last_words="no",
    )  # fmt: skip
    crashing = replace(view, observed=replace(view.observed, pods=(pod,)))

    assert conditions(crashing)["ExposureReady"] == ("False", "ContainerCrashes")


@pytest.mark.parametrize(
    ("status", "edge", "held"),
    [
        ("False", None, True),
        ("Unknown", None, False),
        ("Unknown", STARTS, True),
        ("True", STARTS, False),
    ],
)
def test_refusal_and_an_edge_that_is_not_ready_hold_the_system_back(status, edge, held):
    found = Verdict("ExposureReady", status, "ExposurePending", "no controller yet")

    assert holds_back(found, edge) is held
