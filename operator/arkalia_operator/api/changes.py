"""`spec.changes`: when changes are carried out, and what status says of those that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, StatusModel

UpgradePolicy = Literal["Hold", "Waves", "AtOnce"]
"""What becomes of pods that nothing but an upgrade of the operator would replace."""

DriftPolicy = Literal["Repair", "Report"]
"""What becomes of fields that somebody else has changed in the system's objects."""


class RolloutPolicy(ApiModel):
    """How pods are replaced."""

    upgrades: UpgradePolicy | None = None
    """What becomes of pods that nothing but an upgrade of the operator would replace. `Hold`: they
    run on as they are until somebody changes their module or writes another word here. `Waves`:
    system after system, first one, then a share, then all, as long as none gets worse. `AtOnce`:
    they are replaced when the operator starts. Default: the operator's own
    (`ARKALIA_OPERATOR_UPGRADES`)."""


class Changes(ApiModel):
    """When changes are carried out."""

    policy: Literal["Auto", "Approve"] = "Auto"
    """`Auto`: a change of the spec is carried out at once. `Approve`: status tells what it would
    do, and it waits until somebody approves that plan (`arkalia approve`); what runs is kept as it
    was approved, and repaired. Who may approve has the verb `approve` on ArkaliaSystems."""

    pause: bool = False
    """Whether the operator writes nothing but status: no change, no repair, no renewal of
    certificates. For the time of a repair by hand."""

    hold_rollouts: bool = False
    """Whether the pods stay as they are: what is broken is repaired, and no pod template changes.
    Pods of a Deployment that is missing are made."""

    rollout: RolloutPolicy = RolloutPolicy()
    """How pods are replaced."""

    drift_policy: DriftPolicy = "Repair"
    """What becomes of fields that somebody else has changed in the system's objects. `Repair`: they
    are changed back at once, and an Event tells who had changed what. `Report`: they are left, and
    the condition `Drifted` tells it; the next change of the spec that concerns the object brings
    them back. What is deleted is made again either way."""


class RolloutStatus(StatusModel):
    """Why the pods of one Deployment or StatefulSet are as they are."""

    name: str = Field(max_length=128)
    """Kind and name, for example `Deployment luna-zeroia`."""

    reason: str = Field(max_length=1024)
    """Why they replaced the ones before: the path of the spec that was changed
    (`spec.modules.zeroia.env`), `ArkaliaModule weather`, `operator upgrade`, `kubectl rollout
    restart`, `created`. Empty where an operator made them that noted no reason."""

    revision: str = Field(default="", max_length=64)
    """Of their template: the pods carry it in the annotation `arkalia.io/revision`."""

    time: datetime
    """When the operator saw it first."""


class ChangesStatus(StatusModel):
    """Changes that wait."""

    hash: str = Field(default="", max_length=64)
    """Which changes these are; empty where none waits."""

    create: int = Field(default=0, ge=0)
    """How many objects they create, where the spec waits for approval."""

    change: int = Field(default=0, ge=0)
    """How many objects they change."""

    delete: int = Field(default=0, ge=0)
    """How many objects they delete."""

    objects: list[Annotated[str, Field(max_length=512)]] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"}
    )
    """What they do, object by object; the first 64."""

    restarts: list[Annotated[str, Field(max_length=128)]] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"}
    )
    """Deployments and StatefulSets whose pods they would replace."""

    held: int = Field(default=0, ge=0)
    """How many of these nothing but an upgrade of the operator would replace."""

    released: str = Field(default="", max_length=128)
    """The operator whose pod templates were let in last: its version, and a digest of them."""

    released_hash: str = Field(default="", max_length=64)
    """The plan by which that was approved; empty where nobody had to."""


class ApprovedStatus(StatusModel):
    """What was approved last, where `spec.changes.policy` is `Approve`: this is carried out."""

    generation: int = Field(ge=0)
    """`metadata.generation` of the spec that was approved."""

    hash: str = Field(default="", max_length=64)
    """Of the plan. Empty for the spec that was there when the policy began."""

    by: str = Field(default="", max_length=1024)
    """Name of the user who approved it."""

    spec: dict[str, Any] = Field(
        default_factory=dict, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}
    )
    """The spec that was approved."""
