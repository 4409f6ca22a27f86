"""Live objects of the API server, cut down to what decisions need."""

from datetime import UTC, datetime

import pytest

from applied_objects import managed
from arkalia_operator.desired.kinds import (
    BACKEND_TLS_POLICY,
    CERTIFICATE,
    CONFIG_MAP,
    DEPLOYMENT,
    HTTP_ROUTE,
    INGRESS,
    JOB,
    PERSISTENT_VOLUME_CLAIM,
    STATEFUL_SET,
)
from arkalia_operator.planning.observed import ClaimState, JobState, ObjectKey, RolloutProgress
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.records import LAST_WORDS, changing, child_record, pod_record
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

    assert record.rollout == RolloutProgress(
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
    assert child_record(DEPLOYMENT, live("Deployment")).rollout == RolloutProgress()


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


def an_object(kind, labels=None, **body):
    metadata = {"name": "luna-one", "namespace": "arkalia", "uid": "u-9", "resourceVersion": "7"}
    return {"kind": kind, "metadata": metadata | {"labels": labels or {}}, **body}


def a_job(*conditions, **status):
    live = an_object("Job", status={"conditions": list(conditions), **status})
    return child_record(JOB, live).job


def test_job_without_a_status_is_not_done():
    found = child_record(JOB, an_object("Job")).job

    assert found == JobState()
    assert not found.finished


def test_job_that_succeeded_says_when():
    found = a_job(condition("Complete", "True"), completionTime="2026-01-01T00:00:00Z")

    assert (found.succeeded, found.failed, found.finished) == (True, False, True)
    assert found.finished_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_job_that_gave_up_says_why():
    ended = condition(
        "Failed", "True", reason="BackoffLimitExceeded", message="has reached its limit"
    )

    found = a_job(condition("FailureTarget", "True"), ended)

    assert (found.succeeded, found.failed, found.finished) == (False, True, True)
    assert (found.reason, found.message) == ("BackoffLimitExceeded", "has reached its limit")


def test_stateful_set_is_known_by_its_pods():
    live = an_object(
        "StatefulSet", spec={"replicas": 1}, status={"replicas": 1, "readyReplicas": 1}
    )

    record = child_record(STATEFUL_SET, live)

    assert (record.rollout.wanted, record.rollout.ready) == (1, 1)
    assert record.owned_replicas is None


def test_claim_is_known_by_phase_storage_and_lineage():
    storage = {"storage": "1Gi"}
    live = an_object(
        "PersistentVolumeClaim",
        spec={"resources": {"requests": storage}, "storageClassName": "quick"},
        status={"phase": "Bound", "capacity": {"storage": "2Gi"}},
        labels={"arkalia.io/lineage": "uid-0"},
    )  # fmt: skip

    record = child_record(PERSISTENT_VOLUME_CLAIM, live)

    assert record.claim == ClaimState("Bound", "1Gi", "2Gi", storage_class="quick")
    assert record.lineage == "uid-0"


def test_claim_that_does_not_grow_by_itself_tells_why():
    waits = {"type": "FileSystemResizePending", "status": "True", "message": "Start a pod."}
    live = an_object(
        "PersistentVolumeClaim", spec={}, status={"conditions": [{"type": "Resizing"}, waits]}
    )

    assert child_record(PERSISTENT_VOLUME_CLAIM, live).claim.trouble == "Start a pod."


@pytest.mark.parametrize("kind", [INGRESS, HTTP_ROUTE, BACKEND_TLS_POLICY])
def test_way_in_is_known_by_what_is_said_to_it(kind):
    asked = {"parentRefs": [{"name": "edge"}]} if kind is HTTP_ROUTE else {}
    live = an_object(kind.name, spec=asked)

    record = child_record(kind, live)

    assert record.admission.admitted is (kind is BACKEND_TLS_POLICY)
    assert changing(kind, live) == {"admission": record.admission}


def test_claim_that_says_nothing_has_an_empty_state():
    live = an_object("PersistentVolumeClaim", spec={})

    assert child_record(PERSISTENT_VOLUME_CLAIM, live).claim == ClaimState()


def a_certificate(**status):
    return an_object("Certificate", spec={}, status=status)


@pytest.mark.parametrize(
    ("status", "issued"),
    [
        ({}, ""),
        ({"conditions": [{"type": "Ready", "status": "False"}], "revision": 1}, ""),
        ({"conditions": [{"type": "Ready", "status": "True"}], "revision": 2,
          "notAfter": "2027-01-01T00:00:00Z"}, "2 until 2027-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_certificate_tells_which_one_its_secret_holds(status, issued):
    live = a_certificate(**status)

    assert child_record(CERTIFICATE, live).issued == issued
    assert changing(CERTIFICATE, live) == {"issued": issued}


def test_pod_of_a_job_is_known_by_its_job():
    owners = [{"kind": "Node", "name": "one"}, {"kind": "Job", "name": "luna-alpha-migrate-1"}]

    assert a_pod(ownerReferences=owners).job == "luna-alpha-migrate-1"
    assert a_pod().job == ""


@pytest.mark.parametrize(
    ("phase", "finished"), [("Succeeded", True), ("Failed", True), ("Running", False)]
)
def test_pod_is_finished_when_none_of_its_containers_starts_again(phase, finished):
    assert a_pod({"phase": phase}).finished is finished


def test_container_that_failed_for_good_tells_its_last_words():
    ended = {"exitCode": 1, "reason": "Error", "message": "x" * 600 + " no such column\n"}

    record = a_pod({"containerStatuses": [{"state": {"terminated": ended}}]})

    assert record.last_exit == "Error, exit code 1"
    assert len(record.last_words) == LAST_WORDS
    assert record.last_words.endswith("x no such column")


def test_init_container_that_did_its_work_explains_nothing():
    statuses = [{"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]

    assert a_pod({"initContainerStatuses": statuses}).last_exit == ""


def test_memory_of_schemas_is_known_by_module():
    named = {"arkalia.io/system": "luna"}
    live = an_object("ConfigMap", labels=named, data={"alpha": "text"})
    live["metadata"]["name"] = "luna-schemas"

    assert child_record(CONFIG_MAP, live).schemas == {"alpha": "text"}


@pytest.mark.parametrize("fields", [{"data": {"alpha": "text"}}, {}])
def test_content_of_other_config_maps_is_not_kept(fields):
    live = an_object("ConfigMap", labels={"arkalia.io/system": "luna"}, **fields)

    assert child_record(CONFIG_MAP, live).schemas == {}


def test_empty_memory_knows_nothing():
    live = an_object("ConfigMap", labels={"arkalia.io/system": "luna"})
    live["metadata"]["name"] = "luna-schemas"

    assert child_record(CONFIG_MAP, live).schemas == {}


@pytest.mark.parametrize(
    ("annotations", "known"), [({"arkalia.io/schema": "text"}, {"alpha": "text"}), ({}, {})]
)
def test_job_of_a_migration_says_what_the_schema_will_be(annotations, known):
    live = an_object("Job", labels={"arkalia.io/module": "alpha"})
    live["metadata"]["annotations"] = annotations

    assert child_record(JOB, live).schemas == known


@pytest.mark.parametrize(
    ("status", "working"), [({"ready": 1}, True), ({"ready": 0}, False), ({}, False)]
)
def test_job_works_while_a_pod_of_it_runs(status, working):
    assert a_job(**status).working is working


@pytest.mark.parametrize(
    ("kind", "field"),
    [(DEPLOYMENT, "rollout"), (STATEFUL_SET, "rollout"), (JOB, "job"),
     (PERSISTENT_VOLUME_CLAIM, "claim")],
)  # fmt: skip
def test_what_follows_the_status_is_the_same_as_in_a_new_record(kind, field):
    status = {"readyReplicas": 2, "ready": 1, "phase": "Bound"}

    found = an_object(kind.name, spec={}, status=status)

    assert changing(kind, found) == {field: getattr(child_record(kind, found), field)}
    assert changing(kind, found) != changing(kind, found | {"status": {}})


def test_nothing_of_a_config_map_follows_a_status():
    assert changing(CONFIG_MAP, live()) == {}
