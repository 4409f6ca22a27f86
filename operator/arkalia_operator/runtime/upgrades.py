"""The upgrade of the operator, let into one system after the other.

Which system has it stands in the systems' own status, so another operator goes on where this one
ended. What may follow, `planning.upgrades` decides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.planning.upgrades import (
    Stage,
    Waves,
    gate_of,
    next_wave,
    policy_of,
    ready_since,
    stage,
)
from arkalia_operator.runtime.resources import Resources

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""Between two looks at how the systems are that took it."""


@dataclass(slots=True)
class Upgrades:
    """What this operator brings along, and which systems may have it."""

    operator: str
    """Which operator this is, see `planning.upgrades.renderer`."""
    policy: UpgradePolicy
    waves: Waves
    now: Callable[[], datetime]
    granted: set[SystemKey] = field(default_factory=set)
    """Systems that may take it, and whose status does not say so yet."""

    def policy_of(self, system: ArkaliaSystem) -> UpgradePolicy:
        """What holds for *system*."""
        return policy_of(system, self.policy)

    def gate(self, system: ArkaliaSystem) -> RolloutGate:
        """What may be rolled out for *system*."""
        return gate_of(system, self.policy_of(system), self.operator)

    def take_grant(self, key: SystemKey, system: ArkaliaSystem) -> ArkaliaSystemStatus | None:
        """The status of *system* once it may take the upgrade; None if nothing new is granted."""
        if key not in self.granted:
            return None
        self.granted.discard(key)
        stands = stage(system, self.policy_of(system), self.operator)
        return self.released(system) if stands is Stage.HOLDING else None

    def forget(self, key: SystemKey) -> None:
        """The system *key* is gone."""
        self.granted.discard(key)

    def rest(self) -> None:
        """Somebody else lets systems in from now on."""
        self.granted.clear()

    def released(self, system: ArkaliaSystem, plan_hash: str = "") -> ArkaliaSystemStatus:
        """The status of *system* once it may take the upgrade, by the plan *plan_hash*."""
        told = {"released": self.operator, "released_hash": plan_hash}
        changes = system.status.changes.model_copy(update=told)
        return system.status.model_copy(update={"changes": changes})

    async def run(self, resources: Resources, wake: Callable[[SystemKey], None]) -> None:
        """Let systems in until cancelled; *wake* is called with each."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for key in self._due_if_known(resources):
                self.granted.add(key)
                LOGGER.info("%s/%s may take the pod templates of this operator.", *key)
                wake(key)

    def _due_if_known(self, resources: Resources) -> list[SystemKey]:
        """What nobody foresaw keeps upgrades waiting, and nothing else: all systems are healed."""
        try:
            return self.due(resources)
        except Exception:
            LOGGER.exception("Which systems may take the upgrade cannot be told; none does now.")
            return []

    def due(self, resources: Resources) -> list[SystemKey]:
        """The systems that may take it now."""
        systems = dict(_usable(resources))
        if not any(each.status.changes.held for each in systems.values()):
            return []  # asked every other second, of a thousand systems too
        found = {
            key: (stage(each, self.policy_of(each), self.operator), ready_since(each))
            for key, each in systems.items()
        }
        return next_wave(found, self.waves, self.now())


def _usable(resources: Resources) -> Iterator[tuple[SystemKey, ArkaliaSystem]]:
    for key in resources.system_keys():
        system = resources.systems.get(key)
        if isinstance(system, ArkaliaSystem) and not system.deleting:
            yield key, system
