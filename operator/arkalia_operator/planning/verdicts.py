"""Verdicts on a system, and the conditions that they become.

`Ready`, `Reconciling` and `Stalled` always agree: what progresses is `Unknown`, what is doomed is
`False` with `Stalled=True`. kstatus, Argo CD and `kubectl wait` can then tell "not yet" from
"never".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.conditions import Condition
from arkalia_operator.api.reasons import Reason

Truth = Literal["True", "False", "Unknown"]
MESSAGE_LIMIT: Final = 4096
"""Longest message of a condition, in characters; the API would take eight times that."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition before it has a time."""

    type: ConditionType
    status: Truth
    reason: Reason
    message: str


NOT_RECONCILING: Final = Verdict(
    ConditionType.RECONCILING,
    "False",
    Reason.CONVERGED,
    "The operator waits for a change of the spec or the cluster.",
)
NOT_STALLED: Final = Verdict(
    ConditionType.STALLED, "False", Reason.AS_EXPECTED, Reason.AS_EXPECTED.meaning
)
RANK: Final[dict[Truth, int]] = {"False": 0, "Unknown": 1, "True": 2}
"""Worst first."""


def broken(kind: ConditionType, reason: Reason, message: str, *, doomed: bool) -> Verdict:
    """A verdict that something is not as it must be: never, or not yet."""
    return Verdict(kind, "False" if doomed else "Unknown", reason, message)


def summed_up(facts: Sequence[Verdict]) -> tuple[Verdict, Verdict, Verdict]:
    """`Ready`, `Reconciling` and `Stalled` for a system with these *facts*, causes first.

    The first of the worst gives the reason; all of the worst are told.
    """
    worst = min(facts, key=lambda each: RANK[each.status])
    if worst.status == "True":
        return agreeing("True", Reason.SYSTEM_READY, Reason.SYSTEM_READY.meaning)
    told = dict.fromkeys(each.message for each in facts if each.status == worst.status)
    return agreeing(worst.status, worst.reason, "; ".join(told))


def agreeing(ready: Truth, reason: Reason, message: str) -> tuple[Verdict, Verdict, Verdict]:
    """`Ready` with this status, and the `Reconciling` and `Stalled` that go with it."""
    return (
        Verdict(ConditionType.READY, ready, reason, message),
        Verdict(ConditionType.RECONCILING, "True", reason, message)
        if ready == "Unknown"
        else NOT_RECONCILING,
        Verdict(ConditionType.STALLED, "True", reason, message)
        if ready == "False"
        else NOT_STALLED,
    )


def conditions(
    verdicts: Sequence[Verdict], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """*verdicts* as conditions; the time of transition moves only when `status` flips."""
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
        message=verdict.message[:MESSAGE_LIMIT],
        observed_generation=generation,
        last_transition_time=before.last_transition_time if before and kept else now,
    )
