"""All that the operator may know of the cluster when it decides: compact, frozen, complete.

Records keep what decisions need and nothing else: a cache of whole objects would cost a hundred
times the memory. `fingerprint` stands for every field that the operator owns in the live object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Which object: kind (by name), namespace, name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Kind and name, as messages for people quote them."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class RolloutProgress:
    """How far a Deployment or StatefulSet is (apps/v1 DeploymentStatus, StatefulSetStatus)."""

    observed_generation: int = 0
    wanted: int = 1
    replicas: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    deadline_exceeded: bool = False
    failure: str = ""
    """Message of the condition ReplicaFailure: why pods cannot be created."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a Job is (batch/v1 JobStatus)."""

    working: bool = False
    """Whether a pod of it runs now."""
    succeeded: bool = False
    failed: bool = False
    """Whether it has given up."""
    reason: str = ""
    """Of the condition that ended it: `BackoffLimitExceeded`."""
    message: str = ""
    finished_at: datetime | None = None
    """When it succeeded."""

    @property
    def finished(self) -> bool:
        """Whether no pod of it runs or will run."""
        return self.succeeded or self.failed


@dataclass(frozen=True, slots=True)
class ClaimState:
    """How far a PersistentVolumeClaim is."""

    phase: str = ""
    """`Pending`, `Bound` or `Lost`."""
    requested: str = ""
    """Storage that it asks for now, a quantity; it can only grow."""
    capacity: str = ""
    """Storage that it has."""
    trouble: str = ""
    """What keeps it from growing, or is waited for, in the words of who enlarges it."""
    storage_class: str = ""
    """What provisions it; empty if nobody named one, and the cluster has no default."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What controllers of others say to an Ingress, an HTTPRoute or a BackendTLSPolicy."""

    admitted: bool = False
    """Whether everybody who is asked has taken it."""
    refusal: str = ""
    """Who does not take it, and why; empty if nobody says so."""
    addresses: tuple[str, ...] = ()
    """Where it can be reached, as far as that is told."""


@dataclass(frozen=True, slots=True)
class ChildRecord:
    """An object of a system as the API server has it."""

    key: ObjectKey
    uid: str
    resource_version: str
    generation: int
    owner_uid: str
    """Uid of the ArkaliaSystem that owns it; empty if none does."""
    fingerprint: bytes
    """Digest of the fields that the operator owns, see `planning.ownership`."""
    deleting: bool = False
    module: str = ""
    version: str = ""
    """Of the system that it was rendered for; only for a Deployment."""
    owned_replicas: int | None = None
    """`spec.replicas` where the operator still owns that field of a Deployment."""
    rollout: RolloutProgress | None = None
    """Only for a Deployment or StatefulSet."""
    template: str = ""
    """Only for a Deployment or StatefulSet: digest of what the operator owns of its pod template."""
    made: str = ""
    """Only for a Deployment or StatefulSet: what its template was made from, as it was told on it
    (see `planning.rollouts`)."""
    restarted_at: str = ""
    """Only for a Deployment or StatefulSet: when `kubectl rollout restart` was called last."""
    job: JobState | None = None
    """Only for a Job."""
    claim: ClaimState | None = None
    """Only for a PersistentVolumeClaim."""
    admission: Admission | None = None
    """Only for an Ingress, an HTTPRoute or a BackendTLSPolicy."""
    issued: str = ""
    """Only for a Certificate: which one its Secret holds, as cert-manager says."""
    lineage: str = ""
    """Of data that outlives its system, see `arkalia_contract.labels.LINEAGE`."""
    schemas: Mapping[str, str] = field(default_factory=dict)
    """By module, what it says of the schema in the database (see `desired.schemas`): the ConfigMap
    that remembers it, and a Job that moves it."""
    applied_at: datetime | None = None
    """When the operator last changed it."""


@dataclass(frozen=True, slots=True)
class PodRecord:
    """A pod of a system: only what explains why it is not ready."""

    name: str
    module: str
    ready: bool
    deleting: bool = False
    waiting_reason: str = ""
    """Reason of the first container that waits for more than its turn: `ImagePullBackOff`."""
    waiting_message: str = ""
    last_exit: str = ""
    """How the first restarted container ended last, for example `Error, exit code 78`."""
    unschedulable: str = ""
    """Message of the condition PodScheduled=False."""
    revision: str = ""
    """Which template it was made from, see `desired.templates.revision`."""
    job: str = ""
    """Name of the Job that made it; empty if none did."""
    finished: bool = False
    """Whether its containers have all ended, and none starts again."""
    last_words: str = ""
    """The end of what the ended container said: its termination message, or else its log."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the API server made of an apply: the digest sent, and the digest it now holds.

    Where the server normalises a value (`1000m` to `1`), both differ although nothing is to do.
    """

    sent: bytes
    held: bytes
    generation: int = 0
    """`metadata.generation` after the apply. A controller that has not observed it yet speaks of
    an older spec; later generations are others' (an autoscaler's), and no rollout of ours."""


@dataclass(frozen=True, slots=True)
class RolloutGate:
    """What may be rolled out for one system now."""

    rollouts: bool = True
    """Whether any pod template may change (`spec.changes.holdRollouts`)."""
    upgrades: bool = True
    """Whether pods may be replaced for nothing but an upgrade of the operator."""
    new_spec: bool = False
    """Whether the spec is another one than the last status was about."""
    changed: frozenset[str] = frozenset()
    """Objects that noted nothing yet, and whose template a change of the spec was about to replace."""


OPEN: Final = RolloutGate()


@dataclass(frozen=True, slots=True)
class Observed:
    """The part of the cluster that concerns one system."""

    children: Mapping[ObjectKey, ChildRecord] = field(default_factory=dict)
    pods: tuple[PodRecord, ...] = ()
    served: frozenset[str] = frozenset()
    """Names of the optional kinds that the API server serves now."""
    accepted: Mapping[ObjectKey, Accepted] = field(default_factory=dict)
    gate: RolloutGate = OPEN

    @property
    def modules(self) -> frozenset[str]:
        """Names of the modules that have objects."""
        return frozenset(each.module for each in self.children.values())
