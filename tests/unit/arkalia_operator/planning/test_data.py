"""DataReady tells what keeps modules from their data, the worst of it first."""

from dataclasses import replace

import pytest

from arkalia_operator.desired import rendered as desired_of
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.data import DataState, DataView, verdict
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.observed import (
    ClaimState,
    JobState,
    ObjectKey,
    Observed,
    PodRecord,
    RolloutProgress,
)
from arkalia_operator.planning.plan import key_of
from builders import OPTIONAL, a_module, a_record, a_system, an_access, modules_with, only

POSTGRESQL = DataService.POSTGRESQL
NEEDED = frozenset({POSTGRESQL})
MODULES = {
    "postgresql": a_module(needs={"postgresql": True}),
    "redis-queue": a_module(needs={"redis": ["queue"]}),
}
"""By the data service that they need."""
CNPG = {"postgresql": {"mode": "cnpg"}}


def desired_for(system, service="postgresql"):
    resolution = resolve(system, modules_with(MODULES[service]))
    return desired_of(system, resolution, None, access=an_access(service))


DONE = {
    "StatefulSet": {"rollout": RolloutProgress(ready=1)},
    "Job": {"job": JobState(succeeded=True)},
}
CLAIM = ObjectKey("PersistentVolumeClaim", "arkalia", "luna-postgresql")
SERVER = ObjectKey("StatefulSet", "arkalia", "luna-postgresql")
JOB = next(key_of(each) for each in desired_for(a_system()).manifests if each["kind"] == "Job")


def a_status(reason, status="True"):
    condition = {
        "type": "DataReady",
        "status": status,
        "reason": reason,
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-20T12:00:00Z",
    }
    return {"conditions": [condition]}


def a_view(before="", data=None, pods=(), served=OPTIONAL, **fields):
    """A system whose data service runs and is prepared, unless *fields* of a kind say otherwise."""
    system = a_system(status=a_status(before) if before else None, data=data or {})
    records = {kind: fields.pop(kind, {}) for kind in (*DONE, CLAIM.kind)}
    desired = desired_for(system, fields.pop("service", "postgresql"))
    children = {}
    for manifest in desired.manifests:
        told = DONE.get(manifest["kind"], {}) | records.get(manifest["kind"], {})
        children[key_of(manifest)] = a_record(manifest, system, **told)
    observed = Observed(children=children, pods=tuple(pods), served=served)
    return DataView(system, desired, observed, **{"state": DataState(NEEDED)} | fields)


def told(**fields):
    found = verdict(a_view(**fields))
    return found.status, found.reason, found.message


def a_pod(service="postgresql", **fields):
    server = only(desired_for(a_system(), service).manifests, "StatefulSet")
    wanted = {"revision": revision(server["spec"]["template"]), **fields}
    return PodRecord(f"luna-{service}-0", "", ready=False, **wanted)


NOT_READY = {"rollout": RolloutProgress(ready=0)}


def test_no_data_service_is_needed():
    found = verdict(a_view(state=DataState()))

    assert (found.status, found.reason) == ("True", "NotNeeded")


def test_everything_is_prepared():
    assert told() == ("True", "Provisioned", "Prepared for every module: postgresql.")


def test_what_is_doomed_comes_first_and_says_it_all():
    problem = Finding("SecretMissing", "Secret mine does not exist", doomed=True)
    state = DataState(NEEDED, problems=(problem,), pending=("luna-alpha-data",))

    status, reason, message = told(state=state, StatefulSet=NOT_READY)

    assert (status, reason) == ("False", "SecretMissing")
    assert message.startswith("Secret mine does not exist; luna-postgresql starts")
    assert "luna-alpha-data" not in message


def test_secret_that_is_not_handed_over_yet_is_named():
    state = DataState(NEEDED, pending=("luna-alpha-data",))

    assert told(state=state) == (
        "Unknown",
        "Provisioning",
        "1 Secret is to be written: luna-alpha-data",
    )


@pytest.mark.parametrize(("permanent", "status"), [(True, "False"), (False, "Unknown")])
def test_object_or_secret_that_was_refused_is_told(permanent, status):
    refused = Failure(SERVER, "quota", permanent)
    secret = Failure(ObjectKey("Secret", "arkalia", "luna-alpha-data"), "no right", permanent)

    assert told(failures=(refused,)) == (
        status,
        "ApplyFailed",
        "StatefulSet luna-postgresql: quota",
    )
    state = DataState(NEEDED, failures=(secret,))
    assert told(state=state)[2] == "Secret luna-alpha-data: no right"


def test_refusal_of_another_object_is_not_the_datas():
    refused = Failure(ObjectKey("Deployment", "arkalia", "luna-alpha"), "quota", permanent=True)

    assert told(failures=(refused,))[0] == "True"


@pytest.mark.parametrize(
    "records", [{"StatefulSet": NOT_READY}, {"StatefulSet": {"rollout": None}}]
)
def test_server_starts(records):
    assert told(**records) == ("Unknown", "Provisioning", "luna-postgresql starts")


@pytest.mark.parametrize("before", ["Provisioned", "Restarting"])
def test_server_that_was_there_restarts(before):
    status, reason, message = told(before=before, StatefulSet=NOT_READY)

    assert (status, reason) == ("Unknown", "Restarting")
    assert "one instance, and serves nothing until it is ready" in message


@pytest.mark.parametrize(
    ("pod", "status", "reason"),
    [
        (a_pod(waiting_reason="ImagePullBackOff"), "False", "ImageCannotBePulled"),
        (a_pod(waiting_reason="CreateContainerConfigError"), "False", "ContainerCannotStart"),
        (a_pod(waiting_reason="CrashLoopBackOff"), "False", "ContainerCrashes"),
        (a_pod(unschedulable="no node"), "Unknown", "PodCannotBeScheduled"),
        (a_pod(last_exit="Error, exit code 1"), "Unknown", "Provisioning"),
    ],
)
def test_pod_tells_why_its_server_does_not_answer(pod, status, reason):
    assert told(pods=[pod], StatefulSet=NOT_READY)[:2] == (status, reason)


def test_server_that_ended_again_and_again_counts_as_crashing_until_it_is_ready():
    pod = a_pod(last_exit="Error, exit code 78", last_words="another major version")

    found = told(before="ContainerCrashes", pods=[pod], StatefulSet=NOT_READY)

    assert found[1] == "ContainerCrashes"
    assert found[2].endswith("ends again and again: another major version")


def test_crash_that_left_no_word_is_told_by_its_exit():
    pod = a_pod(waiting_reason="CrashLoopBackOff", last_exit="Error, exit code 1")

    assert told(pods=[pod], StatefulSet=NOT_READY)[2].endswith("again: Error, exit code 1")


@pytest.mark.parametrize(
    ("service", "field"),
    [
        ("postgresql", "spec.data.postgresql.storage.storageClassName"),
        ("redis-queue", "spec.data.redis.queue.storage.storageClassName"),
    ],
)
def test_volume_without_a_storage_class_is_told_with_the_field_that_names_one(service, field):
    claim = {"claim": ClaimState("Pending")}
    pods = [a_pod(service, unschedulable="0/1 nodes")]

    status, reason, message = told(
        service=service, StatefulSet=NOT_READY, PersistentVolumeClaim=claim, pods=pods
    )

    assert (status, reason) == ("False", "StorageClassMissing")
    assert f"PersistentVolumeClaim luna-{service} names no StorageClass" in message
    assert field in message


@pytest.mark.parametrize("claim", [ClaimState("Pending", storage_class="x"), ClaimState("Bound")])
def test_volume_that_has_a_class_or_is_bound_keeps_nobody_waiting(claim):
    found = told(StatefulSet=NOT_READY, PersistentVolumeClaim={"claim": claim})

    assert found[:2] == ("Unknown", "Provisioning")


def test_pod_of_an_older_revision_tells_nothing():
    pods = [a_pod(waiting_reason="ImagePullBackOff", revision="older")]

    assert told(StatefulSet=NOT_READY, pods=pods)[:2] == ("Unknown", "Provisioning")


def test_pod_of_another_server_tells_nothing():
    pod = replace(a_pod(waiting_reason="CrashLoopBackOff"), name="luna-redis-queue-0")

    assert told(pods=[pod], StatefulSet=NOT_READY)[1] == "Provisioning"


def test_job_waits_for_its_server():
    system = a_system()
    view = a_view()
    children = {key: each for key, each in view.observed.children.items() if key != JOB}

    found = verdict(
        replace(view, system=system, observed=replace(view.observed, children=children))
    )

    assert (found.status, found.reason) == ("Unknown", "Provisioning")
    assert found.message == f"{JOB} waits for its server"


def test_job_that_has_given_up_is_doomed():
    found = told(Job={"job": JobState(failed=True, message="it failed")})

    assert found[:2] == ("False", "ProvisioningFailed")


def test_cluster_of_cloudnativepg_needs_cloudnativepg():
    status, reason, message = told(data=CNPG, served=frozenset())

    assert (status, reason) == ("False", "KindNotServed")
    assert "install CloudNativePG" in message
    assert told(data=CNPG)[0] == "True"


def a_claim(requested, capacity, phase="Bound", trouble=""):
    return {CLAIM.kind: {"claim": ClaimState(phase, requested, capacity, trouble)}}


def test_volume_that_cannot_become_what_is_asked_for_is_told():
    refused = Failure(CLAIM, "the storageclass must support resize", permanent=True)

    status, reason, message = told(failures=(refused,), **a_claim("8Gi", "8Gi"))

    assert (status, reason) == ("False", "VolumeCannotChange")
    assert message == f"{CLAIM}: the storageclass must support resize"


@pytest.mark.parametrize(
    ("permanent", "there"), [(False, {"claim": ClaimState("Bound", "8Gi", "8Gi")}), (True, {})]
)
def test_volume_that_was_not_made_or_not_reached_is_no_volume_that_cannot_change(permanent, there):
    refused = Failure(CLAIM, "quota", permanent)

    assert told(failures=(refused,), **{CLAIM.kind: there})[1] == "ApplyFailed"


def test_volume_that_grows_is_waited_for_with_what_it_waits_for_itself():
    assert told(**a_claim("16Gi", "8Gi")) == (
        "Unknown",
        "VolumeGrows",
        "PersistentVolumeClaim luna-postgresql grows from 8Gi to 16Gi",
    )
    assert told(**a_claim("16Gi", "8Gi", trouble="start the pod anew"))[2].endswith(
        "16Gi: start the pod anew"
    )


@pytest.mark.parametrize(
    "claim",
    [
        a_claim("8Gi", "8Gi"),
        a_claim("8Gi", "10Gi"),
        a_claim("8Gi", ""),
        a_claim("9Gi", "1Gi", "Pending"),
    ],
)
def test_volume_that_has_what_it_asks_for_or_has_nothing_yet_does_not_grow(claim):
    assert told(**claim)[1] == "Provisioned"


def test_volume_that_is_larger_than_the_spec_asks_for_is_told():
    assert told(**a_claim("20Gi", "20Gi")) == (
        "True",
        "Provisioned",
        "Prepared for every module: postgresql. PersistentVolumeClaim luna-postgresql keeps its "
        "20Gi: a volume never shrinks.",
    )
