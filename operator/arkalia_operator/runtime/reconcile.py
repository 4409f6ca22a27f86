"""One system: read, decide, write, tell. Every trigger runs this, and it never asks which one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.api_keys import ApiKeys
from arkalia_operator.cluster.bundles import Bundles
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.events import Recorder, Subject
from arkalia_operator.cluster.execute import Executor
from arkalia_operator.cluster.looks import names_objects_of_others, next_look
from arkalia_operator.cluster.observe import observe
from arkalia_operator.cluster.status import write_status
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired import ground, rendered
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.errors import ApiError, is_gone
from arkalia_operator.planning.actions import Failure, Plan
from arkalia_operator.planning.announcements import announcements, recreated, repaired, reported
from arkalia_operator.planning.approval import Carried, approval, approved_now, carried, pending
from arkalia_operator.planning.changes import plan_hash, waiting
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.judge import judge, judge_failed, judge_invalid, judge_unseen
from arkalia_operator.planning.observed import Accepted, Observed
from arkalia_operator.planning.permissions import Right
from arkalia_operator.planning.plan import due, key_of, plan
from arkalia_operator.planning.schemas import remembered
from arkalia_operator.runtime.actions import Actions
from arkalia_operator.runtime.data import DataServices, SettledData
from arkalia_operator.runtime.identity import FoundSystem, Identity, Settled
from arkalia_operator.runtime.presence import Presence, SystemGoneError
from arkalia_operator.runtime.resolver import Basis, Resolver
from arkalia_operator.runtime.resources import Refused, Resources
from arkalia_operator.runtime.settled import Facts, SettledSystems
from arkalia_operator.runtime.shown import ShownSystems
from arkalia_operator.runtime.supervision import both
from arkalia_operator.runtime.upgrades import Upgrades

Told = TypeVar("Told", ArkaliaSystem, Refused)


class Outcome(NamedTuple):
    """What comes after a reconcile."""

    result: str
    """As controller-runtime counts it: `success`, `requeue` or `requeue_after`."""
    after: float = 0.0
    """Seconds until the next one, for `requeue_after`."""


SUCCESS: Final = Outcome("success")
REQUEUE: Final = Outcome("requeue")
AT_ONCE: Final = Outcome("requeue_after")
FIRST_WORD_SECONDS: Final = 0.002
"""Until the first objects are on their way."""


class Decision(NamedTuple):
    """What to do with a system, and why."""

    plan: Plan
    evidence: Evidence


@dataclass(slots=True)
class Reconciler:
    """Brings one system after the other to what its resource says."""

    resources: Resources
    store: Store
    client: Client
    executor: Executor
    recorder: Recorder
    identity: Identity
    data: DataServices
    bundles: Bundles
    api_keys: ApiKeys
    served: Callable[[], frozenset[str]]
    """Names of the optional kinds that can be used now."""
    resolver: Resolver
    upgrades: Upgrades
    actions: Actions
    missing_rights: Callable[[str], Sequence[Right]] = lambda _: ()
    """What the operator may not do in a namespace."""
    lacking: Callable[[], Sequence[Right]] = lambda: ()
    """What the operator may not do in any of its namespaces."""
    sees: Callable[[], bool] = lambda: True
    """Whether the objects of all systems are known: else nothing can be decided."""
    shown: ShownSystems = field(default_factory=ShownSystems)
    settled: SettledSystems = field(default_factory=SettledSystems)

    async def reconcile(self, key: SystemKey) -> Outcome:
        """Bring the system *key* one step nearer. Raises ApiError if its status is not written."""
        system = self.resources.systems.get(key)
        if system is None:
            self.shown.hide(key)
            self.settled.forget(key)
            self.resolver.forget(key)
            self.upgrades.forget(key)
            return SUCCESS
        if isinstance(system, Refused):
            return await self._refuse(key, system)
        if system.deleting:
            return SUCCESS  # the garbage collector deletes what it owns
        if not self.sees():
            return await self._tell_unseen(key, system)
        return await self._converge(key, system)

    def rest(self) -> None:
        """Somebody else reconciles from now on: forget what only the one who does may believe."""
        self.shown.hide_all()
        self.settled = SettledSystems()
        self.store.forget_accepted()
        self.upgrades.rest()

    async def tell_failure(self, key: SystemKey, error: BaseException) -> None:
        """Write into the status that the operator itself failed. Raises ApiError."""
        system = self.resources.systems.get(key)
        if isinstance(system, ArkaliaSystem) and not system.deleting:
            message = f"{type(error).__name__}: {error}"
            await self._tell(key, system, judge_failed(system, message, now()))

    async def _tell_unseen(self, key: SystemKey, system: ArkaliaSystem) -> Outcome:
        """Say which right keeps everything from being known; once it is, all are looked at."""
        missing = self.missing_rights(key.namespace) or self.lacking()
        if missing:
            await self._tell(key, system, judge_unseen(system, missing, now()))
        return SUCCESS

    async def _converge(self, key: SystemKey, system: ArkaliaSystem) -> Outcome:
        granted = self.upgrades.take_grant(key, system)
        if granted is not None:
            await self._tell(key, system, granted)  # who comes after us must know, whatever follows
            return AT_ONCE
        carries, presence = carried(system), Presence(self.client, system)
        try:
            facts = await self._look(key, system, carries, presence)
            if self.settled.has(key, facts):
                return self._outcome((), (), facts.next_look)
            decision = self._decide(facts, carries)
            if _may_have_lost(carries.system, decision.plan):
                await presence.make_sure()
        except SystemGoneError:
            return SUCCESS
        approved = self._approved(facts, decision.evidence)
        if approved is not None:
            await self._tell(key, system, approved)
            return AT_ONCE
        return await self._carry_out(key, facts, decision)

    async def _look(
        self, key: SystemKey, system: ArkaliaSystem, carries: Carried, presence: Presence
    ) -> Facts:
        """All that is known of *system*. Raises ApiError and SystemGoneError."""
        gate = self.upgrades.gate(carries.system)
        modules = self.resolver.modules(carries.system, gate)
        trouble = await self.bundles.trouble(carries.system)
        keys = await self.api_keys.troubles(carries.system)
        if trouble is not None:  # new pods would believe nobody outside: those that run stay
            gate = replace(gate, rollouts=False)
        before = replace(observe(self.store, key, self.served()), gate=gate)
        basis = Basis(carries.system, modules, trouble, keys)
        resolution = self.resolver.resolution(key, basis).among(before.modules)
        (identity, data), _ = await both(
            self._settle(carries, resolution, before, presence),
            self._lay_ground(carries, resolution, before, presence),
        )
        before = replace(observe(self.store, key, before.served), gate=gate)
        rights, actions = self.missing_rights(key.namespace), self.actions.on(key)
        look = min(identity.next_look, data.next_look)
        if names_objects_of_others(carries.system):
            look = min(look, next_look(trouble, *keys))
        return Facts(system, resolution, before, identity, data, rights, actions, look)

    def _decide(self, facts: Facts, carries: Carried) -> Decision:
        """What to do with the system as it is carried out, and what waits."""
        system, before, resolution = carries.system, facts.observed, facts.resolution
        modules = self.resolver.modules(system, before.gate)
        version_waits = self.resolver.waiting(system, modules)
        known, trust = remembered(system, before), facts.identity.trust
        desired = rendered(system, resolution, trust, known, facts.data.access)
        writes = not (carries.frozen or system.spec.changes.pause)
        decided = plan(system, desired, before) if writes else Plan()
        evidence = Evidence(
            system,
            desired,
            before,
            identity=facts.identity.state,
            data=facts.data.state,
            missing_rights=facts.missing_rights,
            upgrades=self.upgrades.policy_of(system),
            frozen=carries.frozen,
            approved=carries.approved,
            version_waits=version_waits if resolution.version == modules.defaults.version else "",
        )
        if carries.wanted is not None:
            wanted = resolve(carries.wanted, modules)
            other = rendered(carries.wanted, wanted, trust, known, facts.data.access)
            waits = pending(evidence.desired, other, before.served, first=carries.frozen)
            evidence = replace(evidence, pending=waits)
        return Decision(decided, evidence)

    def _approved(self, facts: Facts, evidence: Evidence) -> ArkaliaSystemStatus | None:
        """The status of the system once somebody approved what waits; None if that is no news."""
        if not facts.actions:
            return None
        waits, system = plan_hash(waiting(evidence)), facts.system
        found = approval(facts.actions, waits)
        if found is None:
            return None
        if evidence.pending is None:
            told = self.upgrades.released(system, waits)
        else:
            approved = approved_now(system, waits, found.spec.approved_by)
            told = system.status.model_copy(update={"approved": approved})
        return told if told != system.status else None

    async def _carry_out(self, key: SystemKey, facts: Facts, decision: Decision) -> Outcome:
        """Write, and tell. Raises ApiError if a status is not written."""
        decided, evidence, before = decision.plan, decision.evidence, facts.observed
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self.executor.execute(key, decided))
            telling = group.create_task(self._first_word(key, facts.system, evidence))
        system, failures = telling.result(), work.result()
        after = replace(observe(self.store, key, before.served), gate=before.gate)
        self._announce_drift(key, system)
        self.store.losses.keep(system.uid, set(map(key_of, evidence.desired.manifests)))
        own = replace(evidence.system, status=system.status)
        evidence = replace(evidence, system=own, observed=after, failures=failures)
        evidence = replace(evidence, left=self.executor.drifts.left(key))
        told = await self._tell(key, system, judge(evidence, now()))
        await self.actions.answer(key, told)
        left = (*failures, *facts.identity.state.failures, *facts.data.state.failures)
        calm = decided.is_empty and not left and not evidence.left
        facts = self._accept_what_is_right(key, facts, decision)
        self._note(key, facts, is_settled=calm and told is facts.system)
        if decided.deletes and not failures and plan(own, evidence.desired, after).applies:
            return AT_ONCE  # what was in the way of something is gone, and no watch tells
        look = min(facts.next_look, self.executor.drifts.wait(key))
        return self._outcome(failures, left, look)

    def _accept_what_is_right(self, key: SystemKey, facts: Facts, decision: Decision) -> Facts:
        """Remember what is as it should be: whatever becomes of it later, somebody else has done.

        Who applied it remembers anyway; who starts anew finds it so.
        """
        before, system, decided = facts.observed, decision.evidence.system, decision.plan
        if decision.evidence.frozen or system.spec.changes.pause:
            return facts  # nobody asked what is right
        wrong = {each.key for each in decided.applies} | {each.key for each in decided.deletes}
        for at in before.children.keys() - before.accepted.keys() - wrong:
            found = before.children[at]
            if not found.deleting:
                self.store.accept(key, at, Accepted(found.fingerprint, found.fingerprint))
        accepted = self.store.shelf(key).accepted
        return replace(facts, observed=replace(before, accepted=accepted))

    def _note(self, key: SystemKey, facts: Facts, *, is_settled: bool) -> None:
        if is_settled:
            self.settled.remember(key, facts)
        else:
            self.settled.forget(key)

    def _announce_drift(self, key: SystemKey, system: ArkaliaSystem) -> None:
        drifts = self.executor.drifts.take(key)
        undone = (*repaired(drifts.repaired), *recreated(drifts.recreated))
        for each in (*undone, *reported(system.status, drifts.reported)):
            self.recorder.announce(Subject(key, system.uid), each)

    async def _lay_ground(
        self, carries: Carried, resolution: Resolution, before: Observed, presence: Presence
    ) -> None:
        """Apply at once, for a system of which nothing was ever said, what is certain already.

        So the API server has work while keys are made. What it refuses, the plan meets again.
        """
        system = carries.system
        if system.status.conditions or carries.frozen or system.spec.changes.pause:
            return
        await presence.make_sure()
        certain, key = ground(system, resolution), SystemKey(system.namespace, system.name)
        await self.executor.execute(key, Plan(tuple(due(certain.manifests, certain, before))))

    async def _settle(
        self,
        carries: Carried,
        resolution: Resolution,
        before: Observed,
        presence: Presence,
    ) -> tuple[Settled, SettledData]:
        """Certificates and credentials. Raises SystemGoneError before any is made in vain."""
        system, frozen = carries.system, carries.frozen
        kept = self.identity.retained(system, resolution)
        looking = self.data.look(system, resolution, before, kept)
        found_data, _ = await asyncio.gather(looking, _sure_if_new(system, presence))
        found_system = FoundSystem(system, resolution, before, found_data.lineage.id, frozen)
        identity = await self.identity.settle(found_system, presence)
        return identity, await self.data.settle(found_data, presence, frozen=frozen)

    async def _first_word(
        self, key: SystemKey, system: ArkaliaSystem, evidence: Evidence
    ) -> ArkaliaSystem:
        """Say soon what is about to happen with a system of which nothing was ever said.

        It is made up while the API server has the first objects to work on.
        """
        if system.status.conditions:
            return system
        await asyncio.sleep(FIRST_WORD_SECONDS)
        try:
            return await self._tell(key, system, judge(evidence, now()))
        except ApiError:
            return system  # the last word follows, and is tried again

    async def _refuse(self, key: SystemKey, refused: Refused) -> Outcome:
        if not refused.deleting:
            status = judge_invalid(refused.body, refused.status, refused.error, now())
            await self._tell(key, refused, status)
        return SUCCESS

    async def _tell(self, key: SystemKey, system: Told, status: ArkaliaSystemStatus) -> Told:
        """Write *status* if it is new; gives the system with it."""
        self.shown.show(key, status)
        if status == system.status:
            return system
        try:
            live = await write_status(self.client, key, system.uid, status)
        except ApiError as error:
            if not is_gone(error):
                raise
            return system  # or another one of its name: its own news tells
        self.resources.systems.put(live)
        for each in announcements(system.status, status):
            self.recorder.announce(Subject(key, system.uid), each)
        return replace(system, status=status)

    def _outcome(
        self, failures: tuple[Failure, ...], everywhere: tuple[Failure, ...], look: float
    ) -> Outcome:
        """*failures* of the plan, and those *everywhere*; *look* at it again in so many seconds."""
        if any(not each.permanent for each in everywhere):
            return REQUEUE
        wait = self.executor.refusals.wait(failures) if failures else look
        return Outcome("requeue_after", min(wait, look))


async def _sure_if_new(system: ArkaliaSystem, presence: Presence) -> None:
    """Ask early: of a system of which nothing was ever said, all is made anew."""
    if not system.status.conditions:
        await presence.make_sure()


def _may_have_lost(system: ArkaliaSystem, decided: Plan) -> bool:
    """Whether objects would be made anew of which the end may be that of their system.

    When a system is deleted, the end of its children may be heard before its own. One of which
    nothing was ever said is new: it has lost nothing yet.
    """
    return bool(system.status.conditions) and any(each.creates for each in decided.applies)


def now() -> datetime:
    """Now, as exact as metav1.Time."""
    return datetime.now(UTC).replace(microsecond=0)
