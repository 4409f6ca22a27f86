"""Two statuses → the Kubernetes Events that tell people what changed. Transitions only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.conditions import Condition
from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.actions import Announcement
from arkalia_operator.planning.drift import Drifted
from arkalia_operator.planning.observed import ObjectKey

TOLD: Final = (
    ConditionType.READY,
    ConditionType.IDENTITY_READY,
    ConditionType.DATA_READY,
    ConditionType.PERMISSIONS_READY,
)


def announcements(
    before: ArkaliaSystemStatus, after: ArkaliaSystemStatus
) -> tuple[Announcement, ...]:
    """One Event for each transition of a told condition to another status or reason.

    What is ignored is told again when it is something else: each mistake may be another person's.
    What waits for a person's word is told once, and not a second time because of `Ready`.
    """
    waits = tuple(_waiting(before, after))
    told = (
        each
        for kind in (*TOLD, ConditionType.CONTENDED)
        for each in _of(_condition(before, kind), _condition(after, kind))
        if each.reason not in {one.reason for one in waits}
    )
    kind = ConditionType.FIELDS_IGNORED
    return (*waits, *told, *_ignored(_condition(before, kind), _condition(after, kind)))


def repaired(drifts: Iterable[Drifted]) -> tuple[Announcement, ...]:
    """One Event for each object that was changed back."""
    return tuple(
        Announcement("Normal", Reason.DRIFT_REPAIRED, f"{each}, and was changed back")
        for each in drifts
    )


def recreated(keys: Iterable[ObjectKey]) -> tuple[Announcement, ...]:
    """One Event for each object that was deleted; who did that, the API server keeps nowhere."""
    return tuple(
        Announcement("Normal", Reason.DRIFT_REPAIRED, f"{each} was deleted, and was created again")
        for each in keys
    )


def reported(before: ArkaliaSystemStatus, drifts: Iterable[Drifted]) -> tuple[Announcement, ...]:
    """One Event for each object that is left changed, but for what the status *before* says.

    An operator that starts finds again what the one before it has told.
    """
    known = _condition(before, ConditionType.DRIFTED)
    told = known.message if known else ""
    return tuple(
        Announcement("Warning", Reason.DRIFT_REPORTED, str(each))
        for each in drifts
        if str(each) not in told
    )


def _condition(status: ArkaliaSystemStatus, kind: ConditionType) -> Condition | None:
    return next((each for each in status.conditions if each.type == kind), None)


def _of(before: Condition | None, after: Condition | None) -> Iterator[Announcement]:
    if after is None:
        return
    same = before and (before.status, before.reason) == (after.status, after.reason)
    if not same and not (before is None and after.reason == Reason.PERMISSIONS_GRANTED):
        doomed = after.status == "False" or after.type == ConditionType.CONTENDED
        yield Announcement("Warning" if doomed else "Normal", after.reason, after.message)


def _waiting(before: ArkaliaSystemStatus, after: ArkaliaSystemStatus) -> Iterator[Announcement]:
    """What waits, each time that it is another plan, and that nothing does any more."""
    was, now = (_condition(each, ConditionType.CHANGES_APPROVED) for each in (before, after))
    waited = was is not None and was.status == "False"
    if now is None or now.status == "Unknown" or (now.status == "True" and not waited):
        return
    same = was and (was.status, was.reason) == (now.status, now.reason)
    if not same or before.changes.hash != after.changes.hash:
        yield Announcement("Normal", now.reason, now.message)


def _ignored(before: Condition | None, after: Condition | None) -> Iterator[Announcement]:
    was = before.message if before and before.status == "True" else ""
    if after is None or after.status == "Unknown":
        return
    if after.status == "True" and after.message != was:
        yield Announcement("Warning", after.reason, after.message)
    elif after.status == "False" and was:
        yield Announcement("Normal", after.reason, after.message)
