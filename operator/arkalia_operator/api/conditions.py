"""Condition types and reasons of every kind: the machine-readable half of status.

Types are adjectives or participles, reasons are facts. Reasons are API: a released one keeps its
meaning. The meaning of `Ready`, `Reconciling` and `Stalled` is kstatus's
(https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field

from arkalia_operator.api.base import ApiModel


class Explained(StrEnum):
    """A word of the API that carries its meaning, for the reference and for people who ask."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """The word *value*, which says *meaning*."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        return word


class ConditionType(Explained):
    """What a condition is about."""

    READY = "Ready", "Everything that the spec asks for runs and serves."
    RECONCILING = "Reconciling", "The operator or the cluster is still working towards the spec."
    STALLED = (
        "Stalled",
        "Something is wrong that will not mend itself: it needs a change of the spec or the cluster.",
    )
    ACCEPTED = "Accepted", "The spec could be understood: version and modules are known."
    MODULES_READY = "ModulesReady", "Every enabled module has all its pods ready."
    IDENTITY_READY = (
        "IdentityReady",
        "Every module that serves HTTPS has its certificate, and all know whom to trust.",
    )
    DATA_READY = (
        "DataReady",
        "Every data service that a module needs runs, and is prepared for the modules.",
    )


class Reason(Explained):
    """Why a condition is what it is."""

    SYSTEM_READY = "SystemReady", "All modules run and serve."
    SPEC_ACCEPTED = "SpecAccepted", "Every part of the spec is understood."
    INVALID_SPEC = "InvalidSpec", "A part of the spec cannot be carried out as it is written."
    VERSION_NOT_SUPPORTED = (
        "VersionNotSupported",
        "`spec.version` names a version that this operator does not carry.",
    )
    MODULE_NOT_FOUND = (
        "ModuleNotFound",
        "`spec.modules` names a module that is neither built in nor an ArkaliaModule of the namespace.",
    )
    MODULE_INVALID = "ModuleInvalid", "An ArkaliaModule cannot be used as it is."
    APPLY_FAILED = "ApplyFailed", "The API server refused an object of the system."
    IMAGE_CANNOT_BE_PULLED = "ImageCannotBePulled", "A pod's image cannot be pulled."
    CONTAINER_CRASHES = "ContainerCrashes", "A container of a module ends again and again."
    CONTAINER_CANNOT_START = (
        "ContainerCannotStart",
        "A container cannot be created from its configuration.",
    )
    POD_CANNOT_BE_CREATED = (
        "PodCannotBeCreated",
        "The cluster refuses to create a pod: quota, limits or Pod Security.",
    )
    POD_CANNOT_BE_SCHEDULED = "PodCannotBeScheduled", "No node takes a pod."
    ROLLOUT_STALLED = "RolloutStalled", "A rollout has made no progress within its deadline."
    ROLLING_OUT = "RollingOut", "Pods are being created or replaced."
    PODS_NOT_READY = "PodsNotReady", "Pods run, but do not all answer their readiness probe."
    MIGRATING = "Migrating", "The schema of a module is moved before its new pods start."
    MIGRATION_FAILED = (
        "MigrationFailed",
        "The Job that moves the schema of a module has given up; the pods stay as they were.",
    )
    PROVISIONING = "Provisioning", "A data service, or what a module has in it, is being prepared."
    PROVISIONING_FAILED = (
        "ProvisioningFailed",
        "The Job that prepares a data service for the modules has given up.",
    )
    PROVISIONED = "Provisioned", "Every data service runs, and every module can use its own part."
    NOT_NEEDED = "NotNeeded", "No module needs a data service."
    RESTARTING = (
        "Restarting",
        "A data service of one instance restarts: it serves nothing until it is there again.",
    )
    LINEAGE_MISMATCH = (
        "LineageMismatch",
        "Volumes or Secrets of an earlier system of this name do not belong together: nothing of "
        "them is touched.",
    )
    SECRET_MISSING = "SecretMissing", "A Secret that `spec.data` names does not exist."
    SECRET_INVALID = "SecretInvalid", "A Secret of a data service does not hold what it must."
    OPERATOR_FAILED = (
        "OperatorFailed",
        "The operator itself failed on this system; it tries again, and its log tells more.",
    )
    OBJECTS_MISSING = "ObjectsMissing", "Objects of the system are not in the cluster yet."
    OBJECTS_LEFT = (
        "ObjectsLeft",
        "Objects that the spec does not ask for any more are still in the cluster.",
    )
    ISSUED = "Issued", "All certificates are there, and none is near its end."
    ISSUING = "Issuing", "Certificates are being made."
    CANNOT_ISSUE = "CannotIssue", "A certificate, or the authority that signs it, cannot be made."
    CONVERGED = "Converged", "Nothing is left to do."
    AS_EXPECTED = "AsExpected", "Nothing stands in the way."


class Condition(ApiModel):
    """One fact about a resource (metav1.Condition)."""

    type: str = Field(max_length=316)
    """What the condition is about."""

    status: Literal["True", "False", "Unknown"]
    """Whether it holds. `Unknown` while it is being worked on."""

    reason: str = Field(max_length=1024, min_length=1)
    """Why, in one CamelCase word."""

    message: str = Field(max_length=32768)
    """Why, in a sentence for people."""

    observed_generation: int = Field(ge=0)
    """`metadata.generation` of the spec that was judged."""

    last_transition_time: datetime
    """When `status` last changed."""
