"""Two statuses → the Kubernetes Events that tell people what changed. Transitions only."""

from __future__ import annotations

from collections.abc import Iterator

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.conditions import Condition, ConditionType
from arkalia_operator.planning.actions import Announcement


def announcements(
    before: ArkaliaSystemStatus, after: ArkaliaSystemStatus
) -> tuple[Announcement, ...]:
    """One Event for each transition of `Ready` to another status or reason."""
    return tuple(_of_ready(_ready(before), _ready(after)))


def _ready(status: ArkaliaSystemStatus) -> Condition | None:
    return next((each for each in status.conditions if each.type == ConditionType.READY), None)


def _of_ready(before: Condition | None, after: Condition | None) -> Iterator[Announcement]:
    if after is None:
        return
    same = before and (before.status, before.reason) == (after.status, after.reason)
    if not same:
        doomed = after.status == "False"
        yield Announcement("Warning" if doomed else "Normal", after.reason, after.message)
