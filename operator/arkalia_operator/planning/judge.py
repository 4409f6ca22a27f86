"""Everything known about a system → the status that tells the truth about it.

Progressing is `Unknown`, doomed is `False` with `Stalled=True`: kstatus, Argo CD and `kubectl
wait` can then tell "not yet" from "never".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import ValidationError

from arkalia_contract.labels import MODULE
from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus, ModuleStatus
from arkalia_operator.api.conditions import Condition, ConditionType, Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import DEPLOYMENT
from arkalia_operator.desired.resolve import ResolvedModule
from arkalia_operator.planning import modules
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.modules import DeploymentView, Finding, ModuleView
from arkalia_operator.planning.observed import ObjectKey, Observed, Rollout
from arkalia_operator.planning.plan import is_served, key_of

Truth = Literal["True", "False", "Unknown"]
NAMED: Final = 3
"""A message names this many things; the list in status names all modules."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition before it has a time."""

    type: ConditionType
    status: Truth
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A module's line in status, and what was found."""

    status: ModuleStatus
    found: Finding | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a system is judged by."""

    system: ArkaliaSystem
    desired: Desired
    observed: Observed
    failures: Sequence[Failure] = ()
    """Actions of the plan that the API server refused."""


def judge(evidence: Evidence, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system after its plan was carried out."""
    system, resolution = evidence.system, evidence.desired.resolution
    judged = [_judged(_view(module, evidence)) for module in resolution.modules]
    ready = sum(each.status.ready for each in judged)
    return ArkaliaSystemStatus(
        observed_generation=system.generation,
        version=resolution.version,
        modules_ready=f"{ready}/{len(judged) + len(resolution.held)}",
        modules=[each.status for each in judged],
        conditions=_timed(
            _verdicts(evidence, judged), system.status.conditions, system.generation, now
        ),
    )


def judge_invalid(
    body: Mapping[str, Any], error: ValidationError, now: datetime
) -> ArkaliaSystemStatus:
    """The status of a stored resource that does not fit this operator's schema."""
    message = "; ".join(_place_and_message(each) for each in error.errors()[:NAMED])
    generation = body["metadata"].get("generation", 0)
    verdicts = [
        Verdict(ConditionType.READY, "False", Reason.INVALID_SPEC, message),
        Verdict(ConditionType.RECONCILING, "False", Reason.INVALID_SPEC, message),
        Verdict(ConditionType.STALLED, "True", Reason.INVALID_SPEC, message),
        Verdict(ConditionType.ACCEPTED, "False", Reason.INVALID_SPEC, message),
    ]
    before = [
        Condition.model_validate(each) for each in (body.get("status") or {}).get("conditions", [])
    ]
    return ArkaliaSystemStatus(
        observed_generation=generation,
        conditions=_timed(verdicts, before, generation, now),
    )


def judge_failed(system: ArkaliaSystem, message: str, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system on which the operator itself failed: what was known, and that."""
    verdicts = [
        Verdict(ConditionType.READY, "Unknown", Reason.OPERATOR_FAILED, message),
        Verdict(ConditionType.RECONCILING, "True", Reason.OPERATOR_FAILED, message),
        Verdict(ConditionType.STALLED, "False", Reason.OPERATOR_FAILED, message),
    ]
    before = system.status.conditions
    judged = {each.type for each in verdicts}
    kept = [each for each in before if each.type not in judged]
    return system.status.model_copy(
        update={"conditions": [*_timed(verdicts, before, system.generation, now), *kept]}
    )


def _place_and_message(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])


def _view(module: ResolvedModule, evidence: Evidence) -> ModuleView:
    observed = evidence.observed
    keys = _keys_of(module, evidence)
    pods = (pod for pod in observed.pods if pod.module == module.name)
    return ModuleView(
        module=module,
        deployments=tuple(
            _deployment(key, evidence) for key in sorted(keys, key=str) if _rolls(key, observed)
        ),
        pods=tuple(pod for pod in pods if not pod.ready and not pod.deleting),
        failures=tuple(each for each in evidence.failures if each.key in keys),
        missing=len(keys - observed.children.keys()),
    )


def _keys_of(module: ResolvedModule, evidence: Evidence) -> frozenset[ObjectKey]:
    """The objects that must exist for *module* now."""
    return frozenset(
        key_of(each)
        for each in evidence.desired.manifests
        if each["metadata"]["labels"][MODULE] == module.name and is_served(each, evidence.observed)
    )


def _rolls(key: ObjectKey, observed: Observed) -> bool:
    return key.kind == DEPLOYMENT.name and key in observed.children


def _deployment(key: ObjectKey, evidence: Evidence) -> DeploymentView:
    rollout = evidence.observed.children[key].rollout or Rollout()
    accepted = evidence.observed.accepted.get(key)
    return DeploymentView(
        rollout=rollout,
        required=evidence.desired.autoscaled.get(key.name, rollout.wanted),
        applied_generation=accepted.generation if accepted else 0,
    )


def _judged(view: ModuleView) -> Judged:
    found = modules.finding(view)
    return Judged(modules.status(view, found), found)


def _verdicts(evidence: Evidence, judged: Sequence[Judged]) -> list[Verdict]:
    accepted = _accepted(evidence.desired)
    modules_ready = _modules_ready(judged)
    clean_up = _clean_up(evidence)
    decisive = next(
        (each for each in (accepted, modules_ready, clean_up) if each and each.status != "True"),
        None,
    )
    ready = (
        Verdict(ConditionType.READY, decisive.status, decisive.reason, decisive.message)
        if decisive
        else Verdict(ConditionType.READY, "True", Reason.SYSTEM_READY, "All modules run and serve.")
    )
    return [ready, _reconciling(ready), _stalled(ready), accepted, modules_ready]


def _accepted(desired: Desired) -> Verdict:
    problems = desired.resolution.problems
    if not problems:
        message = "Every part of the spec is understood."
        return Verdict(ConditionType.ACCEPTED, "True", Reason.SPEC_ACCEPTED, message)
    message = "; ".join(each.message for each in problems[:NAMED])
    return Verdict(ConditionType.ACCEPTED, "False", problems[0].reason, message)


def _modules_ready(judged: Sequence[Judged]) -> Verdict:
    found = [(each.status.name, each.found) for each in judged if each.found is not None]
    if not found:
        message = "All pods of all modules are ready."
        return Verdict(ConditionType.MODULES_READY, "True", Reason.AS_EXPECTED, message)
    found.sort(key=lambda each: not each[1].doomed)
    first = found[0][1]
    message = "; ".join(f"{name}: {each.message}" for name, each in found[:NAMED])
    status: Truth = "False" if first.doomed else "Unknown"
    return Verdict(ConditionType.MODULES_READY, status, first.reason, message)


def _clean_up(evidence: Evidence) -> Verdict | None:
    """Refused actions on objects of no module that is wanted: deletions."""
    rendered = {key_of(each) for each in evidence.desired.manifests}
    for failure in evidence.failures:
        if failure.key not in rendered:
            message = f"{failure.key}: {failure.message}"
            status: Truth = "False" if failure.permanent else "Unknown"
            return Verdict(ConditionType.READY, status, Reason.APPLY_FAILED, message)
    return None


def _reconciling(ready: Verdict) -> Verdict:
    if ready.status == "Unknown":
        return Verdict(ConditionType.RECONCILING, "True", ready.reason, ready.message)
    message = "The operator waits for a change of the spec or the cluster."
    return Verdict(ConditionType.RECONCILING, "False", Reason.CONVERGED, message)


def _stalled(ready: Verdict) -> Verdict:
    if ready.status == "False":
        return Verdict(ConditionType.STALLED, "True", ready.reason, ready.message)
    message = "Nothing stands in the way."
    return Verdict(ConditionType.STALLED, "False", Reason.AS_EXPECTED, message)


def _timed(
    verdicts: Sequence[Verdict], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """Conditions; the time of transition moves only when `status` flips."""
    known = {each.type: each for each in before}
    return [_condition(each, known.get(each.type), generation, now) for each in verdicts]


def _condition(
    verdict: Verdict, before: Condition | None, generation: int, now: datetime
) -> Condition:
    kept = before is not None and before.status == verdict.status
    return Condition(
        type=verdict.type,
        status=verdict.status,
        reason=verdict.reason,
        message=verdict.message,
        observed_generation=generation,
        last_transition_time=before.last_transition_time if before and kept else now,
    )
