"""How each module is, and if it is not ready: why, by an ordered list of named checks.

The first check that finds something gives the reason. What will not mend itself comes before what
is still on its way: that is what a person must hear about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from arkalia_operator.api.arkaliasystem import ModuleStatus
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired.kinds import DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.findings import (
    Finding,
    crash_trouble,
    image_trouble,
    schedule_trouble,
    start_trouble,
)
from arkalia_operator.planning.observed import ObjectKey, PodRecord, RolloutProgress

NAMESPACE_ENDS: Final = "because it is being terminated"
"""How the API server refuses a new object in a namespace that is being deleted."""
MESSAGE_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """One Deployment, and what is asked of it."""

    rollout: RolloutProgress
    required: int
    """Pods that must serve: the wanted number, or the autoscaler's least. Pods that an autoscaler
    adds on top may still be starting while the module is ready."""
    applied_generation: int = 0
    """`metadata.generation` of the operator's own last write; 0 if there was none."""
    waits: bool = False
    """Whether it is of an older revision, since the wanted one waits for other objects."""

    @property
    def seen(self) -> bool:
        """Whether its status speaks of what is wanted."""
        current = self.rollout.observed_generation >= self.applied_generation
        return current and not self.waits

    @property
    def short(self) -> bool:
        """Whether fewer pods serve than must."""
        return self.rollout.available < self.required

    @property
    def rolling(self) -> bool:
        """Whether pods of the wanted revision are missing, or others are left."""
        rollout = self.rollout
        return (
            not self.seen or rollout.updated < self.required or rollout.replicas > rollout.updated
        )


@dataclass(frozen=True, slots=True)
class ModuleView:
    """One module and everything observed of it."""

    image: str
    deployments: Sequence[DeploymentView] = ()
    """Those that exist, of those that must."""
    pods: Sequence[PodRecord] = ()
    """Pods of the wanted revision that are not ready and not being deleted."""
    failures: Sequence[Failure] = ()
    missing: Sequence[ObjectKey] = ()
    """Objects that must exist and do not."""
    jobs: Sequence[Finding] = ()
    """Of the Jobs that its objects wait for."""
    waiting: Mapping[ObjectKey, Sequence[ObjectKey]] = field(default_factory=dict)
    """Its objects that are not applied yet, with what each of them waits for."""
    held: Mapping[ObjectKey, Sequence[str]] = field(default_factory=dict)
    """Its Deployments whose pods must stay as they are, with what else would replace them."""
    reason_before: str = ""
    """What the last status gave as reason."""


Check = Callable[[ModuleView], Finding | None]


def object_refused(view: ModuleView) -> Finding | None:
    """The API server refuses an object for good."""
    for failure in view.failures:
        if failure.permanent:
            return _apply_failed(failure)
    return None


def pod_cannot_be_created(view: ModuleView) -> Finding | None:
    """Quota, limits or Pod Security refuse a pod."""
    for each in view.deployments:
        if each.seen and each.rollout.failure:
            return Finding(Reason.POD_CANNOT_BE_CREATED, each.rollout.failure, doomed=True)
    return None


def image_cannot_be_pulled(view: ModuleView) -> Finding | None:
    """A container waits for an image."""
    return image_trouble(view.pods, view.image)


def container_cannot_start(view: ModuleView) -> Finding | None:
    """A container's configuration does not hold."""
    return start_trouble(view.pods)


def container_crashes(view: ModuleView) -> Finding | None:
    """A container ends again and again."""
    return crash_trouble(view.pods, view.reason_before, "the container", tells_exit=True)


def rollout_stalled(view: ModuleView) -> Finding | None:
    """The Deployment's progress deadline has passed."""
    for each in view.deployments:
        if each.seen and each.rollout.deadline_exceeded:
            message = f"{_ready_of_required(each)} within the deadline for progress"
            return Finding(Reason.ROLLOUT_STALLED, message, doomed=True)
    return None


def apply_interrupted(view: ModuleView) -> Finding | None:
    """The API server did not take an object; the operator tries again."""
    return next((_apply_failed(each) for each in view.failures), None)


def pod_cannot_be_scheduled(view: ModuleView) -> Finding | None:
    """No node takes a pod that is needed. A node may be added any time, so it is not doomed."""
    needed = any(each.short or each.rolling for each in view.deployments)
    return schedule_trouble(view.pods) if needed else None


def job_stopped(view: ModuleView) -> Finding | None:
    """A Job that the module waits for has given up, or cannot run as it is."""
    return next((each for each in view.jobs if each.doomed), None)


def job_not_done(view: ModuleView) -> Finding | None:
    """A Job that the module waits for runs."""
    return next(iter(view.jobs), None)


def objects_missing(view: ModuleView) -> Finding | None:
    """Objects are still to be created or changed; some wait for others."""
    said = [_to_create(view)] if view.missing else []
    waits = (
        f"{key} waits for {', '.join(first_of(before))}"
        for key, before in view.waiting.items()
        if not _only_follows(key, view)
    )
    said += first_of(waits)
    if said:
        return Finding(Reason.OBJECTS_MISSING, "; ".join(said), doomed=False)
    return None


def _only_follows(key: ObjectKey, view: ModuleView) -> bool:
    """Whether it is an autoscaler that waits because its Deployment does: that one is named."""
    followed = replace(key, kind=DEPLOYMENT.name)
    return key.kind == HORIZONTAL_POD_AUTOSCALER.name and followed in view.waiting


def _to_create(view: ModuleView) -> str:
    """How many there are; one alone is named, unless it is told what it waits for."""
    if len(view.missing) > 1:
        return f"{len(view.missing)} objects to create"
    [key] = view.missing
    return "1 object to create" if key in view.waiting else f"1 object to create: {key}"


def rollouts_held(view: ModuleView) -> Finding | None:
    """Pods that the spec asks for must not be made yet (`spec.changes.holdRollouts`)."""
    for key, causes in view.held.items():
        message = f"the pods of {key} stay as they are, in spite of {', '.join(first_of(causes))}"
        return Finding(Reason.ROLLOUTS_HELD, message, doomed=False)
    return None


def rolling_out(view: ModuleView) -> Finding | None:
    """The wanted revision is not everywhere yet."""
    for each in view.deployments:
        if each.rolling:
            return Finding(Reason.ROLLING_OUT, _updated_of_required(each), doomed=False)
    return None


def _updated_of_required(deployment: DeploymentView) -> str:
    rollout = deployment.rollout
    updated = min(rollout.updated, deployment.required) if deployment.seen else 0
    told = f"{updated} of {deployment.required} pods have the wanted revision"
    others = rollout.replicas - rollout.updated
    if updated < deployment.required or others <= 0:
        return f"{told}, {rollout.ready} of any revision are ready"
    return f"{told}, and {others} of another one {'is' if others == 1 else 'are'} still there"


def pods_not_ready(view: ModuleView) -> Finding | None:
    """Pods run and do not answer their readiness probe."""
    for each in view.deployments:
        if each.short:
            return Finding(Reason.PODS_NOT_READY, _ready_of_required(each), doomed=False)
    return None


CHECKS: Final[tuple[Check, ...]] = (
    object_refused,
    job_stopped,
    pod_cannot_be_created,
    image_cannot_be_pulled,
    container_cannot_start,
    container_crashes,
    rollout_stalled,
    apply_interrupted,
    pod_cannot_be_scheduled,
    job_not_done,
    objects_missing,
    rollouts_held,
    rolling_out,
    pods_not_ready,
)


def finding(view: ModuleView) -> Finding | None:
    """Why the module is not ready; None if it is."""
    return next(filter(None, (check(view) for check in CHECKS)), None)


def serves(view: ModuleView, components: int) -> bool:
    """Whether enough pods of each of so many *components* answer, be they of an older revision."""
    return len(view.deployments) == components and not any(each.short for each in view.deployments)


def line(
    name: str, image: str, rollouts: Sequence[RolloutProgress], found: Finding | None
) -> ModuleStatus:
    """The line of module *name* in the system's status."""
    return ModuleStatus(
        name=name,
        ready=found is None,
        replicas=sum(each.replicas for each in rollouts),
        ready_replicas=sum(each.ready for each in rollouts),
        image=image,
        reason=found.reason if found else Reason.AS_EXPECTED,
        message=found.message[:MESSAGE_LIMIT] if found else "All pods are ready.",
    )


def _apply_failed(failure: Failure) -> Finding:
    message = f"{failure.key}: {failure.message}"
    terminating = NAMESPACE_ENDS in failure.message
    reason = Reason.NAMESPACE_TERMINATING if terminating else Reason.APPLY_FAILED
    return Finding(reason, message, doomed=failure.permanent)


def _ready_of_required(deployment: DeploymentView) -> str:
    return f"{deployment.rollout.available} of {deployment.required} pods are ready"
