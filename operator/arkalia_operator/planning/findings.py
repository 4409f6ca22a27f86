"""Why something is not as it must be, and what pods tell about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.observed import PodRecord

IMAGE_REASONS: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
     "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
)  # fmt: skip
CONFIG_REASONS: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
CRASH_REASON: Final = "CrashLoopBackOff"
CACHE_LATE: Final = re.compile("failed to sync (secret|configmap) cache: timed out")
"""The kubelet waits for an answer of the API server, and asks again by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a part of a system is not ready."""

    reason: Reason
    message: str
    doomed: bool
    """Whether it will not mend itself."""


def image_trouble(pods: Sequence[PodRecord], image: str) -> Finding | None:
    """A container waits for its image: *image*, unless the kubelet says more."""
    for pod in pods:
        if pod.waiting_reason in IMAGE_REASONS:
            message = f"{pod.waiting_reason}: {pod.waiting_message or image}"
            return Finding(Reason.IMAGE_CANNOT_BE_PULLED, of_pod(pod, message), doomed=True)
    return None


def start_trouble(pods: Sequence[PodRecord]) -> Finding | None:
    """A container's configuration does not hold, or the kubelet does not know it yet."""
    for pod in pods:
        if pod.waiting_reason in CONFIG_REASONS:
            message = f"{pod.waiting_reason}: {pod.waiting_message}"
            doomed = not CACHE_LATE.search(pod.waiting_message)
            return Finding(Reason.CONTAINER_CANNOT_START, of_pod(pod, message), doomed=doomed)
    return None


def schedule_trouble(pods: Sequence[PodRecord]) -> Finding | None:
    """No node takes a pod. A node may be added any time, so it is not doomed."""
    for pod in pods:
        if pod.unschedulable:
            message = of_pod(pod, pod.unschedulable)
            return Finding(Reason.POD_CANNOT_BE_SCHEDULED, message, doomed=False)
    return None


def crash_trouble(
    pods: Sequence[PodRecord], before: str, what: str, *, tells_exit: bool = False
) -> Finding | None:
    """*what* ends again and again: its last words tell why, else how it ended, if not told anyway."""
    pod = _crashing(pods, before)
    if pod is None:
        return None
    how, else_said = (f" ({pod.last_exit})", "read its log") if tells_exit else ("", pod.last_exit)
    message = f"{what} ends again and again{how}: {pod.last_words or else_said}"
    return Finding(Reason.CONTAINER_CRASHES, of_pod(pod, message), doomed=True)


def of_pod(pod: PodRecord, message: str) -> str:
    """*message*, which is about *pod*."""
    return f"pod {pod.name}: {message}"


def _crashing(pods: Sequence[PodRecord], before: str) -> PodRecord | None:
    """The first of *pods* of which a container ends again and again; *before* is the last reason.

    Between two ends it runs for a moment, and nothing tells it from one that mends: so it counts as
    crashing, once it did, until its pod is ready.
    """
    crashed = before == Reason.CONTAINER_CRASHES
    for pod in pods:
        if pod.waiting_reason == CRASH_REASON or (crashed and pod.last_exit):
            return pod
    return None
