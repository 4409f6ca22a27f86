"""What waits, what would be replaced by it, and what status says of both."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arkalia_operator.api.changes import ChangesStatus, RolloutStatus
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired.kinds import BY_NAME, ROLLED_OUT
from arkalia_operator.planning.approval import Pending
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.observed import ChildRecord, ObjectKey, RolloutGate
from arkalia_operator.planning.plan import plan, rollouts
from arkalia_operator.planning.rollouts import CHANGED_SPEC, PlannedRollout, read, told
from arkalia_operator.planning.verdicts import Verdict, broken

LISTED: Final = 64
"""Names in `status.changes.restarts`, as its schema allows."""
LISTED_ROLLOUTS: Final = 128
LONGEST_LINE: Final = 512
HASH_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one system."""

    paused: int | None = None
    """Objects that differ, while the operator writes nothing; None where it is not paused."""
    held: Mapping[ObjectKey, PlannedRollout] | None = None
    """Pod templates that are held, by the object they belong to."""
    pending: Pending | None = None
    """The plan that waits for approval."""
    version: str = ""
    """Version that an upgrade of the operator brings along, and which nobody let in yet."""
    closed: bool = False
    """Whether `spec.changes.holdRollouts` holds it all, so that no approval lets anything in."""

    @property
    def differing(self) -> str:
        """How many objects differ while nothing is written."""
        return "1 object differs" if self.paused == 1 else f"{self.paused} objects differ"

    @property
    def names(self) -> list[str]:
        """Objects whose pods would be replaced."""
        return sorted(map(str, self.held or {}))

    @property
    def by_upgrade(self) -> list[str]:
        """Those of them that nothing but an upgrade of the operator would replace."""
        found = (self.held or {}).items()
        return sorted(str(key) for key, each in found if each.waits_for_upgrade)


def waiting(evidence: Evidence) -> Waiting:
    """What waits, now that the plan was carried out as far as it may."""
    found = rollouts(evidence.desired, evidence.observed)
    held = {key: each for key, each in found.items() if each.is_held}
    paused = None
    if evidence.system.spec.changes.pause and not evidence.frozen:
        left = plan(evidence.system, evidence.desired, evidence.observed)
        paused = len(left.applies) + len(left.deletes)
    closed = not evidence.observed.gate.rollouts
    return Waiting(paused, held, evidence.pending, evidence.version_waits, closed)


def changes_status(found: Waiting, before: ChangesStatus) -> ChangesStatus:
    """*found* as status has it; *before* says which operator's templates were let in last."""
    items = found.pending.items if found.pending else ()
    counts = Counter(each.operation for each in items)
    restarts = {*found.names, *(str(each.key) for each in items if each.restarts)}
    return ChangesStatus(
        hash=plan_hash(found),
        create=counts["create"],
        change=counts["change"],
        delete=counts["delete"],
        objects=[str(each)[:LONGEST_LINE] for each in items[:LISTED]],
        restarts=sorted(restarts)[:LISTED],
        held=len(found.by_upgrade) + bool(found.version),
        released=before.released,
        released_hash=before.released_hash,
    )


def plan_hash(found: Waiting) -> str:
    """Which plan waits; empty if none does that an approval could let in."""
    if found.pending is not None:
        return found.pending.hash
    held = {key: each for key, each in (found.held or {}).items() if each.waits_for_upgrade}
    if found.closed or not (held or found.version):
        return ""
    parts = [f"{key}={each.wanted}" for key, each in held.items()]
    text = "\n".join([found.version, *sorted(parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def hindrances(found: Waiting) -> Iterator[Verdict]:
    """Why the system is not as its spec says, although nothing is wrong."""
    if found.paused:
        message = f"{found.differing}, and spec.changes.pause keeps the operator from writing"
        yield broken(ConditionType.READY, Reason.PAUSED, message, doomed=False)
    elif found.pending is not None:
        message = f"plan {found.pending.hash} waits for approval"
        yield broken(ConditionType.READY, Reason.WAITING_FOR_APPROVAL, message, doomed=False)


def verdict(found: Waiting, evidence: Evidence) -> Verdict:
    """`ChangesApproved`."""
    kind = ConditionType.CHANGES_APPROVED
    if found.paused is not None:
        message = f"spec.changes.pause is set: nothing is written; {found.differing}."
        return Verdict(kind, "False", Reason.PAUSED, message)
    if found.pending is not None:
        message = _to_approve(found.pending, evidence)
        return Verdict(kind, "False", Reason.WAITING_FOR_APPROVAL, message)
    if not found.held and not found.version:
        return Verdict(kind, "True", Reason.NOTHING_WAITS, Reason.NOTHING_WAITS.meaning)
    message = " ".join([*_of_spec(found), *_of_upgrade(found, evidence.upgrades)])
    return Verdict(kind, "False", Reason.ROLLOUTS_HELD, message)


def _to_approve(plan: Pending, evidence: Evidence) -> str:
    """What the plan would do, and how it is approved."""
    counts = Counter(each.operation for each in plan.items)
    told = ", ".join(f"{counts[each]} to {each}" for each in ("create", "change", "delete"))
    replaced = [str(each.key) for each in plan.items if each.restarts]
    pods = f"; the pods of {_few(replaced)} are replaced" if replaced else ""
    problems = "".join(f" {each}." for each in first_of(plan.problems))
    system = evidence.system
    return (
        f"Plan {plan.hash} waits: objects {told}{pods}.{problems} Approve it with arkalia approve "
        f"{system.name} --namespace {system.namespace} --hash {plan.hash}, or take the change of "
        "the spec back."
    )


def _of_spec(found: Waiting) -> Sequence[str]:
    held = (found.held or {}).items()
    others = sorted(
        f"{key} ({_few(each.held)})" for key, each in held if not each.waits_for_upgrade
    )
    if not others:
        return ()
    return (
        f"spec.changes.holdRollouts keeps the pods of {_few(others)} as they are: set it to false "
        "to replace them.",
    )


def _of_upgrade(found: Waiting, policy: str) -> Sequence[str]:
    if not found.by_upgrade and not found.version:
        return ()
    what = f"Version {found.version}" if found.version else _few(found.by_upgrade)
    how = {
        "Waves": "they are let in system by system as long as none gets worse",
    }.get(policy, "write spec.changes.rollout.upgrades: AtOnce to let it in")
    if found.closed:
        how = "spec.changes.holdRollouts keeps them as they are: set it to false first"
    return (f"An upgrade of the operator would replace pods: {what}; {how}.",)


def _few(names: Sequence[str]) -> str:
    return ", ".join(first_of(names))


def rollout_lines(evidence: Evidence, now: datetime) -> list[RolloutStatus]:
    """Why the pods of each object are as they are; the time moves only with the reason."""
    before = {each.name: each for each in evidence.system.status.rollouts}
    records = [
        each
        for each in evidence.observed.children.values()
        if BY_NAME[each.key.kind] in ROLLED_OUT and each.owner_uid == evidence.system.uid
    ]
    gate = evidence.observed.gate
    found = [_line(each, before.get(str(each.key)), gate, now) for each in records]
    return sorted(found, key=lambda each: each.name)[:LISTED_ROLLOUTS]


def _line(
    record: ChildRecord, before: RolloutStatus | None, gate: RolloutGate, now: datetime
) -> RolloutStatus:
    revision, reason = told(record)
    if read(record.made) is None and (gate.new_spec or str(record.key) in gate.changed):
        # Its first note was refused: the next try must know that somebody asked for the change.
        reason = CHANGED_SPEC
    same = before is not None and (before.revision, before.reason) == (revision, reason)
    time = before.time if before is not None and same else now
    return RolloutStatus(name=str(record.key), reason=reason, revision=revision, time=time)
