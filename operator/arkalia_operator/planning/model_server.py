"""Whether the builtin model server has its models, as named checks: each tells what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_contract.labels import MODELS
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.model_server import CANNOT_LOAD, CANNOT_PULL
from arkalia_operator.planning import servers, volumes
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.findings import (
    Finding,
    crash_trouble,
    image_trouble,
    of_pod,
    schedule_trouble,
    start_trouble,
)
from arkalia_operator.planning.observed import ObjectKey, Observed, PodRecord
from arkalia_operator.planning.plan import key_of

STORAGE: Final = "spec.llm.storage"
OF_KEEPER: Final = {
    f"exit code {CANNOT_PULL}": Reason.MODEL_CANNOT_BE_PULLED,
    f"exit code {CANNOT_LOAD}": Reason.MODEL_CANNOT_BE_LOADED,
}
"""Why the keeper of the models has ended, by how it did."""


@dataclass(frozen=True, slots=True)
class LlmView:
    """Everything known of the language models of a system."""

    system: ArkaliaSystem
    desired: Desired
    observed: Observed
    failures: Sequence[Failure] = ()
    """Actions of the plan that the API server refused."""

    @property
    def manifests(self) -> list[Manifest]:
        """What the builtin model server is made of."""
        return [each for each in self.desired.manifests if MODELS in each["metadata"]["labels"]]

    @property
    def reason_before(self) -> str:
        """What the last status gave as reason."""
        before = self.system.status.conditions
        found = (each for each in before if each.type == ConditionType.LLM_READY)
        return next((each.reason for each in found), "")


def remarks(view: LlmView) -> Iterator[str]:
    """What is to be said of a server that has nothing to complain about."""
    return volumes.larger_than_asked(view.manifests, view.observed)


def _refused(view: LlmView) -> Iterator[Finding]:
    """The API server did not take an object."""
    claims = volumes.claims(view.manifests, view.observed)
    wanted = {key_of(each) for each in view.manifests}
    for failure in (each for each in view.failures if each.key in wanted):
        volume = failure.permanent and failure.key in claims
        reason = Reason.VOLUME_CANNOT_CHANGE if volume else Reason.APPLY_FAILED
        yield Finding(reason, f"{failure.key}: {failure.message}", doomed=failure.permanent)


def _not_ready(view: LlmView) -> Iterator[Finding]:
    """The server does not answer, or has not all its models in memory."""
    for key, pods in servers.silent(view.manifests, view.observed):
        yield _why(view, key, pods)


def _why(view: LlmView, key: ObjectKey, pods: Sequence[PodRecord]) -> Finding:
    """What keeps the one pod from being ready."""
    return (
        volumes.class_missing(key, STORAGE, view.observed)
        or image_trouble(pods, "")
        or start_trouble(pods)
        or _keeper(pods)
        or crash_trouble(pods, view.reason_before, "a container")
        or schedule_trouble(pods)
        or _loading(view, key)
    )


def _keeper(pods: Sequence[PodRecord]) -> Finding | None:
    """A model cannot be had. It is tried again, and told until it was had."""
    for pod in pods:
        reason = next((OF_KEEPER[x] for x in OF_KEEPER if pod.last_exit.endswith(x)), None)
        if reason is not None:
            message = of_pod(pod, pod.last_words or pod.last_exit)
            return Finding(reason, message, doomed=True)
    return None


def _loading(view: LlmView, key: ObjectKey) -> Finding:
    models = ", ".join(first_of(view.system.spec.llm.models))
    message = f"{key.name} pulls or loads its models: {models}"
    return Finding(Reason.MODELS_LOADING, message, doomed=False)


def _growing(view: LlmView) -> Iterator[Finding]:
    """The volume does not have the size yet that it is asked for."""
    return volumes.growing(view.manifests, view.observed)


CHECKS: Final[tuple[Callable[[LlmView], Iterator[Finding]], ...]] = (
    _refused,
    _not_ready,
    _growing,
)
