"""Why a module is not ready: by a list of checks, the first of which that finds something decides."""

import pytest

from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.observed import ObjectKey, PodRecord, RolloutProgress
from arkalia_operator.planning.readiness import (
    CHECKS,
    DeploymentView,
    ModuleView,
    finding,
    line,
)

KEY = ObjectKey("Service", "arkalia", "luna-alpha")
ABSENT = [ObjectKey("ConfigMap", "arkalia", f"luna-{number}") for number in range(4)]
DONE = RolloutProgress(observed_generation=2, wanted=2, replicas=2, updated=2, ready=2, available=2)


def rollout(**fields):
    values = {name: getattr(DONE, name) for name in DONE.__slots__}
    return RolloutProgress(**values | fields)


def deployment(required=2, applied=2, **fields):
    return DeploymentView(rollout(**fields), required, applied)


def a_view(*deployments, **fields):
    return ModuleView(
        image="example.com/alpha:1", deployments=deployments or (deployment(),), **fields
    )


def a_pod(**fields):
    return PodRecord(name="alpha-1", module="alpha", ready=False, **fields)


def waiting(reason, message=""):
    return a_view(pods=[a_pod(waiting_reason=reason, waiting_message=message)])


def refused(*, permanent):
    return Failure(KEY, "spec.ports: Invalid value", permanent=permanent)


def told(view):
    found = finding(view)
    return (str(found.reason), found.doomed, found.message) if found else None


def test_namespace_that_ends_is_named_as_what_it_is():
    said = "configmaps is forbidden: unable to create new content in namespace arkalia because it "
    failure = Failure(KEY, f"{said}is being terminated", permanent=True)

    reason, doomed, _ = told(a_view(failures=[failure]))

    assert (reason, doomed) == ("NamespaceTerminating", True)


def test_module_with_all_its_pods_is_ready():
    assert told(a_view()) is None


@pytest.mark.parametrize(
    ("view", "reason", "doomed", "message"),
    [
        pytest.param(
            a_view(failures=[refused(permanent=True)]),
            "ApplyFailed", True, "Service luna-alpha: spec.ports: Invalid value",
            id="object refused for good",
        ),
        pytest.param(
            a_view(failures=[refused(permanent=False)]),
            "ApplyFailed", False, "Service luna-alpha: spec.ports: Invalid value",
            id="object refused for now",
        ),
        pytest.param(
            a_view(deployment(failure="exceeded quota: pods")),
            "PodCannotBeCreated", True, "exceeded quota: pods",
            id="quota",
        ),
        pytest.param(
            waiting("ErrImagePull", "no such image"),
            "ImageCannotBePulled", True, "pod alpha-1: ErrImagePull: no such image",
            id="image not there",
        ),
        pytest.param(
            waiting("InvalidImageName"),
            "ImageCannotBePulled", True, "pod alpha-1: InvalidImageName: example.com/alpha:1",
            id="image without a message",
        ),
        pytest.param(
            waiting("CreateContainerConfigError", "secret not found"),
            "ContainerCannotStart", True,
            "pod alpha-1: CreateContainerConfigError: secret not found",
            id="configuration does not hold",
        ),
        pytest.param(
            waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting"),
            "ContainerCannotStart", False,
            "pod alpha-1: CreateContainerConfigError: failed to sync secret cache: timed out "
            "waiting",
            id="kubelet does not know yet",
        ),
        pytest.param(
            a_view(pods=[a_pod(waiting_reason="CrashLoopBackOff", last_exit="Error, exit code 78")]),
            "ContainerCrashes", True,
            "pod alpha-1: the container ends again and again (Error, exit code 78): read its log",
            id="crash loop",
        ),
        pytest.param(
            a_view(deployment(available=1, ready=1, deadline_exceeded=True)),
            "RolloutStalled", True, "1 of 2 pods are ready within the deadline for progress",
            id="deadline for progress",
        ),
        pytest.param(
            a_view(deployment(available=1), pods=[a_pod(unschedulable="0/1 nodes are available")]),
            "PodCannotBeScheduled", False, "pod alpha-1: 0/1 nodes are available",
            id="no node for a pod that serves",
        ),
        pytest.param(
            a_view(deployment(updated=1), pods=[a_pod(unschedulable="0/1 nodes are available")]),
            "PodCannotBeScheduled", False, "pod alpha-1: 0/1 nodes are available",
            id="no node for a new pod",
        ),
        pytest.param(
            a_view(missing=ABSENT), "ObjectsMissing", False,
            "4 objects to create",
            id="objects missing",
        ),
        pytest.param(
            a_view(deployment(applied=3)),
            "RollingOut", False, "0 of 2 pods have the wanted revision, 2 of any revision are ready",
            id="controller has not seen the new spec",
        ),
        pytest.param(
            a_view(deployment(updated=1, replicas=3)),
            "RollingOut", False, "1 of 2 pods have the wanted revision, 2 of any revision are ready",
            id="new pods are coming",
        ),
        pytest.param(
            a_view(deployment(replicas=3)),
            "RollingOut", False, "2 of 2 pods have the wanted revision, and 1 of another one is still there",
            id="old pods are going",
        ),
        pytest.param(
            a_view(deployment(available=1)),
            "PodsNotReady", False, "1 of 2 pods are ready",
            id="a pod does not answer",
        ),
        pytest.param(
            a_view(deployment(), deployment(available=0)),
            "PodsNotReady", False, "0 of 2 pods are ready",
            id="the second component",
        ),
    ],
)  # fmt: skip
def test_situation_is_told_with_its_reason(view, reason, doomed, message):
    assert told(view) == (reason, doomed, message)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(a_view(deployment(required=1, wanted=4, replicas=4, updated=4, available=1)),
                     id="an autoscaler adds pods"),
        pytest.param(a_view(deployment(required=0, wanted=0, replicas=0, updated=0, available=0)),
                     id="no pods are wanted"),
        pytest.param(a_view(pods=[a_pod(unschedulable="0/1 nodes are available")]),
                     id="no node for a pod beyond what is required"),
        pytest.param(a_view(pods=[a_pod(last_exit="Error, exit code 1")]),
                     id="a container ended once"),
        pytest.param(waiting("SomethingNew"), id="a reason that nobody knows"),
        pytest.param(ModuleView(image="alpha"), id="nothing is to be there"),
    ],
)  # fmt: skip
def test_situation_that_hinders_nobody_is_ready(view):
    assert told(view) is None


@pytest.mark.parametrize("field", [{"failure": "exceeded quota"}, {"deadline_exceeded": True}])
def test_what_a_deployment_says_of_an_older_spec_does_not_count(field):
    assert told(a_view(deployment(applied=3, **field)))[0] == "RollingOut"


@pytest.mark.parametrize(
    ("waits_for", "reason"),
    [
        ("ErrImagePull", "ImageCannotBePulled"),
        ("ImagePullBackOff", "ImageCannotBePulled"),
        ("InvalidImageName", "ImageCannotBePulled"),
        ("ErrImageNeverPull", "ImageCannotBePulled"),
        ("ImageInspectError", "ImageCannotBePulled"),
        ("RegistryUnavailable", "ImageCannotBePulled"),
        ("SignatureValidationFailed", "ImageCannotBePulled"),
        ("CreateContainerConfigError", "ContainerCannotStart"),
        ("CreateContainerError", "ContainerCannotStart"),
        ("RunContainerError", "ContainerCannotStart"),
        ("CrashLoopBackOff", "ContainerCrashes"),
    ],
)
def test_word_of_the_kubelet_is_understood(waits_for, reason):
    assert told(waiting(waits_for))[:2] == (reason, True)


def test_crash_counts_until_the_pod_is_ready():
    """Between two crashes the container runs, and its pod waits for nothing."""
    pod = a_pod(last_exit="Error, exit code 1")

    assert told(a_view(pods=[pod], reason_before="ContainerCrashes"))[0] == "ContainerCrashes"
    assert told(a_view(pods=[], reason_before="ContainerCrashes")) is None


def test_crash_of_an_older_pod_does_not_count_for_a_new_one():
    assert told(a_view(pods=[a_pod()], reason_before="ContainerCrashes")) is None


def test_checks_stand_with_what_is_doomed_first():
    names = [check.__name__ for check in CHECKS]

    assert names == [
        "object_refused",
        "job_stopped",
        "pod_cannot_be_created",
        "image_cannot_be_pulled",
        "container_cannot_start",
        "container_crashes",
        "rollout_stalled",
        "apply_interrupted",
        "pod_cannot_be_scheduled",
        "job_not_done",
        "objects_missing",
        "rollouts_held",
        "rolling_out",
        "pods_not_ready",
    ]


def test_doomed_reason_hides_a_progressing_one():
    view = a_view(deployment(updated=0, failure="exceeded quota"), missing=ABSENT[:3])

    assert told(view)[0] == "PodCannotBeCreated"


def test_permanent_failure_hides_one_that_passes():
    failures = [refused(permanent=False), refused(permanent=True)]

    assert told(a_view(failures=failures))[1] is True


def test_line_counts_the_pods_of_all_components():
    found = line("alpha", "alpha:1", [rollout(), rollout(replicas=1, ready=0)], None)

    assert (found.name, found.image) == ("alpha", "alpha:1")
    assert (found.ready, found.replicas, found.ready_replicas) == (True, 3, 2)
    assert (found.reason, found.message) == ("AsExpected", "All pods are ready.")


def test_line_of_a_module_that_is_not_ready_tells_why():
    found = line("alpha", "alpha:1", [], finding(a_view(missing=ABSENT[:1])))

    assert (found.ready, found.reason, found.message) == (
        False,
        "ObjectsMissing",
        "1 object to create: ConfigMap luna-0",
    )


def test_line_cuts_a_message_that_is_longer_than_people_read():
    found = finding(a_view(deployment(failure="x" * 5000)))

    assert len(line("alpha", "alpha:1", [], found).message) == 1024


JOB = ObjectKey("Job", "arkalia", "luna-alpha-migrate-1")
RUNS = Finding(Reason.MIGRATING, "Job luna-alpha-migrate-1 runs", doomed=False)
FAILED = Finding(Reason.MIGRATION_FAILED, "Job luna-postgresql-1 failed: no", doomed=True)


def test_job_that_gave_up_comes_before_one_that_runs():
    found = finding(a_view(jobs=[RUNS, FAILED], missing=ABSENT[:1], waiting={KEY: (JOB,)}))

    assert found == FAILED


def test_job_that_runs_comes_before_what_waits_for_it():
    assert finding(a_view(jobs=[RUNS], missing=ABSENT[:1], waiting={KEY: (JOB,)})) == RUNS


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            [KEY, ABSENT[0]],
            "2 objects to create; Service luna-alpha waits for Job luna-alpha-migrate-1",
        ),
        (
            [KEY],
            "1 object to create; Service luna-alpha waits for Job luna-alpha-migrate-1",
        ),
        ([], "Service luna-alpha waits for Job luna-alpha-migrate-1"),
    ],
)
def test_object_that_waits_is_named_with_what_it_waits_for(missing, message):
    view = a_view(missing=missing, waiting={KEY: (JOB,)})

    assert told(view) == ("ObjectsMissing", False, message)


DEPLOYMENT = ObjectKey("Deployment", "arkalia", "luna-alpha")
AUTOSCALER = ObjectKey("HorizontalPodAutoscaler", "arkalia", "luna-alpha")


def test_autoscaler_that_waits_with_its_deployment_is_not_named_beside_it():
    waiting = {DEPLOYMENT: (JOB,), AUTOSCALER: (JOB,)}
    view = a_view(missing=[*waiting], waiting=waiting)

    message = "2 objects to create; Deployment luna-alpha waits for Job luna-alpha-migrate-1"
    assert told(view) == ("ObjectsMissing", False, message)


def test_autoscaler_that_waits_alone_is_named():
    view = a_view(missing=[AUTOSCALER], waiting={AUTOSCALER: (JOB,)})

    waits = "HorizontalPodAutoscaler luna-alpha waits for Job luna-alpha-migrate-1"
    assert told(view) == ("ObjectsMissing", False, f"1 object to create; {waits}")


def test_container_that_ends_again_and_again_is_quoted():
    pod = a_pod(
        waiting_reason="CrashLoopBackOff", last_exit="Error, exit code 78",
        last_words="ARKALIA_PORT is '99999': it must be at most 65535",
    )  # fmt: skip

    assert told(a_view(pods=[pod]))[2] == (
        "pod alpha-1: the container ends again and again (Error, exit code 78): "
        "ARKALIA_PORT is '99999': it must be at most 65535"
    )
