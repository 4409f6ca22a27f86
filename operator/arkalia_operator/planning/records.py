"""Live objects of the API server → the compact records that decisions need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from sys import intern
from types import MappingProxyType
from typing import Any, Final

from arkalia_contract import labels
from arkalia_operator.api import GROUP
from arkalia_operator.api.resources import SYSTEM_KIND
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import (
    CERTIFICATE,
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    PERSISTENT_VOLUME_CLAIM,
    ROLLED_OUT,
    Kind,
)
from arkalia_operator.planning.admissions import ADMITTED, admission
from arkalia_operator.planning.observed import (
    ChildRecord,
    ClaimState,
    JobState,
    ObjectKey,
    PodRecord,
    RolloutProgress,
)
from arkalia_operator.planning.ownership import applied_at, applied_fields, digests

TAKING_TURNS: Final = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons to wait that pass by themselves."""
FINISHED: Final = frozenset({"Succeeded", "Failed"})
RESIZES: Final = ("ControllerResizeError", "NodeResizeError", "FileSystemResizePending")
"""Conditions of a claim that does not grow by itself."""
NO_SCHEMAS: Final[Mapping[str, str]] = MappingProxyType({})
"""What nearly every object says of schemas."""
LAST_WORDS: Final = 480
"""Characters kept of what an ended container said: the last lines tell the error."""


def child_record(kind: Kind, live: Mapping[str, Any]) -> ChildRecord:
    """The record of an object that a system may own. What many have in common is kept once."""
    metadata = live["metadata"]
    digest, template = digests(live)
    return ChildRecord(
        key=ObjectKey(kind.name, intern(metadata["namespace"]), metadata["name"]),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        owner_uid=intern(owner_uid(metadata)),
        fingerprint=digest,
        deleting="deletionTimestamp" in metadata,
        module=intern(metadata.get("labels", {}).get(labels.MODULE, "")),
        version=_version(metadata) if kind is DEPLOYMENT else "",
        owned_replicas=owned_replicas(live) if kind is DEPLOYMENT else None,
        rollout=rollout(live) if kind in ROLLED_OUT else None,
        **(_templates(live, template) if kind in ROLLED_OUT else {}),
        job=job_state(live) if kind is JOB else None,
        claim=claim_state(live) if kind is PERSISTENT_VOLUME_CLAIM else None,
        admission=admission(kind, live) if kind in ADMITTED else None,
        issued=issued(live) if kind is CERTIFICATE else "",
        schemas=schemas_told(kind, live),
        lineage=metadata.get("labels", {}).get(labels.LINEAGE, ""),
        applied_at=applied_at(live),
    )


def owned_replicas(live: Mapping[str, Any]) -> int | None:
    """The number of pods that the operator asked for; None if it leaves that to somebody else."""
    if "f:replicas" not in applied_fields(live).get("f:spec", {}):
        return None
    replicas: int | None = live["spec"].get("replicas")
    return replicas


def _templates(live: Mapping[str, Any], template: str) -> dict[str, Any]:
    """What is remembered of the pod template of *live*; *template*: the digest of what we own of it."""
    annotations = live["metadata"].get("annotations") or {}
    pods = live["spec"].get("template", {}).get("metadata", {}).get("annotations") or {}
    return {
        "template": template,
        "made": annotations.get(labels.ROLLOUT, ""),
        "restarted_at": pods.get(labels.RESTARTED_AT, ""),
    }


def pod_record(live: Mapping[str, Any]) -> PodRecord:
    """The record of a pod: whether it is ready, and the first thing that keeps it from being."""
    metadata, status = live["metadata"], live.get("status", {})
    containers = [
        *status.get("initContainerStatuses", ()),
        *status.get("containerStatuses", ()),
    ]
    waiting = _first(
        found
        for each in containers
        if (found := each.get("state", {}).get("waiting", {})).get("reason") not in TAKING_TURNS
    )
    ended = _first(map(_ended, containers))
    return PodRecord(
        name=metadata["name"],
        module=metadata.get("labels", {}).get(labels.MODULE, ""),
        ready=_condition(status, "Ready").get("status") == "True",
        revision=metadata.get("annotations", {}).get(labels.REVISION, ""),
        deleting="deletionTimestamp" in metadata,
        waiting_reason=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        last_exit=_exit(ended),
        unschedulable=_unschedulable(status),
        job=_job_of(metadata),
        finished=status.get("phase") in FINISHED,
        last_words=ended.get("message", "").strip()[-LAST_WORDS:],
    )


def owner_uid(metadata: Mapping[str, Any]) -> str:
    """Uid of the ArkaliaSystem that owns the object; empty if none does."""
    for owner in metadata.get("ownerReferences", ()):
        if owner["kind"] == SYSTEM_KIND and owner["apiVersion"].startswith(f"{GROUP}/"):
            return str(owner["uid"])
    return ""


def changing(kind: Kind, live: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that follow the status of *live*."""
    if kind in ROLLED_OUT:
        return {"rollout": rollout(live)}
    if kind is JOB:
        return {"job": job_state(live)}
    if kind is PERSISTENT_VOLUME_CLAIM:
        return {"claim": claim_state(live)}
    if kind in ADMITTED:
        return {"admission": admission(kind, live)}
    if kind is CERTIFICATE:
        return {"issued": issued(live)}
    return {}


def issued(live: Mapping[str, Any]) -> str:
    """Which certificate the Secret of a live Certificate holds; empty while it holds none."""
    status = live.get("status", {})
    if _condition(status, "Ready").get("status") != "True":
        return ""
    return f"{status.get('revision', 0)} until {status.get('notAfter', '')}"


def schemas_told(kind: Kind, live: Mapping[str, Any]) -> Mapping[str, str]:
    """By module, what *live* says of the schema in the database."""
    metadata = live["metadata"]
    named = metadata.get("labels", {})
    if kind is CONFIG_MAP and metadata["name"] == names.schemas(named.get(labels.SYSTEM, "")):
        return {module: str(text) for module, text in (live.get("data") or {}).items()}
    said = metadata.get("annotations", {}).get(labels.SCHEMA)
    return {named.get(labels.MODULE, ""): said} if kind is JOB and said else NO_SCHEMAS


def job_state(live: Mapping[str, Any]) -> JobState:
    """How far a live Job is."""
    status = live.get("status", {})
    complete, failed = (_condition(status, name) for name in ("Complete", "Failed"))
    succeeded = complete.get("status") == "True"
    ended = complete if succeeded else failed
    finished = status.get("completionTime")
    return JobState(
        working=status.get("ready", 0) > 0,
        succeeded=succeeded,
        failed=failed.get("status") == "True",
        reason=ended.get("reason", ""),
        message=ended.get("message", ""),
        finished_at=datetime.fromisoformat(finished) if finished else None,
    )


def claim_state(live: Mapping[str, Any]) -> ClaimState:
    """How far a live PersistentVolumeClaim is."""
    status = live.get("status", {})
    return ClaimState(
        phase=status.get("phase", ""),
        requested=live["spec"].get("resources", {}).get("requests", {}).get("storage", ""),
        capacity=status.get("capacity", {}).get("storage", ""),
        trouble=_first(_condition(status, each) for each in RESIZES).get("message", ""),
        storage_class=live["spec"].get("storageClassName", ""),
    )


def rollout(live: Mapping[str, Any]) -> RolloutProgress:
    """How far a live Deployment or StatefulSet is."""
    status = live.get("status", {})
    progressing = _condition(status, "Progressing")
    failing = _condition(status, "ReplicaFailure")
    return RolloutProgress(
        observed_generation=status.get("observedGeneration", 0),
        wanted=live["spec"].get("replicas", 1),
        replicas=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        deadline_exceeded=progressing.get("reason") == "ProgressDeadlineExceeded",
        failure=failing.get("message", "") if failing.get("status") == "True" else "",
    )


def _condition(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _first(each for each in status.get("conditions", ()) if each["type"] == name)


def _first(values: Any) -> Mapping[str, Any]:
    """The first mapping that says something, else an empty one."""
    return next((value for value in values if value), {})


def _job_of(metadata: Mapping[str, Any]) -> str:
    owners = metadata.get("ownerReferences", ())
    return next((str(each["name"]) for each in owners if each["kind"] == JOB.name), "")


def _ended(container: Mapping[str, Any]) -> Mapping[str, Any]:
    """How *container* ended: now and for good, or else the last time before it was restarted."""
    now: Mapping[str, Any] = container.get("state", {}).get("terminated", {})
    before: Mapping[str, Any] = container.get("lastState", {}).get("terminated", {})
    return now if now.get("exitCode") else before


def _version(metadata: Mapping[str, Any]) -> str:
    return intern(metadata.get("labels", {}).get(labels.VERSION, ""))


def _exit(ended: Mapping[str, Any]) -> str:
    if not ended:
        return ""
    code = f"exit code {ended['exitCode']}"
    return f"{ended['reason']}, {code}" if ended.get("reason") else code


def _unschedulable(status: Mapping[str, Any]) -> str:
    scheduled = _condition(status, "PodScheduled")
    return str(scheduled.get("message", "")) if scheduled.get("status") == "False" else ""
