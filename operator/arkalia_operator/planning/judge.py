"""Everything known about a system → the status that tells the truth about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus, ModuleStatus
from arkalia_operator.api.conditions import Condition, ConditionType, Reason
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import Desired
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning import changes, data, exposure, identity, permissions
from arkalia_operator.planning.changes import waiting
from arkalia_operator.planning.data import DataView
from arkalia_operator.planning.evidence import (
    Evidence,
    complete,
    module_view,
    modules_with_objects,
    rollouts_of,
    version_in_use,
)
from arkalia_operator.planning.exposure import ExposureView
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.plan import key_of, unwanted
from arkalia_operator.planning.readiness import finding, line, serves
from arkalia_operator.planning.verdicts import Verdict, agreeing, broken, conditions, summed_up

NAMED: Final = 3
"""A message names this many things; the list in status names all modules."""
LISTED: Final = 64
"""Modules in the list, as its schema allows; those that are not ready come first."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A module's line in status, and what was found."""

    status: ModuleStatus
    found: Finding | None
    serves: bool
    """Whether enough pods answer, be they of an older revision."""
    is_held: bool = False

    @property
    def message(self) -> str:
        """Why it is not ready, with its name; a problem of the spec names the module itself."""
        found = self.found.message if self.found else ""
        return found if self.is_held else f"{self.status.name}: {found}"


def judge(evidence: Evidence, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system after its plan was carried out."""
    system, evidence = evidence.system, complete(evidence)
    judged = _judged(evidence)
    facts = [
        _accepted(evidence.desired),
        _modules_ready(evidence.desired, judged),
        _identity_ready(evidence),
        _data_ready(evidence),
    ]
    waits = waiting(evidence)
    exposed = _exposure_ready(evidence)
    # What others have not said yet holds nobody back: see `planning.exposure`.
    told = [exposed] if exposed.status == "False" else []
    summary = summed_up([*changes.hindrances(waits), *facts, *told, *_clean_up(evidence)])
    facts += [permissions.verdict(evidence.missing_rights), exposed]
    facts += [changes.verdict(waits, evidence), *_drifted(evidence)]
    return ArkaliaSystemStatus(
        observed_generation=system.generation,
        version=version_in_use(evidence),
        modules_ready=f"{sum(each.serves for each in judged)}/{len(judged)}",
        modules=_listed(judged),
        changes=changes.changes_status(waits, system.status.changes),
        approved=evidence.approved,
        rollouts=changes.rollout_lines(evidence, now),
        conditions=conditions([*summary, *facts], system.status.conditions, system.generation, now),
    )


def judge_invalid(
    body: Mapping[str, Any], error: ValidationError, now: datetime
) -> ArkaliaSystemStatus:
    """The status of a stored resource that does not fit this operator's schema."""
    message = mistakes_of(error)
    reason, generation = Reason.INVALID_SPEC, body["metadata"].get("generation", 0)
    verdicts = [
        *agreeing("False", reason, message),
        Verdict(ConditionType.ACCEPTED, "False", reason, message),
        Verdict(ConditionType.MODULES_READY, "Unknown", reason, message),
        Verdict(ConditionType.IDENTITY_READY, "Unknown", reason, message),
        Verdict(ConditionType.DATA_READY, "Unknown", reason, message),
        Verdict(ConditionType.PERMISSIONS_READY, "Unknown", reason, message),
        Verdict(ConditionType.EXPOSURE_READY, "Unknown", reason, message),
        Verdict(ConditionType.CHANGES_APPROVED, "Unknown", reason, message),
    ]
    return ArkaliaSystemStatus(
        observed_generation=generation,
        conditions=conditions(verdicts, _readable_conditions(body), generation, now),
    )


def judge_failed(system: ArkaliaSystem, message: str, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system on which the operator itself failed: what was known, and that."""
    verdicts = agreeing("Unknown", Reason.OPERATOR_FAILED, message)
    before = system.status.conditions
    judged = {each.type for each in verdicts}
    kept = [each for each in before if each.type not in judged]
    return system.status.model_copy(
        update={"conditions": [*conditions(verdicts, before, system.generation, now), *kept]}
    )


def _readable_conditions(body: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a status that another version of the operator may have written."""
    found = []
    for each in (body.get("status") or {}).get("conditions") or []:
        try:
            found.append(Condition.model_validate(each))
        except ValidationError:
            continue
    return found


def _judged(evidence: Evidence) -> list[Judged]:
    """Every module of the system, in the order of their names."""
    resolution = evidence.desired.resolution
    rendered = []
    for module in resolution.modules:
        view = module_view(module, evidence)
        rollouts = [each.rollout for each in view.deployments]
        found = finding(view)
        status = line(module.name, module.image, rollouts, found)
        rendered.append(Judged(status, found, serves=serves(view, len(module.spec.components))))
    held = [_held(name, problem, evidence) for name, problem in _held_problems(evidence).items()]
    return sorted((*rendered, *held), key=lambda each: each.status.name)


def _held_problems(evidence: Evidence) -> Mapping[str, Problem]:
    """The modules whose objects stay as they are, with the reason."""
    resolution = evidence.desired.resolution
    if resolution.problem is not None:
        return dict.fromkeys(modules_with_objects(evidence), resolution.problem)
    return {name: each.problem for name, each in resolution.held.items()}


def _held(name: str, problem: Problem, evidence: Evidence) -> Judged:
    found = Finding(problem.reason, problem.message, doomed=True)
    rollouts = rollouts_of(name, evidence)
    full = bool(rollouts) and all(each.available >= each.wanted for each in rollouts)
    return Judged(line(name, "", rollouts, found), found, serves=full, is_held=True)


def _listed(judged: Sequence[Judged]) -> list[ModuleStatus]:
    statuses = [each.status for each in judged]
    if len(statuses) <= LISTED:
        return statuses
    first = sorted(statuses, key=lambda each: each.ready)[:LISTED]
    return sorted(first, key=lambda each: each.name)


def _accepted(desired: Desired) -> Verdict:
    problems = desired.resolution.problems
    if not problems:
        message = " ".join(["Every part of the spec is understood.", *_not_used(desired)])
        return Verdict(ConditionType.ACCEPTED, "True", Reason.SPEC_ACCEPTED, message)
    message = "; ".join(each.message for each in problems[:NAMED])
    return Verdict(ConditionType.ACCEPTED, "False", problems[0].reason, message)


def _not_used(desired: Desired) -> Iterator[str]:
    names = ", ".join(desired.resolution.ignored[:NAMED])
    if names:
        yield (
            f"Not used: ArkaliaModule {names}, since a built-in module has this name: give it "
            "another one, or delete it."
        )


def _modules_ready(desired: Desired, judged: Sequence[Judged]) -> Verdict:
    found = [(each.found, each.message) for each in judged if each.found is not None]
    if found:
        found.sort(key=lambda each: not each[0].doomed)
        first = found[0][0]
        messages = list(dict.fromkeys(message for _, message in found))
        message = "; ".join(messages[:NAMED])
        return broken(ConditionType.MODULES_READY, first.reason, message, doomed=first.doomed)
    problem = desired.resolution.problem
    if problem is not None:
        return Verdict(ConditionType.MODULES_READY, "Unknown", problem.reason, problem.message)
    message = "All pods of all modules are ready."
    return Verdict(ConditionType.MODULES_READY, "True", Reason.AS_EXPECTED, message)


def _identity_ready(evidence: Evidence) -> Verdict:
    problem = evidence.desired.resolution.problem
    if problem is not None:
        kind = ConditionType.IDENTITY_READY
        return Verdict(kind, "Unknown", problem.reason, problem.message)
    return identity.verdict(evidence.identity)


def _data_ready(evidence: Evidence) -> Verdict:
    problem = evidence.desired.resolution.problem
    if problem is not None:
        return Verdict(ConditionType.DATA_READY, "Unknown", problem.reason, problem.message)
    return data.verdict(
        DataView(
            evidence.system,
            evidence.desired,
            evidence.observed,
            evidence.failures,
            evidence.data,
        )
    )


def _exposure_ready(evidence: Evidence) -> Verdict:
    problem = evidence.desired.resolution.problem
    if problem is not None:
        return Verdict(ConditionType.EXPOSURE_READY, "Unknown", problem.reason, problem.message)
    return exposure.verdict(
        ExposureView(evidence.system, evidence.desired, evidence.observed, evidence.failures)
    )


def _drifted(evidence: Evidence) -> Iterator[Verdict]:
    """What others have changed and is left so: it does not keep the system from being ready."""
    contended = [str(each) for each in evidence.left if each.contended]
    reported = [str(each) for each in evidence.left if not each.contended]
    if contended:
        message = "; ".join(contended[:NAMED])
        yield Verdict(ConditionType.CONTENDED, "True", Reason.FIELD_CONTENDED, message)
    if reported:
        message = "; ".join(reported[:NAMED])
        yield Verdict(ConditionType.DRIFTED, "True", Reason.DRIFT_REPORTED, message)


def _clean_up(evidence: Evidence) -> list[Verdict]:
    """What hinders the end of objects that nothing asks for any more."""
    wanted = {key_of(each) for each in evidence.desired.manifests}
    verdicts = [
        broken(
            ConditionType.READY,
            Reason.APPLY_FAILED,
            f"{failure.key}: {failure.message}",
            doomed=failure.permanent,
        )
        for failure in evidence.failures
        if failure.key not in wanted
    ]
    left = unwanted(evidence.system, evidence.desired, evidence.observed)
    if left:
        names = ", ".join(sorted(str(each.key) for each in left)[:NAMED])
        number = "1 object is" if len(left) == 1 else f"{len(left)} objects are"
        message = f"{number} still to be deleted: {names}"
        verdicts.append(broken(ConditionType.READY, Reason.OBJECTS_LEFT, message, doomed=False))
    return verdicts
