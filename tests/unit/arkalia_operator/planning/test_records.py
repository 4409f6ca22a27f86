"""Live objects of the API server, cut down to what decisions need."""

import pytest

from applied_objects import managed
from arkalia_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT
from arkalia_operator.planning.observed import ObjectKey, Rollout
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.records import child_record, pod_record
from builders import a_module, a_system, only, rendered

DESIRED = rendered(a_system(), a_module())
OWNER = {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem", "name": "luna", "uid": "u-1"}


def live(kind="ConfigMap", status=None, **metadata):
    found = managed(only(DESIRED.manifests, kind))
    found["metadata"] |= {"uid": "u-9", "resourceVersion": "7", "generation": 3} | metadata
    return found | ({"status": status} if status else {})


def a_pod(status=None, **metadata):
    labels = {"arkalia.io/module": "alpha", "arkalia.io/system": "luna"}
    body = {"metadata": {"name": "alpha-1", "namespace": "arkalia", "labels": labels} | metadata}
    return pod_record(body | ({"status": status} if status else {}))


def condition(kind, status, **fields):
    return {"type": kind, "status": status} | fields


def waiting(reason, message=""):
    return {"state": {"waiting": {"reason": reason, "message": message}}}


def test_child_is_known_by_kind_and_place():
    record = child_record(CONFIG_MAP, live())

    assert record.key == ObjectKey("ConfigMap", "arkalia", "luna-alpha")
    assert (record.uid, record.resource_version, record.generation) == ("u-9", "7", 3)
    assert (record.module, record.owner_uid, record.deleting) == ("alpha", "uid-1", False)


def test_child_has_the_digest_of_what_was_applied():
    manifest = only(DESIRED.manifests, "ConfigMap")

    assert child_record(CONFIG_MAP, live()).fingerprint == fingerprint(manifest)


def test_child_without_a_generation_has_none():
    found = live()
    del found["metadata"]["generation"]

    assert child_record(CONFIG_MAP, found).generation == 0


def test_child_that_is_ending_says_so():
    assert child_record(CONFIG_MAP, live(deletionTimestamp="2026-01-01T00:00:00Z")).deleting


def test_child_without_labels_belongs_to_no_module():
    found = live()
    del found["metadata"]["labels"]

    assert child_record(CONFIG_MAP, found).module == ""


@pytest.mark.parametrize(
    ("owners", "uid"),
    [
        ([OWNER], "u-1"),
        ([{**OWNER, "kind": "Deployment"}, OWNER], "u-1"),
        ([{**OWNER, "apiVersion": "arkalia.io/v1"}], "u-1"),
        ([{**OWNER, "apiVersion": "other.io/v1"}], ""),
        ([], ""),
    ],
)
def test_owner_is_an_arkalia_system_of_any_version(owners, uid):
    assert child_record(CONFIG_MAP, live(ownerReferences=owners)).owner_uid == uid


def test_object_without_owners_has_none():
    found = live()
    del found["metadata"]["ownerReferences"]

    assert child_record(CONFIG_MAP, found).owner_uid == ""


def test_only_a_deployment_has_a_rollout():
    record = child_record(CONFIG_MAP, live())

    assert (record.rollout, record.owned_replicas) == (None, None)


def test_rollout_tells_how_far_a_deployment_is():
    status = {
        "observedGeneration": 3,
        "replicas": 3,
        "updatedReplicas": 2,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "conditions": [
            condition("Available", "True"),
            condition("Progressing", "False", reason="ProgressDeadlineExceeded"),
            condition("ReplicaFailure", "True", message="exceeded quota"),
        ],
    }

    record = child_record(DEPLOYMENT, live("Deployment", status))

    assert record.rollout == Rollout(
        observed_generation=3,
        wanted=1,
        replicas=3,
        updated=2,
        ready=1,
        available=1,
        deadline_exceeded=True,
        failure="exceeded quota",
    )


def test_rollout_of_a_new_deployment_has_nothing_yet():
    assert child_record(DEPLOYMENT, live("Deployment")).rollout == Rollout()


@pytest.mark.parametrize(
    "conditions",
    [
        [condition("Progressing", "True", reason="NewReplicaSetAvailable")],
        [condition("ReplicaFailure", "False", message="exceeded quota, once")],
    ],
)
def test_condition_that_does_not_hold_is_no_failure(conditions):
    rollout = child_record(DEPLOYMENT, live("Deployment", {"conditions": conditions})).rollout

    assert (rollout.deadline_exceeded, rollout.failure) == (False, "")


def test_number_of_pods_is_owned_as_long_as_the_operator_sends_it():
    found = live("Deployment")

    assert child_record(DEPLOYMENT, found).owned_replicas == 1


def test_number_of_pods_that_an_autoscaler_has_written_is_not_owned():
    found = live("Deployment")
    del found["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"]

    assert child_record(DEPLOYMENT, found).owned_replicas is None


def test_pod_is_known_by_name_module_and_revision():
    record = a_pod(annotations={"arkalia.io/revision": "r-1"})

    assert (record.name, record.module, record.revision) == ("alpha-1", "alpha", "r-1")


def test_pod_without_a_status_is_not_ready_and_says_nothing():
    record = a_pod()

    assert not record.ready
    assert (record.waiting_reason, record.last_exit, record.unschedulable) == ("", "", "")


def test_pod_without_labels_belongs_to_no_module():
    assert a_pod(labels={}).module == ""


@pytest.mark.parametrize(
    ("status", "ready"), [("True", True), ("False", False), ("Unknown", False)]
)
def test_pod_is_ready_if_its_condition_says_so(status, ready):
    assert a_pod({"conditions": [condition("Ready", status)]}).ready is ready


def test_pod_that_is_ending_says_so():
    assert a_pod(deletionTimestamp="2026-01-01T00:00:00Z").deleting


def test_pod_that_no_node_takes_says_why():
    conditions = [condition("PodScheduled", "False", message="0/1 nodes are available")]

    assert a_pod({"conditions": conditions}).unschedulable == "0/1 nodes are available"


def test_pod_that_has_a_node_is_not_unschedulable():
    conditions = [condition("PodScheduled", "True", message="once it was not")]

    assert a_pod({"conditions": conditions}).unschedulable == ""


@pytest.mark.parametrize(
    ("init", "main"),
    [
        ([], [waiting("ImagePullBackOff", "no such image")]),
        ([waiting("ImagePullBackOff", "no such image")], [waiting("PodInitializing")]),
        ([], [waiting("ContainerCreating"), waiting("ImagePullBackOff", "no such image")]),
        ([], [{"state": {"running": {}}}, waiting("ImagePullBackOff", "no such image")]),
        ([], [{}, waiting("ImagePullBackOff", "no such image")]),
    ],
)
def test_container_that_waits_for_more_than_its_turn_explains_the_pod(init, main):
    record = a_pod({"initContainerStatuses": init, "containerStatuses": main})

    assert (record.waiting_reason, record.waiting_message) == ("ImagePullBackOff", "no such image")


def test_containers_that_take_their_turns_explain_nothing():
    statuses = [waiting("ContainerCreating"), waiting("PodInitializing")]

    assert a_pod({"containerStatuses": statuses}).waiting_reason == ""


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ({"exitCode": 78, "reason": "Error"}, "Error, exit code 78"),
        ({"exitCode": 137, "reason": "OOMKilled"}, "OOMKilled, exit code 137"),
        ({"exitCode": 1}, "exit code 1"),
    ],
)
def test_last_end_of_a_container_is_told_with_its_exit_code(ended, told):
    statuses = [{"lastState": {}}, {"lastState": {"terminated": ended}}]

    assert a_pod({"containerStatuses": statuses}).last_exit == told
