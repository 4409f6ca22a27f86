"""What a system is judged by, and what of it concerns one module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from arkalia_contract.labels import EDGE, MODULE
from arkalia_operator.api.changes import ApprovedStatus, UpgradePolicy
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import DEPLOYMENT
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import ResolvedModule
from arkalia_operator.desired.schemas import numbers
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.approval import Pending
from arkalia_operator.planning.data import DataState
from arkalia_operator.planning.drift import Drifted
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.identity import IdentityState
from arkalia_operator.planning.jobs import job_finding
from arkalia_operator.planning.observed import (
    ChildRecord,
    ObjectKey,
    Observed,
    PodRecord,
    RolloutProgress,
)
from arkalia_operator.planning.permissions import Right
from arkalia_operator.planning.plan import is_served, key_of, not_yet
from arkalia_operator.planning.readiness import DeploymentView, ModuleView
from arkalia_operator.planning.rollouts import rollout_of

TEMPLATE: Final = "spec.template"
"""Where a Deployment holds its pod template, as the API server names it."""
RESOURCES: Final = ".resources."
"""How its messages name what a container asks for."""
IMAGE_MISSING: Final = "image: Required value"
"""How the API server refuses a container without an image: few mean to add one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a system is judged by."""

    system: ArkaliaSystem
    desired: Desired
    observed: Observed
    failures: Sequence[Failure] = ()
    """Actions of the plan that the API server refused."""
    identity: IdentityState = field(default_factory=IdentityState)
    """How far the certificates are."""
    data: DataState = field(default_factory=DataState)
    """How far the credentials of the modules' data are."""
    upgrades: UpgradePolicy = "Hold"
    """What becomes of pods that nothing but an upgrade of the operator would replace."""
    pending: Pending | None = None
    """The plan that waits for approval."""
    frozen: bool = False
    """Whether nothing is known that was approved of the system, so that nothing new is applied."""
    approved: ApprovedStatus | None = None
    """What was approved last."""
    version_waits: str = ""
    """The version that an upgrade of the operator brings along, while it is held."""
    left: Sequence[Drifted] = ()
    """Objects that somebody else has changed, and that are left so."""
    missing_rights: Sequence[Right] = ()
    """What the operator may not do where the system is."""
    waits: Mapping[ObjectKey, Sequence[ObjectKey]] = field(default_factory=dict)
    """What is not applied yet, with what it waits for (see `complete`)."""


def complete(evidence: Evidence) -> Evidence:
    """*evidence* with all that is made of it once, and asked for module by module."""
    waits = not_yet(evidence.system, evidence.desired, evidence.observed)
    return replace(evidence, waits=waits)


def module_view(module: ResolvedModule, evidence: Evidence) -> ModuleView:
    """All that is known of *module*."""
    wanted = _wanted(evidence, MODULE, module.name)
    before = _reason_before(module.name, evidence.system)
    view = _view(wanted, module.name, evidence)
    failures = [_with_origin(each, module) for each in view.failures]
    return replace(view, failures=failures, image=module.image, reason_before=before)


def _with_origin(failure: Failure, module: ResolvedModule) -> Failure:
    """*failure*, with the field of the system that a refused part of a pod template may be from."""
    if TEMPLATE not in failure.message:
        return failure
    settings, place = module.settings, f"spec.modules.{module.name}"
    origins = []
    if settings.resources and RESOURCES in failure.message:
        origins.append(f"{place}.resources is laid over what the module has by itself")
    if settings.pod_template:
        origins.append(f"{place}.podTemplate is merged into {TEMPLATE}")
        if IMAGE_MISSING in failure.message:
            origins.append("a container of a name that the pod does not have is a further one")
    told = f"{failure.message} ({'; '.join(origins)})" if origins else failure.message
    return replace(failure, message=told)


def edge_view(evidence: Evidence) -> ModuleView:
    """All that is known of the edge, as of a module. Its certificate is not among it."""
    kind = ConditionType.EXPOSURE_READY
    told = (each.reason for each in evidence.system.status.conditions if each.type == kind)
    view = _view(_wanted(evidence, EDGE, "true"), "", evidence)
    return replace(view, reason_before=next(told, ""))


def _view(wanted: Mapping[ObjectKey, Manifest], module: str, evidence: Evidence) -> ModuleView:
    """What is known of the objects *wanted*, whose pods are of *module*, or of none."""
    there = {
        key: record
        for key, record in evidence.observed.children.items()
        if key in wanted and not record.deleting
    }
    deployments = [key for key in wanted if key.kind == DEPLOYMENT.name]
    waits = {key: before for key, before in evidence.waits.items() if key in wanted}
    sent = {
        key: rollout_of(key, wanted[key], evidence.desired, evidence.observed)
        for key in deployments
    }
    held = {key: each for key, each in sent.items() if each.is_held and not each.waits_for_upgrade}
    revisions = {each.made.revision for each in sent.values()}
    return ModuleView(
        image="",
        deployments=[
            _deployment(there[key], key in waits, evidence) for key in deployments if key in there
        ],
        pods=[each for each in _troubled_pods(module, evidence) if each.revision in revisions],
        failures=[each for each in evidence.failures if each.key in wanted],
        missing=sorted(wanted.keys() - there.keys(), key=str),
        jobs=_jobs([*wanted, *(each for before in waits.values() for each in before)], evidence),
        waiting=waits,
        held={key: each.held for key, each in held.items()},
    )


def rollouts_of(module: str, evidence: Evidence) -> list[RolloutProgress]:
    """How far the Deployments of *module* are, whoever wants them."""
    return [
        record.rollout
        for record in _owned(evidence)
        if record.module == module and record.rollout is not None
    ]


def version_in_use(evidence: Evidence) -> str:
    """The version that serves or is being rolled out: the wanted one once a Deployment has it."""
    wanted = evidence.desired.resolution.version
    found = {each.version for each in _owned(evidence) if each.version}
    return wanted if wanted in found or not found else max(found, key=numbers)


def modules_with_objects(evidence: Evidence) -> list[str]:
    """Names of the modules of which the system owns objects."""
    return sorted({record.module for record in _owned(evidence)} - {""})


def _owned(evidence: Evidence) -> list[ChildRecord]:
    uid = evidence.system.uid
    return [each for each in evidence.observed.children.values() if each.owner_uid == uid]


def _wanted(evidence: Evidence, label: str, value: str) -> dict[ObjectKey, Manifest]:
    """What must exist now, of those objects whose *label* has this *value*."""
    return {
        key_of(each): each
        for each in evidence.desired.manifests
        if each["metadata"]["labels"].get(label) == value and is_served(each, evidence.observed)
    }


def _jobs(keys: Iterable[ObjectKey], evidence: Evidence) -> list[Finding]:
    """Why those of *keys* that are Jobs are not done; each of them once."""
    records = map(evidence.observed.children.get, dict.fromkeys(keys))
    found = (job_finding(each, evidence.observed) for each in records if each is not None)
    return [each for each in found if each is not None]


def _troubled_pods(module: str, evidence: Evidence) -> list[PodRecord]:
    """Pods that are not ready and not on their way out."""
    found = (
        each
        for each in evidence.observed.pods
        if each.module == module and not each.ready and not each.deleting
    )
    return sorted(found, key=lambda each: each.name)


def _deployment(record: ChildRecord, waits: bool, evidence: Evidence) -> DeploymentView:
    rollout = record.rollout or RolloutProgress()
    accepted = evidence.observed.accepted.get(record.key)
    return DeploymentView(
        rollout=rollout,
        required=evidence.desired.autoscaled.get(record.key.name, rollout.wanted),
        applied_generation=accepted.generation if accepted else 0,
        waits=waits,
    )


def _reason_before(module: str, system: ArkaliaSystem) -> str:
    return next((each.reason for each in system.status.modules if each.name == module), "")
