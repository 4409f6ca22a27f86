"""Which certificates must be made now, and which authorities must be trusted.

Nothing is replaced before everybody can trust what replaces it. An authority is followed in four
steps, each of them safe at any time and decided from what is there:

    create    there is none that could sign
    prepare   two thirds of its life are over: the next one is made, and trusted beside it
    promote   the next one has been trusted long enough to be known everywhere: it signs from now on
    retire    every certificate of the previous one is replaced, long enough: it is trusted no more
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from arkalia_operator.desired import names
from arkalia_operator.desired.certificates import Lifetimes, WantedCertificate
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.lineage import Keeping
from arkalia_operator.planning.observed import ChildRecord, ObjectKey
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.plan import key_of

PEM: Final = "-----BEGIN CERTIFICATE-----"
"""How a certificate begins that a user writes."""
IN_FORCE: Final = "tls.crt"
"""Key of a Secret that holds the certificate in use."""
NEXT: Final = "next.crt"
"""Key of the authority's Secret: the authority that will sign."""
PREVIOUS: Final = "previous.crt"
"""Key of the authority's Secret: the authority that signed before."""


class Step(StrEnum):
    """What to do with the authority."""

    CREATE = "create"
    PREPARE = "prepare"
    PROMOTE = "promote"
    RETIRE = "retire"
    MARK = "mark"
    """Its owner or lineage is to be another, after a change of `spec.deletionPolicy`."""


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """What a certificate says. No key material."""

    issued: datetime
    """When it was made; its validity begins a moment earlier, for clocks that are late."""
    expires: datetime
    key_id: str
    """Of its own key (subject key identifier)."""
    signer_id: str
    """Of the key that signed it (authority key identifier)."""
    dns_names: frozenset[str] = frozenset()
    pem: str = ""
    signs: bool = True
    """Whether its private key lies beside it."""

    @property
    def renewal(self) -> datetime:
        """When two thirds of its life are over."""
        return self.issued + (self.expires - self.issued) * 2 / 3


@dataclass(frozen=True, slots=True)
class SecretRecord:
    """A Secret of certificates, as the API server has it. No key material."""

    name: str
    resource_version: str
    is_ours: bool
    """Whether it belongs to the system; what does not is left alone."""
    certificates: Mapping[str, CertificateRecord] = field(default_factory=dict)
    """Those that can be read, by their key in the Secret."""
    authorities: tuple[str, ...] = ()
    """What its `ca.crt` says is to be trusted, PEM; cert-manager writes it."""
    owner_uid: str = ""
    """Uid of the ArkaliaSystem that owns it; empty if none does."""
    lineage: str = ""
    """Which data it belongs to, see `planning.lineage`."""
    is_leaving: bool = False
    """Whether it is of a deleted system of the same name."""

    @property
    def in_force(self) -> CertificateRecord | None:
        """The certificate in use, if it can be read."""
        return self.certificates.get(IN_FORCE)


@dataclass(frozen=True, slots=True)
class ObservedSecrets:
    """The Secrets of one system's certificates."""

    authority: SecretRecord | None = None
    leaves: Mapping[str, SecretRecord] = field(default_factory=dict)
    """By name; those that exist."""
    trusted_since: datetime | None = None
    """When the ConfigMap with the authorities was last written; None if there is none."""
    keeping: Keeping | None = None
    """How the authority shall be kept; None: as it is."""


@dataclass(frozen=True, slots=True)
class IssueAuthority:
    """Bring the authority one step on."""

    step: Step
    secret: SecretRecord | None
    """What is replaced, and only that."""
    lineage: str = ""
    """Which data it belongs to."""


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """Make a certificate, signed by the authority in force."""

    wanted: WantedCertificate
    secret: SecretRecord | None
    """What is replaced, and only that."""


Issue = IssueAuthority | IssueCertificate


def secret_of(system: str, issue: Issue) -> str:
    """Name of the Secret that *issue* writes."""
    if isinstance(issue, IssueAuthority):
        return names.authority(system)
    return issue.wanted.secret


def issues(
    wanted: Sequence[WantedCertificate],
    observed: ObservedSecrets,
    lifetimes: Lifetimes,
    now: datetime,
) -> tuple[Issue, ...]:
    """What to make now. What needs an authority waits until there is one. Empty: all is well."""
    if observed.authority is not None and not observed.authority.is_ours:
        return ()
    step = authority_step(wanted, observed, lifetimes, now)
    if step is not None:
        lineage = observed.keeping.lineage if observed.keeping else ""
        return (IssueAuthority(step, observed.authority, lineage),)
    return tuple(_leaves(wanted, observed, now))


def renewals(due: Iterable[Issue]) -> tuple[Issue, ...]:
    """Those of *due* by which nothing new begins: what is there goes on under the same names."""
    return tuple(each for each in due if _renews(each))


def _renews(issue: Issue) -> bool:
    if isinstance(issue, IssueAuthority):
        return issue.step is not Step.CREATE
    found = _in_force(issue.secret)
    return found is not None and found.dns_names == frozenset(issue.wanted.dns_names)


def authority_step(
    wanted: Sequence[WantedCertificate],
    observed: ObservedSecrets,
    lifetimes: Lifetimes,
    now: datetime,
) -> Step | None:
    """What to do with the authority now."""
    authority = observed.authority
    in_force = authority.in_force if authority else None
    if authority is None or in_force is None or in_force.expires <= now:
        return Step.CREATE
    if observed.keeping not in (None, Keeping(bool(authority.owner_uid), authority.lineage)):
        return Step.MARK
    following = authority.certificates.get(NEXT)
    if following is not None and following.signs:
        return Step.PROMOTE if _is_known(following, observed, lifetimes, now) else None
    if now >= in_force.renewal or not in_force.signs:
        return Step.PREPARE
    if PREVIOUS in authority.certificates and _all_moved(wanted, observed, lifetimes, now):
        return Step.RETIRE
    return None


def bundle(authority: SecretRecord | None) -> tuple[str, ...]:
    """The authorities that must be trusted, PEM, in a stable order."""
    found = authority.certificates if authority else {}
    return tuple(found[each].pem for each in (IN_FORCE, NEXT, PREVIOUS) if each in found)


def next_look(observed: ObservedSecrets, lifetimes: Lifetimes, now: datetime) -> float:
    """Seconds until a certificate must be renewed or an authority can go a step on; 0 if at once."""
    moments = list(_moments(observed, lifetimes))
    return max(0.0, (min(moments) - now).total_seconds()) if moments else 0.0


def trusted_since(trust: Manifest, children: Mapping[ObjectKey, ChildRecord]) -> datetime | None:
    """Since when the ConfigMap *trust* stands in the cluster as it is rendered now."""
    record = children.get(key_of(trust))
    if record is None or record.fingerprint != fingerprint(trust):
        return None
    return record.applied_at


def foreign(observed: ObservedSecrets) -> list[SecretRecord]:
    """The Secrets that somebody else has in the place of the system's, by name."""
    secrets = [observed.authority, *observed.leaves.values()]
    found = [each for each in secrets if each is not None and not each.is_ours]
    return sorted(found, key=lambda each: each.name)


def _is_known(
    following: CertificateRecord, observed: ObservedSecrets, lifetimes: Lifetimes, now: datetime
) -> bool:
    """Whether every pod has had the time to trust the *following* authority."""
    since = observed.trusted_since
    if since is None or since < following.issued:
        return False
    return now >= since + timedelta(seconds=lifetimes.spread_seconds)


def _all_moved(
    wanted: Sequence[WantedCertificate],
    observed: ObservedSecrets,
    lifetimes: Lifetimes,
    now: datetime,
) -> bool:
    """Whether every certificate is of the authority in force, and has reached its pods."""
    long_ago = now - timedelta(seconds=lifetimes.spread_seconds)
    for each in wanted:
        found = _in_force(observed.leaves.get(each.secret))
        if _is_due(each, found, observed.authority, now) or (found and found.issued > long_ago):
            return False
    return True


def _leaves(
    wanted: Sequence[WantedCertificate], observed: ObservedSecrets, now: datetime
) -> Iterator[IssueCertificate]:
    for each in wanted:
        secret = observed.leaves.get(each.secret)
        if secret is not None and not secret.is_ours:
            continue
        if _is_due(each, _in_force(secret), observed.authority, now):
            yield IssueCertificate(each, secret)


def _is_due(
    wanted: WantedCertificate,
    found: CertificateRecord | None,
    authority: SecretRecord | None,
    now: datetime,
) -> bool:
    """Whether *found* is missing, of another authority, for other names, or nearly over."""
    signer = _in_force(authority)
    if found is None or signer is None or not found.signs:
        return True
    fits = found.signer_id == signer.key_id and found.dns_names == frozenset(wanted.dns_names)
    return not fits or now >= found.renewal


def _in_force(secret: SecretRecord | None) -> CertificateRecord | None:
    return secret.in_force if secret else None


def _moments(observed: ObservedSecrets, lifetimes: Lifetimes) -> Iterator[datetime]:
    spread = timedelta(seconds=lifetimes.spread_seconds)
    authority = observed.authority.certificates if observed.authority else {}
    newest = [each.issued for each in map(_in_force, observed.leaves.values()) if each]
    if NEXT in authority:
        yield max(authority[NEXT].issued, observed.trusted_since or authority[NEXT].issued) + spread
    elif IN_FORCE in authority:
        yield authority[IN_FORCE].renewal
    if PREVIOUS in authority and newest:
        yield max(newest) + spread
    yield from (each.renewal for each in map(_in_force, observed.leaves.values()) if each)
