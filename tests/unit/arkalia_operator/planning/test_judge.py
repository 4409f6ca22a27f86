"""Situations of a system, and what its status says of them.

The table is read twice: by the conditions themselves, and as kstatus reads them.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.changes import ChangesStatus
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.approval import approved_now
from arkalia_operator.planning.drift import Drift, Drifted
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.judge import judge, judge_failed, judge_invalid, judge_unseen
from arkalia_operator.planning.observed import Accepted, ObjectKey, Observed, PodRecord
from arkalia_operator.planning.permissions import Right
from builders import a_module, a_system, an_observed, modules_with, only, rendered
from random_specs import AVAILABLE, SYSTEMS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SYSTEM = a_system(generation=3)
DESIRED = rendered(SYSTEM, a_module(), a_module("gamma"))
KEY = ObjectKey("Deployment", "arkalia", "luna-alpha")
SERVICE = ObjectKey("Service", "arkalia", "luna-alpha")
LEFT = ObjectKey("Service", "arkalia", "luna-old")


def kstatus(generation, status):
    """How sigs.k8s.io/cli-utils/pkg/kstatus reads an object with these generation and status."""
    by_type = {each["type"]: each["status"] for each in status.get("conditions", [])}
    if status.get("observedGeneration", generation) != generation:
        return "InProgress"
    if by_type.get("Reconciling") == "True":
        return "InProgress"
    if by_type.get("Stalled") == "True":
        return "Failed"
    if by_type.get("Ready", "True") != "True":
        return "InProgress"
    return "Current"


def read(status, generation=3):
    return kstatus(generation, status.model_dump(mode="json", by_alias=True))


def conditions(status):
    return {each.type: each for each in status.conditions}


def summary(status):
    """Status of Ready, Reconciling and Stalled, and Ready's reason."""
    found = conditions(status)
    statuses = tuple(found[name].status for name in ("Ready", "Reconciling", "Stalled"))
    return (*statuses, found["Ready"].reason)


def observed(pods=(), *, key=KEY, accepted=None, desired=DESIRED, **rollout):
    """Everything as desired, but for the rollout of `alpha` and its pods."""
    found = an_observed(SYSTEM, desired, pods=tuple(pods), accepted=accepted or {})
    record = found.children[key]
    changed = replace(record, rollout=replace(record.rollout, **rollout))
    return replace(found, children={**found.children, key: changed})


def a_pod(**fields):
    wanted = revision(only(DESIRED.manifests, "Deployment", "luna-alpha")["spec"]["template"])
    return PodRecord("alpha-1", "alpha", ready=False, **{"revision": wanted} | fields)


def without(*kinds):
    found = an_observed(SYSTEM, DESIRED)
    children = {key: each for key, each in found.children.items() if key.kind not in kinds}
    return replace(found, children=children)


def with_leftover(**fields):
    old = rendered(SYSTEM, a_module("old"))
    return replace(
        an_observed(SYSTEM, DESIRED),
        children={
            **an_observed(SYSTEM, DESIRED).children,
            LEFT: replace(an_observed(SYSTEM, old).children[LEFT], **fields),
        },
    )


def judged(found=None, *, failures=(), system=SYSTEM, desired=DESIRED, now=NOW):
    evidence = Evidence(system, desired, found or an_observed(SYSTEM, desired), failures)
    return judge(evidence, now)


READY = ("True", "False", "False")
PROGRESSING = ("Unknown", "True", "False")
DOOMED = ("False", "False", "True")
KSTATUS = {READY: "Current", PROGRESSING: "InProgress", DOOMED: "Failed"}


@pytest.mark.parametrize(
    ("found", "failures", "expected", "reason"),
    [
        pytest.param(observed(), (), READY, "SystemReady", id="everything runs"),
        pytest.param(Observed(), (), PROGRESSING, "ObjectsMissing", id="nothing is there yet"),
        pytest.param(without("Service"), (), PROGRESSING, "ObjectsMissing", id="a child is gone"),
        pytest.param(
            observed(wanted=5, replicas=5, updated=5, available=1, ready=1),
            (), PROGRESSING, "PodsNotReady", id="fixed number of pods was raised",
        ),
        pytest.param(
            observed(available=0, ready=0), (), PROGRESSING, "PodsNotReady",
            id="the pod of one replica was killed",
        ),
        pytest.param(
            observed(updated=0), (), PROGRESSING, "RollingOut", id="a new revision rolls out",
        ),
        pytest.param(
            observed(accepted={KEY: Accepted(b"", b"", generation=2)}),
            (), PROGRESSING, "RollingOut", id="the controller has not seen the change",
        ),
        pytest.param(
            observed([a_pod(waiting_reason="ImagePullBackOff")], updated=0),
            (), DOOMED, "ImageCannotBePulled", id="wrong image",
        ),
        pytest.param(
            observed([a_pod(waiting_reason="ImagePullBackOff", revision="older")], updated=0),
            (), PROGRESSING, "RollingOut", id="wrong image was corrected",
        ),
        pytest.param(
            observed([a_pod(waiting_reason="CrashLoopBackOff")], available=0),
            (), DOOMED, "ContainerCrashes", id="crash loop",
        ),
        pytest.param(
            observed([a_pod(waiting_reason="CreateContainerConfigError")], available=0),
            (), DOOMED, "ContainerCannotStart", id="a Secret is missing",
        ),
        pytest.param(
            observed([a_pod(unschedulable="0/1 nodes")], available=0),
            (), PROGRESSING, "PodCannotBeScheduled", id="no node takes a pod",
        ),
        pytest.param(
            observed(failure="exceeded quota", replicas=0, updated=0, available=0),
            (), DOOMED, "PodCannotBeCreated", id="quota",
        ),
        pytest.param(
            observed(deadline_exceeded=True, available=0),
            (), DOOMED, "RolloutStalled", id="deadline for progress",
        ),
        pytest.param(
            None, [Failure(SERVICE, "Invalid value", permanent=True)],
            DOOMED, "ApplyFailed", id="an object is refused for good",
        ),
        pytest.param(
            None, [Failure(SERVICE, "try later", permanent=False)],
            PROGRESSING, "ApplyFailed", id="an object is refused for now",
        ),
        pytest.param(
            with_leftover(), [Failure(LEFT, "forbidden", permanent=True)],
            DOOMED, "ApplyFailed", id="a deletion is refused for good",
        ),
        pytest.param(
            with_leftover(), [Failure(LEFT, "try later", permanent=False)],
            PROGRESSING, "ApplyFailed", id="a deletion is refused for now",
        ),
        pytest.param(
            with_leftover(deleting=True), (), PROGRESSING, "ObjectsLeft",
            id="a switched-off module is still going",
        ),
        pytest.param(
            with_leftover(owner_uid="other"), (), READY, "SystemReady",
            id="an object of somebody else is there",
        ),
    ],
)  # fmt: skip
def test_situation_has_its_conditions(found, failures, expected, reason):
    status = judged(found, failures=failures)

    assert summary(status) == (*expected, reason)
    assert read(status) == KSTATUS[expected]
    assert read(status, generation=4) == "InProgress"


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        ({"version": "9.9.9"}, "VersionNotSupported", "spec.version 9.9.9 is not known"),
        ({"modules": {"weather": {}}}, "ModuleNotFound", "spec.modules.weather: no built-in"),
        ({"modules": {"broken": {}}}, "ModuleInvalid", "ArkaliaModule broken: what is wrong"),
        (
            {"modules": {"alpha": {"podTemplate": {"spec": 1}}}},
            "InvalidSpec",
            "spec.modules.alpha.podTemplate.spec: must be an object",
        ),
    ],
)
def test_spec_that_is_not_understood_stalls_the_system(spec, reason, message):
    system = a_system(generation=3, **spec)
    desired = desired_state(system, modules_with(a_module(), broken={"broken": "what is wrong"}))

    status = judged(
        an_observed(SYSTEM, rendered(SYSTEM, a_module())), system=system, desired=desired
    )

    assert summary(status) == (*DOOMED, reason)
    assert conditions(status)["Accepted"].status == "False"
    assert conditions(status)["ModulesReady"].status != "True"
    assert conditions(status)["Ready"].message.startswith(message)


def test_module_that_is_held_is_told_with_its_pods_and_its_problem():
    system = a_system(modules={"alpha": {"podTemplate": {"spec": 1}}})
    desired = desired_state(system, modules_with(a_module(), a_module("gamma")))

    status = judged(an_observed(SYSTEM, DESIRED), system=system, desired=desired)

    alpha, gamma = status.modules
    assert status.modules_ready == "2/2"
    assert conditions(status)["ModulesReady"].message.startswith("spec.modules.alpha.podTemplate")
    assert (alpha.name, alpha.ready, alpha.reason) == ("alpha", False, "InvalidSpec")
    assert (alpha.replicas, alpha.ready_replicas) == (1, 1)
    assert gamma.ready


def test_modules_of_an_unknown_version_are_told_from_their_objects():
    system = a_system(version="9.9.9")
    desired = desired_state(system, modules_with(a_module()))

    status = judged(an_observed(SYSTEM, DESIRED), system=system, desired=desired)

    assert status.version == "0.1.0"
    assert status.modules_ready == "2/2"
    assert conditions(status)["ModulesReady"].message.count("spec.version 9.9.9") == 1
    assert {(each.name, each.reason) for each in status.modules} == {
        ("alpha", "VersionNotSupported"),
        ("gamma", "VersionNotSupported"),
    }


def test_unknown_version_of_a_new_system_says_nothing_of_modules():
    system = a_system(version="9.9.9")

    status = judged(Observed(), system=system, desired=desired_state(system, modules_with()))

    assert status.modules_ready == "0/0"
    assert conditions(status)["ModulesReady"].status == "Unknown"


def test_module_that_is_switched_off_is_not_counted():
    system = a_system(modules={"gamma": {"enabled": False}})
    desired = desired_state(system, modules_with(a_module(), a_module("gamma")))

    status = judged(an_observed(system, desired), system=system, desired=desired)

    assert (status.modules_ready, [each.name for each in status.modules]) == ("1/1", ["alpha"])


def test_status_is_about_the_generation_that_was_judged():
    status = judged()

    assert status.observed_generation == 3
    assert {each.observed_generation for each in status.conditions} == {3}
    assert (status.version, status.modules_ready) == ("0.1.0", "2/2")


def test_every_status_has_the_same_conditions_in_the_same_order():
    expected = ["Ready", "Reconciling", "Stalled", "Accepted", "ModulesReady", "IdentityReady"]
    expected += [
        "DataReady",
        "PermissionsReady",
        "ExposureReady",
        "FieldsIgnored",
        "ChangesApproved",
        "LLMReady",
    ]

    for status in (judged(), judged(Observed()), invalid()):
        assert [each.type for each in status.conditions] == expected


def test_pods_that_an_autoscaler_adds_do_not_flip_ready():
    desired = rendered(SYSTEM, a_module(scaling={"minReplicas": 1, "maxReplicas": 9}))
    before = judged(an_observed(SYSTEM, desired), desired=desired)

    after = judged(
        observed(desired=desired, wanted=4, replicas=4, updated=4, available=1, ready=1),
        desired=desired,
        system=replace(SYSTEM, status=before),
        now=LATER,
    )

    assert conditions(after)["Ready"] == conditions(before)["Ready"]


def test_doomed_module_is_told_before_one_that_rolls_out():
    found = observed([a_pod(waiting_reason="ImagePullBackOff")], available=0)
    gamma = ObjectKey("Deployment", "arkalia", "luna-gamma")
    rolling = replace(
        found.children[gamma], rollout=replace(found.children[gamma].rollout, updated=0)
    )

    status = judged(replace(found, children={**found.children, gamma: rolling}))

    message = conditions(status)["Ready"].message
    assert message.index("alpha: pod alpha-1") < message.index("gamma: 0 of 1 pods")


def test_doomed_clean_up_is_told_before_a_rollout():
    status = judged(
        replace(with_leftover(), children=with_leftover().children | observed(updated=0).children),
        failures=[Failure(LEFT, "forbidden", permanent=True)],
    )

    assert summary(status) == (*DOOMED, "ApplyFailed")
    assert conditions(status)["Ready"].message == "Service luna-old: forbidden"


def test_objects_that_are_still_to_go_are_named():
    message = conditions(judged(with_leftover()))["Ready"].message

    assert message == "1 object is still to be deleted: Service luna-old"


def test_only_some_modules_are_named_in_a_message():
    modules = [a_module(f"m-{number}") for number in range(9)]
    desired = rendered(SYSTEM, *modules)

    status = judged(Observed(), desired=desired)

    message = conditions(status)["ModulesReady"].message
    assert message.startswith("m-0, m-1, m-2, and 6 more: ")
    assert len(status.modules) == 9


def test_list_has_at_most_64_modules_and_never_drops_one_that_is_not_ready():
    modules = [a_module(f"m-{number:02}") for number in range(70)]
    desired = rendered(SYSTEM, *modules)
    found = an_observed(SYSTEM, desired)
    gone = {key: each for key, each in found.children.items() if each.module != "m-69"}

    status = judged(replace(found, children=gone), desired=desired)

    names = [each.name for each in status.modules]
    assert status.modules_ready == "69/70"
    assert (len(names), names == sorted(names), "m-69" in names) == (64, True, True)


def test_times_move_only_for_what_flips():
    before = judged()

    after = judged(observed(updated=0), system=replace(SYSTEM, status=before), now=LATER)

    moved = {each.type for each in after.conditions if each.last_transition_time == LATER}
    assert moved == {"Ready", "Reconciling", "ModulesReady"}


def test_same_situation_has_the_same_status():
    before = judged()

    assert judged(system=replace(SYSTEM, status=before), now=LATER) == before


def test_crash_loop_does_not_flicker_between_two_crashes():
    looping = a_pod(waiting_reason="CrashLoopBackOff", last_exit="Error, exit code 1")
    before = judged(observed([looping], available=0))

    running = replace(looping, waiting_reason="")
    after = judged(
        observed([running], available=0), system=replace(SYSTEM, status=before), now=LATER
    )

    assert after == before


@given(SYSTEMS, AVAILABLE)
def test_anything_can_be_judged(system, available):
    desired = desired_state(system, available)

    for found in (Observed(), an_observed(system, desired)):
        status = judge(Evidence(system, desired, found), NOW)

        assert read(status, system.generation) == KSTATUS[summary(status)[:3]]


def invalid(before=None, now=NOW, **metadata):
    """The status of a system whose spec does not fit, and whose status was *before*."""
    body = {"metadata": {"name": "luna", "generation": 7} | metadata}
    return judge_invalid(body, before or ArkaliaSystemStatus(), an_error(), now)


def an_error(spec=None):
    with pytest.raises(ValidationError) as caught:
        ArkaliaSystemSpec.model_validate(spec or {"modules": {"alpha": {"replicas": "many"}}})
    return caught.value


def test_resource_that_does_not_fit_the_schema_stalls_and_tells_the_place():
    status = invalid()

    assert summary(status) == (*DOOMED, "InvalidSpec")
    assert conditions(status)["ModulesReady"].status == "Unknown"
    assert conditions(status)["Ready"].message.startswith(
        "spec.modules.alpha.replicas: Input should"
    )
    assert status.observed_generation == 7
    assert read(status, generation=7) == "Failed"


def test_resource_without_a_generation_or_status_can_be_judged():
    body = {"metadata": {"name": "luna"}}

    found = judge_invalid(body, ArkaliaSystemStatus(), an_error(), NOW)

    assert found.observed_generation == 0


def test_invalid_resource_keeps_the_times_of_its_conditions():
    before = invalid()

    after = invalid(before, LATER)

    assert after == before


def test_invalid_resource_keeps_what_was_approved_and_let_in():
    approved = approved_now(SYSTEM, "plan", "ada")
    changes = ChangesStatus(released="0.1.0-abc", released_hash="plan")
    before = judged().model_copy(update={"approved": approved, "changes": changes})

    after = invalid(before)

    assert before.rollouts
    assert (after.approved, after.changes, after.rollouts) == (approved, changes, before.rollouts)
    assert summary(after) == (*DOOMED, "InvalidSpec")


def test_failure_of_the_operator_itself_is_told_beside_what_was_known():
    before = judged()

    status = judge_failed(replace(SYSTEM, status=before), "KeyError: 'a'", LATER)

    assert summary(status) == (*PROGRESSING, "OperatorFailed")
    assert status.modules == before.modules
    assert conditions(status)["Accepted"] == conditions(before)["Accepted"]
    assert conditions(status)["Ready"].message == "KeyError: 'a'"


def test_system_whose_objects_may_not_be_read_keeps_what_was_known_beside_the_missing_right():
    before = judged()
    right = Right("jobs", "batch", "jobs", "list")

    older = before.model_copy(update={"observed_generation": 2})
    status = judge_unseen(replace(SYSTEM, status=older), [right], LATER)

    found = conditions(status)
    assert summary(status) == (*PROGRESSING, "PermissionsMissing")
    assert status.observed_generation == SYSTEM.generation
    assert status.modules == before.modules
    assert found["Accepted"] == conditions(before)["Accepted"]
    assert found["PermissionsReady"].status == "False"
    assert "resources: [jobs], verbs: [list]" in found["Ready"].message
    assert len(found) == len(status.conditions)


@pytest.mark.parametrize(
    ("found", "serving"),
    [
        pytest.param(observed(updated=0), "2/2", id="old pods serve during a rollout"),
        pytest.param(
            observed([a_pod(waiting_reason="ImagePullBackOff")], updated=0), "2/2",
            id="old pods serve while new ones cannot start",
        ),
        pytest.param(observed(available=0), "1/2", id="no pod serves"),
        pytest.param(without("Deployment"), "0/2", id="nothing runs"),
        pytest.param(without("Service"), "2/2", id="another object is missing"),
    ],
)  # fmt: skip
def test_modules_are_counted_while_enough_pods_serve_be_they_old(found, serving):
    assert judged(found).modules_ready == serving


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        (["0.0.9", "0.0.9"], "0.0.9"),
        (["0.0.9", "0.1.0"], "0.1.0"),
        (["0.0.9", "0.0.10"], "0.0.10"),
        (["", ""], "0.1.0"),
    ],
    ids=["all wait", "rolling out", "stopped half way", "not known"],
)
def test_version_is_the_one_that_serves_or_is_rolled_out(versions, told):
    found = an_observed(SYSTEM, DESIRED)
    keys = [key for key in found.children if key.kind == "Deployment"]
    changed = {
        key: replace(found.children[key], version=version)
        for key, version in zip(keys, versions, strict=True)
    }

    assert judged(replace(found, children={**found.children, **changed})).version == told


def test_reason_of_a_module_names_it_once():
    status = judged(observed(available=0, ready=0))

    assert conditions(status)["ModulesReady"].message == "alpha: 0 of 1 pods are ready"


def test_a_missing_right_is_told_and_does_not_decide_whether_the_system_is_ready():
    right = Right("deployments", "apps", "deployments", "patch")
    complete = Evidence(SYSTEM, DESIRED, observed())

    status = judge(replace(complete, missing_rights=(right,)), NOW)

    found = conditions(status)["PermissionsReady"]
    assert (found.status, found.reason) == ("False", "PermissionsMissing")
    assert "verbs: [patch]" in found.message
    assert summary(status) == summary(judge(complete, NOW))


def test_what_others_have_changed_is_told_and_keeps_nothing_from_being_ready():
    left = [
        Drifted(ObjectKey("Service", "arkalia", "luna-alpha"), (a_drift("spec.type"),)),
        Drifted(
            ObjectKey("Deployment", "arkalia", "luna-alpha"),
            (a_drift("spec.replicas"),),
            contended=True,
        ),
    ]

    status = judge(Evidence(SYSTEM, DESIRED, an_observed(SYSTEM, DESIRED), left=left), NOW)

    found = {each.type: each for each in status.conditions}
    assert found["Ready"].status == "True"
    assert "spec.replicas was changed by kubectl" in found["Contended"].message
    assert "spec.type was changed by kubectl" in found["Drifted"].message
    assert found["Contended"].status == found["Drifted"].status == "True"


def test_what_has_drifted_is_told_in_one_order():
    left = [
        Drifted(ObjectKey("Service", "arkalia", name), (a_drift("spec.type"),)) for name in "ba"
    ]
    one, other = (
        judge(Evidence(SYSTEM, DESIRED, observed(), left=order), NOW)
        for order in (left, left[::-1])
    )

    assert conditions(one)["Drifted"].message == conditions(other)["Drifted"].message


def a_drift(path):
    return Drift(path, "kubectl", "1", "2")
