"""Which systems are as they should be, and what that was decided from.

Planning is arithmetic: the same facts lead to the same plan. So a reconcile that found nothing to do
is remembered with everything it knew, and the next one that knows exactly the same has nothing to do
either. Most reconciles are such: the clock asks for them, so that nothing is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arkalia_operator.api.resources import ArkaliaAction, ArkaliaSystem
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.planning.observed import Observed
from arkalia_operator.planning.permissions import Right
from arkalia_operator.runtime.data import SettledData
from arkalia_operator.runtime.identity import Settled
from arkalia_operator.runtime.settling import LONGEST_LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that plan and status of one system are made of; the clock is none of it."""

    system: ArkaliaSystem
    resolution: Resolution
    observed: Observed
    identity: Settled
    data: SettledData
    missing_rights: Sequence[Right]
    actions: Sequence[ArkaliaAction] = ()
    """The ArkaliaActions about it."""

    next_look: float = LONGEST_LOOK_SECONDS
    """Seconds until it must be looked at again."""

    def same_as(self, other: Facts | None) -> bool:
        """Whether both lead to the same. When to look again is no fact."""
        return other is not None and self._told() == other._told()

    def _told(self) -> tuple[object, ...]:
        # Within a tuple, what is the very same object is not compared: nearly everything is.
        return (
            self.system,
            self.observed,
            self.identity.trust,
            self.identity.state,
            self.data.access,
            self.data.state,
            self.missing_rights,
            self.actions,
            self.resolution,
        )


class SettledSystems:
    """What was known when nothing was left to do."""

    def __init__(self) -> None:
        self._facts: dict[SystemKey, Facts] = {}

    def has(self, key: SystemKey, facts: Facts) -> bool:
        """Whether nothing was to be done the last time, with the same *facts*."""
        return facts.same_as(self._facts.get(key))

    def remember(self, key: SystemKey, facts: Facts) -> None:
        """Nothing is to be done for the system *key*, as far as is known."""
        self._facts[key] = facts

    def forget(self, key: SystemKey) -> None:
        """Something was to be done, or the system is gone."""
        self._facts.pop(key, None)
