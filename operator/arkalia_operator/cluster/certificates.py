"""The Secrets of a system's certificates: read by name, judged elsewhere, written here.

What is kept in memory are records without key material. A private key is read when something must
be signed with it, and is gone with the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import Any, Final

from arkalia_contract import files, labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster import signing
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.secrets import (
    Live,
    SecretOf,
    Secrets,
    decoded,
    encoded,
    fresh_for_few,
    is_leaving,
    label_of,
    place_of,
)
from arkalia_operator.cluster.signing import Authority, KeyPair, Validity
from arkalia_operator.desired import kinds, metadata, names
from arkalia_operator.desired.certificates import Lifetimes, WantedCertificate
from arkalia_operator.planning.certificates import (
    IN_FORCE,
    NEXT,
    PREVIOUS,
    CertificateRecord,
    Issue,
    IssueAuthority,
    ObservedSecrets,
    SecretRecord,
    Step,
    secret_of,
)
from arkalia_operator.planning.records import owner_uid

TYPE: Final = "kubernetes.io/tls"
KEYS: Final = {IN_FORCE: files.PRIVATE_KEY_KEY, NEXT: "next.key", PREVIOUS: ""}
"""Keys of a Secret: certificate → its private key, where that is needed any more."""
NOBODY_SAYS: Final[Mapping[str, str]] = MappingProxyType({})

Data = dict[str, bytes]


class Certificates:
    """Reads and makes the certificates of systems."""

    def __init__(
        self,
        client: Client,
        lifetimes: Lifetimes,
        clock: Callable[[], float] = monotonic,
        fresh: Callable[[], float] = fresh_for_few,
    ) -> None:
        self._client = client
        self._lifetimes = lifetimes
        self._secrets: Secrets[SecretRecord | None] = Secrets(client, clock, fresh)
        self._signers: dict[SecretOf, asyncio.Future[Authority]] = {}
        """Authorities that are being read."""

    async def observe(
        self,
        system: ArkaliaSystem,
        wanted: Sequence[WantedCertificate],
        issued: Mapping[str, str] = NOBODY_SAYS,
    ) -> ObservedSecrets:
        """The Secrets of *system*, as fresh as looks at them are. Raises ApiError.

        *issued* is what somebody else says of a Secret that he writes, by its name: when that
        changes, the Secret is read at once.
        """
        authority = names.authority(system.name)
        read = [authority, *(each.secret for each in wanted)]
        records = await asyncio.gather(
            *(self._read(system, each, issued.get(each, "")) for each in read)
        )
        leaves = {each.name: each for each in records[1:] if each is not None}
        return ObservedSecrets(records[0], leaves)

    async def issue(self, system: ArkaliaSystem, issue: Issue, now: datetime) -> None:
        """Make what *issue* says. Raises ApiError; ConflictError if the Secret has changed."""
        place = place_of(system, secret_of(system.name, issue))
        self._secrets.forget(place)
        if isinstance(issue, IssueAuthority):
            data = await self._authority(system, issue, now)
        else:
            data = await self._leaf(system, issue.wanted, now)
        live = await self._secrets.write(_manifest(system, issue, data), issue.secret)
        self._secrets.remember(place, _record(system, live))

    async def _read(self, system: ArkaliaSystem, name: str, mark: str) -> SecretRecord | None:
        def recorded(live: Live | None) -> SecretRecord | None:
            return _record(system, live) if live else None

        place = place_of(system, name)
        found = await self._secrets.read(place, recorded, mark)
        if found is not None and found.is_leaving:
            self._secrets.forget(place)
        return found

    async def _authority(self, system: ArkaliaSystem, issue: IssueAuthority, now: datetime) -> Data:
        """What the authority's Secret must hold after the step."""
        if issue.step is Step.CREATE:
            return _held(IN_FORCE, self._make_authority(system, now))
        live = await self._secrets.live(place_of(system, names.authority(system.name)))
        data = decoded(live)
        if issue.step is Step.MARK:
            return data
        if issue.step is Step.PREPARE:
            return data | _held(NEXT, self._make_authority(system, now))
        if issue.step is Step.PROMOTE:
            following = KeyPair(data[NEXT], data[KEYS[NEXT]])
            return {PREVIOUS: data[IN_FORCE]} | _held(IN_FORCE, following)
        return {key: data[key] for key in (IN_FORCE, KEYS[IN_FORCE])}

    def _make_authority(self, system: ArkaliaSystem, now: datetime) -> KeyPair:
        validity = Validity(now, self._lifetimes.authority_seconds)
        return signing.make_authority(system.namespace, system.name, validity)

    async def _leaf(self, system: ArkaliaSystem, wanted: WantedCertificate, now: datetime) -> Data:
        signer = await self._signer(system)
        validity = Validity(now, self._lifetimes.certificate_seconds)
        return _held(IN_FORCE, signing.sign(signer, wanted.dns_names, validity))

    async def _signer(self, system: ArkaliaSystem) -> Authority:
        """The authority, read once for all that it signs at the same time."""
        place = place_of(system, names.authority(system.name))
        reading = self._signers.get(place)
        if reading is None:
            reading = self._signers[place] = asyncio.ensure_future(self._read_signer(place))
            reading.add_done_callback(lambda _: self._signers.pop(place))
        return await asyncio.shield(reading)

    async def _read_signer(self, place: SecretOf) -> Authority:
        data = decoded(await self._client.get(kinds.SECRET, place.namespace, place.name))
        return signing.authority(KeyPair(data[IN_FORCE], data[KEYS[IN_FORCE]]))


def _manifest(system: ArkaliaSystem, issue: Issue, data: Data) -> dict[str, Any]:
    object_labels = metadata.lasting_labels(system)
    body = {"type": TYPE, "data": encoded(data)}
    name = secret_of(system.name, issue)
    if isinstance(issue, IssueAuthority):
        object_labels |= {labels.LINEAGE: issue.lineage}
        return metadata.retained(kinds.SECRET, name, system, object_labels, **body)
    object_labels |= _whose(issue.wanted)
    return metadata.manifest(kinds.SECRET, name, system, object_labels, **body)


def _whose(wanted: WantedCertificate) -> dict[str, str]:
    if wanted.edge:
        return {labels.EDGE: "true"}
    return {labels.MODULE: wanted.module} if wanted.module else {labels.DATA: wanted.data}


def _held(certificate_key: str, pair: KeyPair) -> Data:
    return {certificate_key: pair.certificate, KEYS[certificate_key]: pair.private_key}


def _record(system: ArkaliaSystem, live: Mapping[str, Any]) -> SecretRecord:
    data = decoded(live)
    authorities = data.get(files.AUTHORITY_KEY)
    return SecretRecord(
        name=live["metadata"]["name"],
        resource_version=live["metadata"]["resourceVersion"],
        is_ours=_is_ours(system, live["metadata"]),
        certificates=dict(_certificates(data)),
        authorities=(authorities.decode(errors="replace"),) if authorities else (),
        owner_uid=owner_uid(live["metadata"]),
        lineage=label_of(live["metadata"], labels.LINEAGE),
        is_leaving=is_leaving(system, live["metadata"]),
    )


def _certificates(data: Data) -> list[tuple[str, CertificateRecord]]:
    found = [
        (key, signing.read(data[key], data.get(private_key)))
        for key, private_key in KEYS.items()
        if key in data
    ]
    return [(key, each) for key, each in found if each is not None]


def _is_ours(system: ArkaliaSystem, described: Mapping[str, Any]) -> bool:
    """Owned by the system; or by nobody, and labelled as its own: as cert-manager leaves one."""
    owner = owner_uid(described)
    if owner or described.get("ownerReferences"):
        return owner == system.uid
    return label_of(described, labels.SYSTEM) == system.name
