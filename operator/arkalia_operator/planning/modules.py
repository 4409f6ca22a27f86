"""How each module is, and if it is not ready: why, by an ordered list of named checks.

The first check that finds something gives the reason. Doomed comes before progressing: what will
not mend itself is what a person must hear about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.arkaliasystem import ModuleStatus
from arkalia_operator.api.conditions import Reason
from arkalia_operator.desired.resolve import ResolvedModule
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.observed import PodRecord, Rollout

IMAGE_REASONS: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
     "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
)  # fmt: skip
CONFIG_REASONS: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
MESSAGE_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """One Deployment, and what is asked of it."""

    rollout: Rollout
    required: int
    """Pods that must serve: the wanted number, or the autoscaler's least. Pods that an autoscaler
    adds on top may still be starting while the module is ready."""
    applied_generation: int
    """`metadata.generation` of the operator's own last write; 0 if there was none."""

    @property
    def short(self) -> bool:
        """Whether fewer pods serve than must."""
        return self.rollout.available < self.required

    @property
    def rolling(self) -> bool:
        """Whether pods of the wanted revision are missing, or others are left."""
        rollout = self.rollout
        unseen = rollout.observed_generation < self.applied_generation
        return unseen or rollout.updated < self.required or rollout.replicas > rollout.updated


@dataclass(frozen=True, slots=True)
class ModuleView:
    """One module and everything observed of it."""

    module: ResolvedModule
    deployments: tuple[DeploymentView, ...]
    """Those that exist, of those that must."""
    pods: tuple[PodRecord, ...]
    """Pods that are not ready and not being deleted."""
    failures: tuple[Failure, ...]
    missing: int
    """Objects that must exist and do not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a module is not ready."""

    reason: Reason
    message: str
    doomed: bool
    """Whether it will not mend itself."""


Check = Callable[[ModuleView], Finding | None]


def apply_failed(view: ModuleView) -> Finding | None:
    """The API server refused an object."""
    for failure in view.failures:
        message = f"{failure.key}: {failure.message}"
        return Finding(Reason.APPLY_FAILED, message, failure.permanent)
    return None


def image_cannot_be_pulled(view: ModuleView) -> Finding | None:
    """A container waits for an image."""
    for pod in view.pods:
        if pod.waiting_reason in IMAGE_REASONS:
            message = f"{pod.waiting_reason}: {pod.waiting_message or view.module.image}"
            return Finding(Reason.IMAGE_CANNOT_BE_PULLED, _of_pod(pod, message), doomed=True)
    return None


def container_cannot_start(view: ModuleView) -> Finding | None:
    """A container's configuration does not hold."""
    for pod in view.pods:
        if pod.waiting_reason in CONFIG_REASONS:
            message = f"{pod.waiting_reason}: {pod.waiting_message}"
            return Finding(Reason.CONTAINER_CANNOT_START, _of_pod(pod, message), doomed=True)
    return None


def container_crashes(view: ModuleView) -> Finding | None:
    """A container ends again and again."""
    for pod in view.pods:
        if pod.waiting_reason == "CrashLoopBackOff":
            message = f"the container ends again and again ({pod.last_exit}): read its log"
            return Finding(Reason.CONTAINER_CRASHES, _of_pod(pod, message), doomed=True)
    return None


def pod_cannot_be_created(view: ModuleView) -> Finding | None:
    """Quota, limits or Pod Security refuse a pod."""
    for each in view.deployments:
        if each.rollout.failure:
            return Finding(Reason.POD_CANNOT_BE_CREATED, each.rollout.failure, doomed=True)
    return None


def pod_cannot_be_scheduled(view: ModuleView) -> Finding | None:
    """No node takes a pod that is needed. A node may be added any time, so it is not doomed."""
    needed = any(each.short or each.rolling for each in view.deployments)
    for pod in view.pods:
        if pod.unschedulable and needed:
            message = _of_pod(pod, pod.unschedulable)
            return Finding(Reason.POD_CANNOT_BE_SCHEDULED, message, doomed=False)
    return None


def rollout_stalled(view: ModuleView) -> Finding | None:
    """The Deployment's progress deadline has passed."""
    for each in view.deployments:
        if each.rollout.deadline_exceeded:
            message = f"{_ready_of_required(each)} within the deadline for progress"
            return Finding(Reason.ROLLOUT_STALLED, message, doomed=True)
    return None


def objects_missing(view: ModuleView) -> Finding | None:
    """Objects are still to be created."""
    if view.missing:
        return Finding(Reason.OBJECTS_MISSING, f"{view.missing} objects to create", doomed=False)
    return None


def rolling_out(view: ModuleView) -> Finding | None:
    """The wanted revision is not everywhere yet."""
    for each in view.deployments:
        if each.rolling:
            updated = min(each.rollout.updated, each.required)
            message = f"{updated} of {each.required} pods have the wanted revision"
            return Finding(Reason.ROLLING_OUT, message, doomed=False)
    return None


def pods_not_ready(view: ModuleView) -> Finding | None:
    """Pods run and do not answer their readiness probe."""
    for each in view.deployments:
        if each.short:
            return Finding(Reason.PODS_NOT_READY, _ready_of_required(each), doomed=False)
    return None


CHECKS: Final[tuple[Check, ...]] = (
    apply_failed,
    pod_cannot_be_created,
    image_cannot_be_pulled,
    container_cannot_start,
    container_crashes,
    rollout_stalled,
    pod_cannot_be_scheduled,
    objects_missing,
    rolling_out,
    pods_not_ready,
)


def finding(view: ModuleView) -> Finding | None:
    """Why the module is not ready; None if it is."""
    return next(filter(None, (check(view) for check in CHECKS)), None)


def status(view: ModuleView, found: Finding | None) -> ModuleStatus:
    """The module's line in the system's status."""
    rollouts = [each.rollout for each in view.deployments]
    return ModuleStatus(
        name=view.module.name,
        ready=found is None,
        replicas=sum(each.replicas for each in rollouts),
        ready_replicas=sum(each.ready for each in rollouts),
        image=view.module.image,
        reason=found.reason if found else Reason.AS_EXPECTED,
        message=found.message[:MESSAGE_LIMIT] if found else "All pods are ready.",
    )


def _ready_of_required(deployment: DeploymentView) -> str:
    return f"{deployment.rollout.available} of {deployment.required} pods are ready"


def _of_pod(pod: PodRecord, message: str) -> str:
    return f"pod {pod.name}: {message}"
