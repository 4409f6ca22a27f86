"""Everything known about a system → the status that tells the truth about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus, ModuleStatus
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired, model_server
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning import changes, data, exposure, identity, llm, permissions, unused
from arkalia_operator.planning.changes import waiting
from arkalia_operator.planning.data import DataView
from arkalia_operator.planning.evidence import (
    Evidence,
    complete,
    edge_view,
    module_view,
    modules_with_objects,
    rollouts_of,
    version_in_use,
)
from arkalia_operator.planning.exposure import ExposureView
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.model_server import LlmView
from arkalia_operator.planning.permissions import Right
from arkalia_operator.planning.plan import key_of, unwanted
from arkalia_operator.planning.readiness import finding, line, serves
from arkalia_operator.planning.verdicts import Verdict, agreeing, broken, conditions, summed_up

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
    """Whether its objects stay as they are, because of the spec."""


def judge(evidence: Evidence, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system after its plan was carried out."""
    system, evidence = evidence.system, complete(evidence)
    judged = _judged(evidence)
    edge = _edge_trouble(evidence)
    exposed = _exposure_ready(evidence, edge)
    models = llm.verdict(_models(evidence))
    told = [exposed] if exposure.holds_back(exposed, edge) else []
    # Models that are still being pulled hold nobody back: all but the chat serves.
    told += [models] if models.status == "False" and model_server.is_wanted(system) else []
    causes = (_accepted(evidence.desired), _data_ready(evidence), _identity_ready(evidence))
    accepted, data_ready, identity_ready = causes
    waits = waiting(evidence)
    hindrances = changes.hindrances(waits)
    # A module that only waits for what is told already adds nothing.
    own = [each for each in judged if not _is_told(each, causes)]
    summary = summed_up(
        [*hindrances, *causes, _modules_ready(evidence.desired, own), *told, *_clean_up(evidence)]
    )
    modules_ready = _modules_ready(evidence.desired, judged)
    facts = [accepted, modules_ready, identity_ready, data_ready]
    facts += [permissions.verdict(evidence.missing_rights), exposed, unused.verdict(evidence)]
    facts += [changes.verdict(waits, evidence), models]
    facts += _drifted(evidence)
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
    body: Mapping[str, Any],
    before: ArkaliaSystemStatus,
    error: ValidationError,
    now: datetime,
) -> ArkaliaSystemStatus:
    """The status of a stored resource that does not fit this operator's schema.

    What was known *before* stays: what was approved and let in holds again once the spec is mended.
    """
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
        Verdict(ConditionType.FIELDS_IGNORED, "Unknown", reason, message),
        Verdict(ConditionType.CHANGES_APPROVED, "Unknown", reason, message),
        Verdict(ConditionType.LLM_READY, "Unknown", reason, message),
    ]
    judged = conditions(verdicts, before.conditions, generation, now)
    return before.model_copy(update={"observed_generation": generation, "conditions": judged})


def judge_failed(system: ArkaliaSystem, message: str, now: datetime) -> ArkaliaSystemStatus:
    """The status of a system on which the operator itself failed: what was known, and that."""
    return _noted(system, agreeing("Unknown", Reason.OPERATOR_FAILED, message), now)


def judge_unseen(
    system: ArkaliaSystem, missing: Sequence[Right], now: datetime
) -> ArkaliaSystemStatus:
    """The status of a system whose objects the operator may not read: what was known, and that."""
    lacking = permissions.verdict(missing)
    told = agreeing("Unknown", Reason.PERMISSIONS_MISSING, lacking.message)
    status = _noted(system, (*told, lacking), now)
    return status.model_copy(update={"observed_generation": system.generation})


def _noted(
    system: ArkaliaSystem, verdicts: Sequence[Verdict], now: datetime
) -> ArkaliaSystemStatus:
    """The status that *system* has, with these *verdicts* in the place of those of their types."""
    before = system.status.conditions
    judged = {each.type for each in verdicts}
    kept = [each for each in before if each.type not in judged]
    return system.status.model_copy(
        update={"conditions": [*conditions(verdicts, before, system.generation, now), *kept]}
    )


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
        reason = Reason.SPEC_ACCEPTED
        return Verdict(ConditionType.ACCEPTED, "True", reason, reason.meaning)
    message = "; ".join(first_of([each.message for each in problems]))
    return Verdict(ConditionType.ACCEPTED, "False", problems[0].reason, message)


def _modules_ready(desired: Desired, judged: Sequence[Judged]) -> Verdict:
    named: dict[Finding, list[str]] = {}
    for each in judged:
        if each.found is not None:
            named.setdefault(each.found, []).extend([] if each.is_held else [each.status.name])
    if named:
        found = sorted(named, key=lambda each: not each.doomed)
        message = "; ".join(first_of([_of_modules(named[each], each) for each in found]))
        doomed = found[0].doomed
        return broken(ConditionType.MODULES_READY, found[0].reason, message, doomed=doomed)
    problem = desired.resolution.problem
    if problem is not None:
        return Verdict(ConditionType.MODULES_READY, "Unknown", problem.reason, problem.message)
    message = "All pods of all modules are ready."
    return Verdict(ConditionType.MODULES_READY, "True", Reason.AS_EXPECTED, message)


def _of_modules(names: Sequence[str], found: Finding) -> str:
    """What was *found* of the modules *names*; a problem of the spec names the module itself."""
    return f"{', '.join(first_of(names))}: {found.message}" if names else found.message


def _is_told(judged: Judged, causes: Sequence[Verdict]) -> bool:
    """Whether one of the *causes* says already what keeps the module from being ready."""
    found = judged.found
    return found is not None and any(found.message in each.message for each in causes)


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


def _edge_trouble(evidence: Evidence) -> Finding | None:
    """Why the edge is not ready; None if it is, or none is wanted."""
    is_wanted = evidence.desired.resolution.problem is None
    is_wanted = is_wanted and evidence.system.spec.exposure.edge.enabled
    return finding(edge_view(evidence)) if is_wanted else None


def _exposure_ready(evidence: Evidence, edge: Finding | None) -> Verdict:
    problem = evidence.desired.resolution.problem
    if problem is not None:
        return Verdict(ConditionType.EXPOSURE_READY, "Unknown", problem.reason, problem.message)
    return exposure.verdict(
        ExposureView(evidence.system, evidence.desired, evidence.observed, evidence.failures, edge)
    )


def _models(evidence: Evidence) -> LlmView:
    return LlmView(evidence.system, evidence.desired, evidence.observed, evidence.failures)


def _drifted(evidence: Evidence) -> Iterator[Verdict]:
    """What others have changed and is left so: it does not keep the system from being ready."""
    left = sorted(evidence.left, key=lambda each: str(each.key))
    contended = [str(each) for each in left if each.contended]
    reported = [str(each) for each in left if not each.contended]
    if contended:
        message = "; ".join(first_of(contended))
        yield Verdict(ConditionType.CONTENDED, "True", Reason.FIELD_CONTENDED, message)
    if reported:
        message = "; ".join(first_of(reported))
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
        names = ", ".join(first_of(sorted(str(each.key) for each in left)))
        number = "1 object is" if len(left) == 1 else f"{len(left)} objects are"
        message = f"{number} still to be deleted: {names}"
        verdicts.append(broken(ConditionType.READY, Reason.OBJECTS_LEFT, message, doomed=False))
    return verdicts
