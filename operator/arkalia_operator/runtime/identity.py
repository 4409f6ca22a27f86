"""The certificates of a system, brought to what they must be before anything else is decided.

What is rendered needs to know whom to trust, so this comes first, in a few rounds of look, decide
and write: the authority, then what it signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arkalia_operator import metrics
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.secrets import fresh_for_few
from arkalia_operator.desired.certificates import Lifetimes, WantedCertificate, wanted_certificates
from arkalia_operator.desired.kinds import CERTIFICATE, SECRET
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.trust import Issuer, Trust, trust_manifest
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.certificates import (
    Issue,
    IssueAuthority,
    ObservedSecrets,
    bundle,
    issues,
    next_look,
    renewals,
    secret_of,
    trusted_since,
)
from arkalia_operator.planning.identity import IdentityState, of_cert_manager, taken
from arkalia_operator.planning.lineage import Keeping, Retained
from arkalia_operator.planning.observed import ObjectKey, Observed
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.settling import (
    bounded,
    failures_of,
    written,
)

ROUNDS: Final = 3
"""An authority, the certificates that it signs, and a look at what came of it."""


@dataclass(frozen=True, slots=True)
class FoundSystem:
    """A system as it was found."""

    system: ArkaliaSystem
    resolution: Resolution
    before: Observed
    lineage: str
    """Which data it has."""
    frozen: bool = False
    """Whether nothing new may be applied, see `planning.approval`."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it."""

    trust: Trust | None
    """None while there is no authority that could be trusted."""
    state: IdentityState
    next_look: float
    """Seconds until it must be looked at again."""


@dataclass(slots=True)
class Identity:
    """Brings the certificates of systems to what they must be."""

    certificates: Certificates
    lifetimes: Lifetimes
    issuer: Callable[[], Issuer | None]
    """Who signs the tokens of the cluster; None while that is not known."""
    now: Callable[[], datetime]
    longest_look: Callable[[], float] = fresh_for_few
    """Seconds until Secrets are looked at again."""

    async def retained(self, system: ArkaliaSystem, resolution: Resolution) -> tuple[Retained, ...]:
        """What of it outlives *system*. Raises ApiError if a Secret cannot be read.

        The certificates, which are settled next, are read with it: all at once.
        """
        if system.spec.security.tls.mode == "certManager":
            return ()
        wanted = wanted_certificates(system, resolution)
        found = (await self.certificates.observe(system, wanted)).authority
        if found is None or not found.is_ours:
            return ()
        return (Retained(SECRET.name, found.name, found.owner_uid, found.lineage),)

    async def settle(self, found_system: FoundSystem, presence: Presence) -> Settled:
        """Make what is missing or due. Raises ApiError if Secrets cannot be read, SystemGoneError."""
        system, resolution = found_system.system, found_system.resolution
        before = found_system.before
        wanted = wanted_certificates(system, resolution)
        if system.spec.security.tls.mode == "certManager":
            return await self._from_cert_manager(system, wanted, before)
        failures: tuple[Failure, ...] = ()
        for _ in range(ROUNDS):
            observed = await self._observed(found_system, wanted)
            todo = issues(wanted, observed, self.lifetimes, self.now())
            due = renewals(todo) if found_system.frozen else todo
            if failures or not due or system.spec.changes.pause:
                break
            await presence.make_sure()
            failures = await failures_of(self._issue(system, each) for each in due)
        pending = tuple(secret_of(system.name, each) for each in todo)
        state = IdentityState(pending, (*failures, *taken(system.namespace, observed)))
        wait = bounded(next_look(observed, self.lifetimes, self.now()), self.longest_look())
        if todo and (system.spec.changes.pause or not due):
            wait = self.longest_look()  # what is due may not be made: there is nothing to come for
        return Settled(self._trust(bundle(observed.authority)), state, wait)

    async def _from_cert_manager(
        self, system: ArkaliaSystem, wanted: Sequence[WantedCertificate], before: Observed
    ) -> Settled:
        told = before.children.items()
        issued = {key.name: each.issued for key, each in told if key.kind == CERTIFICATE.name}
        observed = await self.certificates.observe(system, wanted, issued)
        state = of_cert_manager(system.namespace, wanted, observed, before.served)
        found = {pem for each in observed.leaves.values() for pem in each.authorities}
        return Settled(self._trust(tuple(sorted(found))), state, self.longest_look())

    async def _observed(
        self, found_system: FoundSystem, wanted: Sequence[WantedCertificate]
    ) -> ObservedSecrets:
        found = await self.certificates.observe(found_system.system, wanted)
        observed = (
            found if found_system.frozen else replace(found, keeping=_keeping(found_system, found))
        )
        trust = self._trust(bundle(observed.authority))
        if trust is None:
            return observed
        manifest = trust_manifest(found_system.system, found_system.resolution.version, trust)
        return replace(
            observed, trusted_since=trusted_since(manifest, found_system.before.children)
        )

    def _trust(self, authorities: tuple[str, ...]) -> Trust | None:
        issuer = self.issuer()
        return Trust(issuer, authorities) if issuer and authorities else None

    async def _issue(self, system: ArkaliaSystem, issue: Issue) -> Failure | None:
        key = ObjectKey(SECRET.name, system.namespace, secret_of(system.name, issue))
        what = issue.step if isinstance(issue, IssueAuthority) else "certificate"
        writing = self.certificates.issue(system, issue, self.now())
        return await written(key, what, metrics.CERTIFICATES, writing)


def _keeping(found_system: FoundSystem, observed: ObservedSecrets) -> Keeping:
    """An authority of another lineage keeps it: the mismatch is told, and nothing is covered up."""
    lineage = observed.authority.lineage if observed.authority else ""
    owned = found_system.system.spec.deletion_policy == "Delete"
    return Keeping(owned, lineage or found_system.lineage)
