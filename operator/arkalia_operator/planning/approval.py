"""`spec.changes.policy: Approve`: what is carried out, what waits, and what an approval does.

What was approved stands in status, where nobody but the operator can write. It is carried out in
the place of the spec until another plan is approved: so it is repaired like every other system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from arkalia_operator.api.arkaliaaction import ArkaliaActionStatus
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.changes import ApprovedStatus, Changes
from arkalia_operator.api.resources import ArkaliaAction, ArkaliaSystem
from arkalia_operator.desired import Desired
from arkalia_operator.desired.kinds import BY_NAME
from arkalia_operator.planning.differences import Item, compared

HASH_LENGTH: Final = 16
KEPT: Final = 32
"""Answered actions of a system that are kept, so that people can look them up."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A system as it is carried out."""

    system: ArkaliaSystem
    """With the spec that was approved."""
    wanted: ArkaliaSystem | None = None
    """With its own spec, where that is another one."""
    approved: ApprovedStatus | None = None
    """What was approved last."""
    frozen: bool = False
    """Whether nothing is known that was approved: nothing new is applied. What runs is kept as far as
    that needs no spec: its certificates are renewed."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The plan that waits."""

    items: Sequence[Item]
    problems: Sequence[str] = ()
    """What of the spec that waits could not be understood."""

    @property
    def hash(self) -> str:
        """Another one for another plan."""
        text = "\n".join([*self.problems, *(each.identity for each in self.items)])
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def carried(system: ArkaliaSystem) -> Carried:
    """What of *system* is carried out now."""
    if system.spec.changes.policy != "Approve":
        return Carried(system)
    approved = system.status.approved
    if approved is None:
        return _first(system)
    spec = _spec(approved)
    if spec is None:
        return Carried(system, system, frozen=True)
    now = spec.model_copy(update={"changes": system.spec.changes})
    waits = written(now) != written(system.spec)
    return Carried(replace(system, spec=now), system if waits else None, approved)


def _first(system: ArkaliaSystem) -> Carried:
    """A system that runs when the policy begins goes on; a new one waits from its beginning."""
    runs = bool(system.status.rollouts)
    return Carried(system, approved=approved_now(system)) if runs else _not_begun(system)


def _not_begun(system: ArkaliaSystem) -> Carried:
    """Nothing of it is there that could be kept, so it is as if it was paused."""
    changes = system.spec.changes.model_copy(update={"pause": True})
    spec = system.spec.model_copy(update={"changes": changes})
    return Carried(replace(system, spec=spec), system, frozen=True)


def _spec(approved: ApprovedStatus) -> ArkaliaSystemSpec | None:
    try:
        return ArkaliaSystemSpec.model_validate(approved.spec)
    except ValidationError:
        return None  # another operator's: nothing is carried out before somebody approves anew


def approved_now(system: ArkaliaSystem, plan_hash: str = "", by: str = "") -> ApprovedStatus:
    """The spec of *system* as it is approved."""
    spec = system.spec.model_copy(update={"changes": Changes()})
    return ApprovedStatus(generation=system.generation, hash=plan_hash, by=by, spec=written(spec))


def written(spec: ArkaliaSystemSpec) -> dict[str, Any]:
    """*spec* as a user wrote it, without `changes`: these are obeyed at once."""
    return spec.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude_none=True, exclude={"changes"}
    )


def pending(before: Desired, after: Desired, served: frozenset[str], *, first: bool) -> Pending:
    """What would be done if *after* was carried out in the place of *before*; the *first* time all.

    *served* are the names of the optional kinds that can be used.
    """
    found = compared(() if first else before.manifests, after)
    return Pending(
        tuple(each for each in found if not _optional(each) or each.key.kind in served),
        tuple(each.message for each in after.resolution.problems),
    )


def _optional(item: Item) -> bool:
    return BY_NAME[item.key.kind].optional


def approval(actions: Iterable[ArkaliaAction], plan_hash: str) -> ArkaliaAction | None:
    """The action that approves the plan *plan_hash*; None if nobody did."""
    for each in sorted(actions, key=lambda action: action.name):
        wanted = each.spec.approve_plan
        if plan_hash and not each.status.phase and wanted and wanted.hash == plan_hash:
            return each
    return None


def answers(
    actions: Iterable[ArkaliaAction], system: ArkaliaSystem
) -> Iterator[tuple[ArkaliaAction, ArkaliaActionStatus]]:
    """What to say about the *actions* that are not answered, once status is written."""
    accepted = _accepted(system)
    for each in actions:
        wanted = each.spec.approve_plan.hash if each.spec.approve_plan else ""
        if each.status.phase or wanted == system.status.changes.hash:
            continue
        if wanted in accepted:
            yield each, ArkaliaActionStatus(phase="Done", message=accepted[wanted])
        else:
            yield each, ArkaliaActionStatus(phase="Refused", message=_refused(system, wanted))


def outlived(actions: Iterable[ArkaliaAction]) -> list[ArkaliaAction]:
    """Those of the answered *actions* that end now: of many, the oldest."""
    done = sorted((each for each in actions if each.status.phase), key=lambda each: each.created)
    return done[: max(len(done) - KEPT, 0)]


def _accepted(system: ArkaliaSystem) -> Mapping[str, str]:
    """The plans that were approved last, with what is said of them."""
    found = {}
    if system.status.approved is not None:
        generation = system.status.approved.generation
        found[system.status.approved.hash] = f"Generation {generation} of the spec is carried out."
    found[system.status.changes.released_hash] = "The pod templates of this operator are let in."
    return {plan: said for plan, said in found.items() if plan}


def _refused(system: ArkaliaSystem, wanted: str) -> str:
    waits = system.status.changes.hash
    if not waits and system.spec.changes.hold_rollouts:
        return (
            f"Plan {wanted} does not wait for approval: spec.changes.holdRollouts keeps the pods as "
            "they are, set it to false."
        )
    now = f"plan {waits} waits" if waits else "no plan waits"
    return f"Plan {wanted} does not wait, {now}: look at it (arkalia plan) and approve that."
