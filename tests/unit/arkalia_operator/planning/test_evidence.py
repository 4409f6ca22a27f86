"""What of all that is known concerns one module."""

from dataclasses import replace

import pytest

from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.evidence import (
    Evidence,
    complete,
    module_view,
    modules_with_objects,
    rollouts_of,
)
from arkalia_operator.planning.observed import (
    Accepted,
    ChildRecord,
    JobState,
    ObjectKey,
    PodRecord,
    RolloutProgress,
)
from builders import a_component, a_module, a_system, an_observed, only, rendered

SYSTEM = a_system()
ALPHA, GAMMA = a_module(components=[a_component(), a_component("worker")]), a_module("gamma")
DESIRED = rendered(SYSTEM, ALPHA, GAMMA)
MAIN = ObjectKey("Deployment", "arkalia", "luna-alpha")
MISTYPED = "arkalia/luna-alpha: .spec.template.spec.nodename: field not declared in schema"
NO_IMAGE = "arkalia/luna-alpha: spec.template.spec.containers[1].image: Required value"
REVISION = revision(only(DESIRED.manifests, "Deployment", "luna-alpha")["spec"]["template"])


def view(system=SYSTEM, desired=DESIRED, failures=(), **observed):
    found = replace(an_observed(SYSTEM, desired), **observed)
    return module_view(
        desired.resolution.modules[0], complete(Evidence(system, desired, found, failures))
    )


def changed(key=MAIN, **fields):
    children = dict(an_observed(SYSTEM, DESIRED).children)
    children[key] = replace(children[key], **fields)
    return children


def a_pod(name="alpha-1", **fields):
    values = {"module": "alpha", "ready": False, "revision": REVISION} | fields
    return PodRecord(name=name, **values)


def test_converged_module_misses_nothing():
    found = view()

    assert (found.missing, found.failures, found.pods) == ([], [], [])
    assert len(found.deployments) == 2


def test_objects_of_other_modules_do_not_count():
    children = {
        key: each for key, each in an_observed(SYSTEM, DESIRED).children.items()
        if each.module == "alpha"
    }  # fmt: skip

    assert view(children=children).missing == []


@pytest.mark.parametrize("fields", [{"deleting": True}])
def test_object_that_is_being_deleted_is_missing(fields):
    found = view(children=changed(**fields))

    assert (found.missing, len(found.deployments)) == ([MAIN], 1)


def test_object_of_a_kind_that_is_not_served_is_not_missed():
    found = view(served=frozenset(), children={})

    kinds = [each["kind"] for each in DESIRED.manifests if "alpha" in each["metadata"]["name"]]
    assert len(found.missing) == len(kinds) - kinds.count("ServiceMonitor")


def test_failures_of_its_own_objects_are_its_own():
    own, other = (
        Failure(MAIN, "no", True),
        Failure(ObjectKey("Service", "arkalia", "x"), "no", True),
    )

    assert view(failures=[other, own]).failures == [own]


@pytest.mark.parametrize(
    "pod",
    [
        a_pod(ready=True),
        a_pod(deleting=True),
        a_pod(module="gamma"),
        a_pod(revision="older"),
        a_pod(revision=""),
    ],
)
def test_pod_that_explains_nothing_is_left_out(pod):
    assert view(pods=(pod,)).pods == []


def test_pods_stand_in_the_order_of_their_names():
    pods = (a_pod("alpha-2"), a_pod("alpha-1"))

    assert [each.name for each in view(pods=pods).pods] == ["alpha-1", "alpha-2"]


def test_fixed_number_of_pods_is_required():
    record = an_observed(SYSTEM, DESIRED).children[MAIN]

    found = view(children=changed(rollout=replace(record.rollout, wanted=4)))

    assert [each.required for each in found.deployments] == [4, 1]


def test_least_number_of_pods_is_required_where_an_autoscaler_adds_more():
    desired = rendered(SYSTEM, a_module(scaling={"minReplicas": 2, "maxReplicas": 9}))

    [found] = view(desired=desired).deployments

    assert found.required == 2


def test_generation_of_the_last_write_is_known_as_long_as_the_operator_runs():
    accepted = {MAIN: Accepted(b"sent", b"held", generation=7)}

    assert [each.applied_generation for each in view(accepted=accepted).deployments] == [7, 0]


def test_deployment_without_a_rollout_counts_as_a_new_one():
    [main, _] = view(children=changed(rollout=None)).deployments

    assert (main.rollout.available, main.required) == (0, 1)


def test_reason_of_the_last_status_is_known():
    line = {"name": "alpha", "ready": False, "replicas": 0, "readyReplicas": 0, "image": "a"}
    status = {"modules": [line | {"reason": "ContainerCrashes", "message": "m"}]}

    assert view(a_system(status=status)).reason_before == "ContainerCrashes"
    assert view().reason_before == ""


def test_rollouts_are_found_whoever_wants_them():
    evidence = Evidence(SYSTEM, rendered(a_system(version="9.9.9")), an_observed(SYSTEM, DESIRED))

    assert len(rollouts_of("alpha", evidence)) == 2
    assert modules_with_objects(evidence) == ["alpha", "gamma"]


def test_objects_of_somebody_else_are_not_the_systems():
    children = {
        key: replace(each, owner_uid="other")
        for key, each in an_observed(SYSTEM, DESIRED).children.items()
    }
    evidence = Evidence(SYSTEM, DESIRED, replace(an_observed(SYSTEM, DESIRED), children=children))

    assert (rollouts_of("alpha", evidence), modules_with_objects(evidence)) == ([], [])


JOB = ObjectKey("Job", "arkalia", "luna-alpha-migrate-1")
GATED = replace(DESIRED, after={("Deployment", "luna-alpha"): ((JOB.kind, JOB.name),)})


def a_job(**state):
    return ChildRecord(JOB, "uid", "1", 1, SYSTEM.uid, b"", module="alpha", job=JobState(**state))


def test_module_whose_deployment_waits_for_a_job_tells_how_the_job_is():
    children = changed(fingerprint=b"other") | {JOB: a_job(failed=True, message="gave up")}

    found = view(desired=GATED, children=children)

    assert found.waiting == {MAIN: (JOB,)}
    assert [str(each.reason) for each in found.jobs] == ["MigrationFailed"]


def test_module_whose_deployment_waits_for_what_is_not_there_names_it():
    found = view(desired=GATED, children=changed(fingerprint=b"other"))

    assert found.waiting == {MAIN: (JOB,)}
    assert found.jobs == []


def test_deployment_that_waits_says_nothing_of_its_wanted_revision():
    before = RolloutProgress(observed_generation=1, wanted=1, deadline_exceeded=True)

    waits = view(desired=GATED, children=changed(fingerprint=b"other", rollout=before))
    stays = view(children=changed(rollout=before))

    assert [each.seen for each in waits.deployments] == [False, True]
    assert [each.seen for each in stays.deployments] == [True, True]


def test_job_of_an_earlier_system_explains_nothing():
    children = changed(fingerprint=b"other") | {JOB: replace(a_job(succeeded=True), owner_uid="0")}

    found = view(desired=GATED, children=children)

    assert found.waiting == {MAIN: (JOB,)}
    assert found.jobs == []


def test_what_other_modules_wait_for_does_not_count():
    ordered = replace(DESIRED, after={("Deployment", "luna-gamma"): ((JOB.kind, JOB.name),)})
    gamma = ObjectKey("Deployment", "arkalia", "luna-gamma")

    assert view(desired=ordered, children=changed(gamma, fingerprint=b"other")).waiting == {}


def test_own_job_that_nothing_waits_for_tells_how_it_is_too():
    manifest = {
        "kind": "Job",
        "metadata": {
            "name": JOB.name, "namespace": "arkalia", "labels": {"arkalia.io/module": "alpha"},
        },
    }  # fmt: skip
    desired = replace(DESIRED, manifests=(*DESIRED.manifests, manifest))

    found = view(desired=desired, children=changed() | {JOB: a_job(failed=True)})

    assert [str(each.reason) for each in found.jobs] == ["MigrationFailed"]


@pytest.mark.parametrize(
    ("written", "message", "told"),
    [
        ({"spec": {"nodeName": "n"}}, MISTYPED, True),
        ({"spec": {"containers": [{"name": "alhpa"}]}}, NO_IMAGE, True),
        ({"spec": {"nodeName": "n"}}, "no answer in time", False),
        ({}, MISTYPED, False),
    ],
    ids=["of the pod template", "misspelt container", "of something else", "without a podTemplate"],
)
def test_refused_pod_template_is_told_with_the_field_that_is_merged_into_it(written, message, told):
    system = a_system(modules={"alpha": {"podTemplate": written}})
    found = view(system, rendered(system, ALPHA, GAMMA), [Failure(MAIN, message, permanent=True)])

    [failure] = found.failures
    assert failure.message.startswith(message)
    assert ("spec.modules.alpha.podTemplate is merged" in failure.message) is told
    assert ("a further one" in failure.message) is (message == NO_IMAGE)


def test_refused_request_is_told_with_each_field_that_may_ask_for_it():
    message = "spec.template.spec.containers[1].resources.requests: must be less than the limit"
    both = {"resources": {"requests": {"cpu": "9"}}, "podTemplate": {"spec": {"nodeName": "n"}}}
    system = a_system(modules={"alpha": both})
    found = view(system, rendered(system, ALPHA, GAMMA), [Failure(MAIN, message, permanent=True)])

    told = found.failures[0].message
    assert "(spec.modules.alpha.resources is laid over" in told
    assert "spec.modules.alpha.podTemplate is merged" in told
