"""The credentials of a system's data, brought to what they must be before objects are rendered.

What is rendered names what must be applied to each data service, so this comes first, in a few
rounds of look, decide and write. What takes a Job, or time, is looked at again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arkalia_operator import metrics
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.credentials import Credentials, Preparing
from arkalia_operator.cluster.secrets import fresh_for_few
from arkalia_operator.desired import names
from arkalia_operator.desired.data import needs
from arkalia_operator.desired.data.access import DataAccess
from arkalia_operator.desired.kept import WantedKept, kept
from arkalia_operator.desired.kinds import SECRET
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.planning import kept as planning_kept
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.credentials import (
    Moment,
    ObservedCredentials,
    Step,
    WriteAdmin,
    next_look,
    pending,
    steps,
    taken,
)
from arkalia_operator.planning.data import DataState
from arkalia_operator.planning.kept import KeptSecret, MakeKept
from arkalia_operator.planning.lineage import Keeping, Lineage, Retained, lineage
from arkalia_operator.planning.observed import ObjectKey, Observed
from arkalia_operator.planning.services import (
    Picture,
    Situation,
    access,
    active,
    picture,
    retained,
)
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.settling import (
    bounded,
    failures_of,
    written,
)

Kept = Mapping[str, KeptSecret]

ROUNDS: Final = 3
"""The passwords, what the modules get of them, and a look at what came of it."""
TROUBLED_LOOK_SECONDS: Final = 10.0
"""Somebody is about to restore or correct a Secret, and waits for what comes of it."""


@dataclass(frozen=True, slots=True)
class SettledData:
    """What came of it."""

    access: DataAccess
    state: DataState
    next_look: float
    """Seconds until it must be looked at again."""


@dataclass(frozen=True, slots=True)
class FoundData:
    """A system's data as it was found."""

    situation: Situation
    lineage: Lineage
    kept: tuple[WantedKept, ...] = ()
    """Secrets that are made once."""


@dataclass(slots=True)
class DataServices:
    """Brings the credentials of systems' data to what they must be."""

    credentials: Credentials
    spread_seconds: float
    now: Callable[[], datetime]
    longest_look: Callable[[], float] = fresh_for_few
    """Seconds until Secrets are looked at again."""

    async def look(
        self,
        system: ArkaliaSystem,
        resolution: Resolution,
        before: Observed,
        others: Awaitable[Sequence[Retained]],
    ) -> FoundData:
        """Which data there is; *others* is what else outlives a system. Raises ApiError.

        Both are looked at together: a new system waits for one answer in place of two.
        """
        wanted = kept(system, resolution)
        if _is_in_trouble(system):
            self.credentials.forget(system)
            self.credentials.kept.forget(system, wanted)
        situation = Situation(system, resolution, before, needs.secrets(system, resolution))
        looking = self.credentials.look(system, situation.wanted)
        looking_at_kept = self.credentials.kept.look(system, wanted)
        seen, made, more = await asyncio.gather(looking, looking_at_kept, others)
        found = [*retained(situation, seen), *planning_kept.retained(made), *more]
        return FoundData(situation, lineage(system.uid, found), wanted)

    async def settle(
        self, found_data: FoundData, presence: Presence, *, frozen: bool = False
    ) -> SettledData:
        """Make what is missing or due. Raises ApiError if Secrets cannot be read, SystemGoneError.

        Nothing while it is *frozen*: another password needs a Job, and endpoints follow the spec.
        """
        situation = found_data.situation
        if situation.resolution.hold_all:
            return SettledData(DataAccess(), DataState(), self.longest_look())
        failures: tuple[Failure, ...] = ()
        held = frozen or situation.system.spec.changes.pause
        for _ in range(ROUNDS):
            seen, made = await self._look_again(found_data)
            found = picture(situation, seen, found_data.lineage)
            todo = self._todo(found_data, seen, made, found)
            if failures or not todo or held:
                break
            await presence.make_sure()
            failures = await failures_of(self._write(situation, seen, found, each) for each in todo)
        settled = self._settled(situation, seen, found, failures)
        settled = _with_kept(settled, found_data, made)
        if todo and held:  # what is due may not be made: there is nothing to come for
            return replace(settled, next_look=self._longest(situation.system, settled.state))
        return settled

    async def _look_again(self, found_data: FoundData) -> tuple[ObservedCredentials, Kept]:
        system = found_data.situation.system
        return await asyncio.gather(
            self.credentials.look(system, found_data.situation.wanted),
            self.credentials.kept.look(system, found_data.kept),
        )

    def _todo(
        self, found_data: FoundData, seen: ObservedCredentials, made: Kept, found: Picture
    ) -> tuple[Step | MakeKept, ...]:
        """What to write now. Nothing is made once more beside data that does not belong together."""
        wanted, situation = found_data.kept, found_data.situation
        todo = steps(found.views, situation.wanted, seen.modules, self._moment())
        if found_data.lineage.problem is not None:
            return todo
        owned = situation.system.spec.deletion_policy == "Delete"
        keeping = Keeping(owned, found_data.lineage.id)
        return (*todo, *planning_kept.steps(wanted, made, keeping))

    def _settled(
        self,
        situation: Situation,
        seen: ObservedCredentials,
        found: Picture,
        failures: tuple[Failure, ...],
    ) -> SettledData:
        refused = taken(situation.system.namespace, situation.wanted, seen.modules)
        state = DataState(
            needed=found.needed,
            problems=tuple(dict.fromkeys(found.unusable.values())),
            pending=pending(found.views, situation.wanted, seen.modules),
            failures=(*failures, *refused),
        )
        due = next_look(found.views, situation.wanted, seen.modules, self._moment())
        longest = self._longest(situation.system, state)
        wait = longest if due is None else bounded(due, longest)
        return SettledData(access(situation, found), state, wait)

    def _longest(self, system: ArkaliaSystem, state: DataState) -> float:
        """Seconds until the Secrets of *system* are looked at again if nothing is due before."""
        troubled = state.problems or _is_in_trouble(system)
        return TROUBLED_LOOK_SECONDS if troubled else self.longest_look()

    def _moment(self) -> Moment:
        return Moment(self.now(), self.spread_seconds)

    async def _write(
        self,
        situation: Situation,
        seen: ObservedCredentials,
        found: Picture,
        step: Step | MakeKept,
    ) -> Failure | None:
        system = situation.system
        if isinstance(step, MakeKept):
            name = step.wanted.name
            writing = self.credentials.kept.make(system, step, found.lineage)
        elif isinstance(step, WriteAdmin):
            allowed = active(situation, step.service, seen)
            preparing = Preparing(found.targets[step.service], found.lineage, allowed)
            name = names.data_service(system.name, step.service)
            writing = self.credentials.write_admin(system, step, preparing)
        else:
            name = step.wanted.name
            writing = self.credentials.hand_over(system, step, found.targets)
        key = ObjectKey(SECRET.name, system.namespace, name)
        return await written(key, step.what, metrics.CREDENTIALS, writing)


def _with_kept(settled: SettledData, found_data: FoundData, made: Kept) -> SettledData:
    """*settled*, with what is missing of the Secrets that are made once."""
    state = settled.state
    refused = planning_kept.taken(found_data.situation.system.namespace, made)
    pending = planning_kept.pending(found_data.kept, made)
    told = replace(state, pending=(*state.pending, *pending), failures=(*state.failures, *refused))
    return replace(settled, state=told)


def _is_in_trouble(system: ArkaliaSystem) -> bool:
    """Whether the last status told that the data cannot be used."""
    told = {each.type: each.status for each in system.status.conditions}
    return told.get(ConditionType.DATA_READY) == "False"
