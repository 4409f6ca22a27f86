"""The Secrets of a system's data services: read by name, judged elsewhere, written here."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster import passwords
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kept import KeptSecrets
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
from arkalia_operator.desired import kinds, metadata, names
from arkalia_operator.desired.data import accounts as entries
from arkalia_operator.desired.data import acl, cnpg, keys, postgresql
from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Accounts, Login, Target
from arkalia_operator.desired.data.needs import FILES, WantedSecret, mode, users_secret
from arkalia_operator.planning.credentials import (
    AdminSecret,
    Given,
    HandOver,
    ModuleSecret,
    ObservedCredentials,
    Slot,
    WriteAdmin,
)
from arkalia_operator.planning.external import CA, External, external
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.ownership import applied_at
from arkalia_operator.planning.records import owner_uid

ADMINISTRATORS: Final = {
    DataService.POSTGRESQL: postgresql.ADMIN,
    DataService.QUEUE: acl.ADMIN,
    DataService.CACHE: acl.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Preparing:
    """For what the Secret of a data service is written."""

    target: Target
    lineage: str
    active: frozenset[str]
    """Accounts that may get in."""


class Credentials:
    """Reads and makes the credentials of systems."""

    def __init__(
        self,
        client: Client,
        clock: Callable[[], float] = monotonic,
        fresh: Callable[[], float] = fresh_for_few,
    ) -> None:
        self._secrets: Secrets[Any] = Secrets(client, clock, fresh)
        self.kept = KeptSecrets(client, clock, fresh)

    async def look(
        self, system: ArkaliaSystem, wanted: Sequence[WantedSecret]
    ) -> ObservedCredentials:
        """The Secrets of *system*, as fresh as looks at them are. Raises ApiError."""
        admin, modules, others, authority = await asyncio.gather(
            asyncio.gather(*(self._admin(system, each) for each in DataService)),
            asyncio.gather(*(self._module(system, each.name) for each in wanted)),
            asyncio.gather(*(self._external(system, each) for each in DataService)),
            self._authority(system),
        )
        return ObservedCredentials(
            admin=_present(dict(zip(DataService, admin, strict=True))),
            modules={each.name: each for each in modules if each is not None},
            external=_present(dict(zip(DataService, others, strict=True))),
            authority=authority,
        )

    def forget(self, system: ArkaliaSystem) -> None:
        """Read at the next look, and do not remember, what people restore and correct."""
        self._secrets.forget(place_of(system, cnpg.authority(system)))
        for service in DataService:
            self._secrets.forget(place_of(system, names.data_service(system.name, service)))
            self._secrets.forget(_users_place(system, service))

    async def write_admin(
        self, system: ArkaliaSystem, step: WriteAdmin, preparing: Preparing
    ) -> None:
        """Make what *step* says. Raises ApiError; ConflictError if the Secret has changed."""
        place = place_of(system, names.data_service(system.name, step.service))
        self._secrets.forget(place)
        before = decoded(await self._secrets.live(place)) if step.secret else {}
        data = _admin_data(system, step, preparing, before)
        manifest = _admin_manifest(system, step.service, preparing.lineage, data)
        live = await self._secrets.write(manifest, step.secret)
        self._secrets.remember(place, _admin_record(system, step.service, live))

    async def hand_over(
        self, system: ArkaliaSystem, step: HandOver, targets: Mapping[DataService, Target]
    ) -> None:
        """Give a module what *step* says. Raises ApiError; ConflictError if a Secret has changed."""
        place = place_of(system, step.wanted.name)
        self._secrets.forget(place)
        data, given = {}, {}
        for service, login in step.logins.items():
            account = step.wanted.accounts[service]
            password = await self._password(system, service, account, login)
            content = entries.file(system, targets[service], account, login, password)
            data[FILES[service]] = json.dumps(content, indent=1)
            given[service.value] = _given(
                login, targets[service].endpoint, data[FILES[service]].encode()
            )
        data[keys.GIVEN] = json.dumps(given)
        manifest = _module_manifest(system, step.wanted, data)
        live = await self._secrets.write(manifest, step.secret)
        self._secrets.remember(place, _module_record(system, live))

    async def _password(
        self, system: ArkaliaSystem, service: DataService, account: str, login: Login
    ) -> str:
        place = place_of(system, names.data_service(system.name, service))
        stored = _stored(decoded(await self._secrets.live(place)))
        found: str = next(each["password"] for each in stored[account] if each["id"] == login.id)
        return found

    async def _admin(self, system: ArkaliaSystem, service: DataService) -> AdminSecret | None:
        place = place_of(system, names.data_service(system.name, service))
        found: AdminSecret | None = await self._secrets.read(
            place, lambda live: _admin_record(system, service, live) if live else None
        )
        return found

    async def _module(self, system: ArkaliaSystem, name: str) -> ModuleSecret | None:
        place = place_of(system, name)
        found: ModuleSecret | None = await self._secrets.read(
            place, lambda live: _module_record(system, live) if live else None
        )
        if found is not None and found.is_leaving:
            self._secrets.forget(place)
        return found

    async def _external(
        self, system: ArkaliaSystem, service: DataService
    ) -> External | Finding | None:
        place = _users_place(system, service)
        if not place.name:
            return None
        found: External | Finding = await self._secrets.read(
            place, lambda live: external(service, place.name, decoded(live) if live else None)
        )
        return found

    async def _authority(self, system: ArkaliaSystem) -> str:
        if mode(system, DataService.POSTGRESQL) != "cnpg":
            return ""
        place = place_of(system, cnpg.authority(system))
        found: str = await self._secrets.read(
            place, lambda live: decoded(live).get(CA, b"").decode(errors="replace")
        )
        if not found:  # it comes with the Cluster, a moment later
            self._secrets.forget(place)
        return found


def _users_place(system: ArkaliaSystem, service: DataService) -> SecretOf:
    """The user's own Secret, which may be named for more than one service."""
    name = users_secret(system, service)
    return SecretOf(f"{system.uid}/{service}", system.namespace, name)


def _present(found: Mapping[DataService, Any]) -> dict[DataService, Any]:
    return {service: each for service, each in found.items() if each is not None}


def _admin_data(
    system: ArkaliaSystem, step: WriteAdmin, preparing: Preparing, before: Mapping[str, bytes]
) -> dict[str, str]:
    """What the Secret of a data service must hold after the step."""
    endpoint = preparing.target.endpoint
    stored = _stored(before)
    made = {
        name: [_login(step.service, each, stored.get(name, [])) for each in slots]
        for name, slots in step.logins.items()
    }
    known = _accounts(made)
    key, text = entries.provision(system, preparing.target, known, preparing.active)
    data = {
        keys.ACCOUNTS: json.dumps(made, indent=1),
        key: text,
        keys.HOST: endpoint.host,
        keys.PORT: str(endpoint.port),
    }
    if mode(system, step.service) == "external":
        return data
    if endpoint.database:
        data[keys.DATABASE] = ADMINISTRATORS[step.service]  # whose own database is always there
    password = before.get(keys.PASSWORD, b"").decode() or passwords.make_password()
    data |= {keys.USERNAME: ADMINISTRATORS[step.service], keys.PASSWORD: password}
    if step.service is not DataService.POSTGRESQL:
        digest = passwords.sha256(password)
        data[keys.USERS] = entries.users_file(step.service, known, preparing.active, digest)
    return data


def _login(service: DataService, slot: Slot, stored: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The login that was there, or a new one."""
    for each in stored:
        if slot.id and each["id"] == slot.id:
            return each
    password = passwords.make_password()
    return {
        "slot": slot.slot,
        "revision": slot.revision,
        "id": passwords.make_id(),
        "verifier": passwords.verifier(service, password),
        "password": password,
    }


def _stored(data: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """The accounts with their passwords. Raises ValueError if they cannot be read."""
    found: dict[str, list[dict[str, Any]]] = json.loads(data.get(keys.ACCOUNTS, b"{}"))
    return found


def _accounts(stored: Mapping[str, Sequence[Mapping[str, Any]]]) -> Accounts:
    """The accounts without their passwords. Raises KeyError or TypeError if they cannot be read."""
    return {
        name: tuple(
            Login(int(each["slot"]), int(each["revision"]), each["id"], each["verifier"])
            for each in logins
            if each["password"]
        )
        for name, logins in stored.items()
    }


def _admin_record(system: ArkaliaSystem, service: DataService, live: Live) -> AdminSecret:
    described, data = live["metadata"], decoded(live)
    provision = [key for key in data if key.startswith(keys.PROVISION)]
    return AdminSecret(
        name=described["name"],
        resource_version=described["resourceVersion"],
        owner_uid=owner_uid(described),
        lineage=label_of(described, labels.LINEAGE),
        is_ours=label_of(described, labels.SYSTEM) == system.name,
        accounts=_readable(data),
        provision=provision[0] if len(provision) == 1 else "",
        complete=_required(system, service) <= {key for key, value in data.items() if value},
    )


def _readable(data: Mapping[str, bytes]) -> Accounts | None:
    try:
        return _accounts(_stored(data))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _required(system: ArkaliaSystem, service: DataService) -> set[str]:
    if mode(system, service) == "external":
        return {keys.ACCOUNTS}
    users = set() if service is DataService.POSTGRESQL else {keys.USERS}
    return {keys.ACCOUNTS, keys.USERNAME, keys.PASSWORD, *users}


def _admin_manifest(
    system: ArkaliaSystem, service: DataService, lineage: str, data: Mapping[str, str]
) -> dict[str, Any]:
    own = {**metadata.lasting_labels(system), labels.DATA: service.value, labels.LINEAGE: lineage}
    name = names.data_service(system.name, service)
    return metadata.retained(kinds.SECRET, name, system, own, type="Opaque", data=_encoded(data))


def _module_manifest(
    system: ArkaliaSystem, wanted: WantedSecret, data: Mapping[str, str]
) -> dict[str, Any]:
    own = {**metadata.lasting_labels(system), labels.MODULE: wanted.module}
    return metadata.manifest(
        kinds.SECRET, wanted.name, system, own, type="Opaque", data=_encoded(data)
    )


def _encoded(data: Mapping[str, str]) -> dict[str, str]:
    return encoded({key: text.encode() for key, text in data.items()})


def _given(login: Login, endpoint: Endpoint, content: bytes) -> dict[str, str]:
    """What a module's Secret says of a file in it, without what is secret in the file."""
    return {"login": login.id, "endpoint": endpoint.digest, "sha256": _sha256(content)}


def _module_record(system: ArkaliaSystem, live: Live) -> ModuleSecret:
    described = live["metadata"]
    return ModuleSecret(
        name=described["name"],
        resource_version=described["resourceVersion"],
        is_ours=owner_uid(described) == system.uid,
        given=dict(_intact(decoded(live))),
        written_at=applied_at(live),
        is_leaving=is_leaving(system, described),
    )


def _intact(data: Mapping[str, bytes]) -> Iterator[tuple[DataService, Given]]:
    """What is as it was written."""
    try:
        found = json.loads(data.get(keys.GIVEN, b"{}"))
        for name, each in found.items():
            service = DataService(name)
            if _sha256(data.get(FILES[service], b"")) == each["sha256"]:
                yield service, Given(each["login"], each["endpoint"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
