"""`arkalia-operator plan`: reads a cluster or a snapshot, and tells what would be done. No write.

A snapshot is what was read, in a file: so a plan can be made where no cluster is reached, in the
checks of a repository. It holds no value of a Secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from arkalia_contract import labels
from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.mistakes import mistakes_of
from arkalia_operator.api.resources import ArkaliaSystem, written_status
from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.cluster.discovery import served
from arkalia_operator.cluster.issuer import IssuerReader
from arkalia_operator.cluster.kinds import MODULE, SYSTEM
from arkalia_operator.cluster.observe import observe
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired import rendered
from arkalia_operator.desired.certificates import Lifetimes
from arkalia_operator.desired.data.access import DataAccess
from arkalia_operator.desired.kinds import BY_NAME, DEPLOYMENT, IN_APPLY_ORDER, Kind
from arkalia_operator.desired.resolve import Modules, resolve
from arkalia_operator.desired.trust import Trust
from arkalia_operator.errors import ForbiddenError, NotFoundError
from arkalia_operator.planning.differences import Item
from arkalia_operator.planning.observed import ObjectKey, Observed, RolloutGate
from arkalia_operator.planning.preview import preview
from arkalia_operator.planning.schemas import remembered
from arkalia_operator.planning.upgrades import default_version, gate_of, renderer
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.identity import FoundSystem, Identity
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.resources import Refused, Resources, read_system
from arkalia_operator.settings import IMAGE_REGISTRY

Body = Mapping[str, Any]
PolicyOf = Callable[[ArkaliaSystem], UpgradePolicy]
"""What holds for upgrades of a system."""

UNREADABLE_STATUS: Final = "its status cannot be read, and counts as empty"
OPTIONAL: Final = tuple(kind for kind in IN_APPLY_ORDER if kind.optional)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a system's Secrets: nothing secret."""

    trust: Trust | None = None
    access: DataAccess = field(default_factory=DataAccess)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A part of a cluster as it was read."""

    systems: list[dict[str, Any]] = field(default_factory=list)
    modules: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    """By namespace and name of the system, with a slash between."""
    registry: str | None = None
    """Where all operators of the cluster take images from; None where that cannot be told."""


SNAPSHOT: Final = TypeAdapter(Snapshot)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done to one system."""

    key: SystemKey
    items: tuple[Item, ...]
    problems: tuple[str, ...]
    told: bool = True
    """False where the system cannot be read, so that nothing is known."""


def saved(snapshot: Snapshot) -> bytes:
    """*snapshot* as a file."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(snapshot, default=sorted, option=options)


def restored(text: bytes) -> Snapshot:
    """The snapshot of a file. Raises ValueError."""
    return SNAPSHOT.validate_json(text)


class Planner:
    """Tells of one system after the other what would be done; what all share is made once."""

    def __init__(self, snapshot: Snapshot, available: Modules, policy: PolicyOf) -> None:
        self._snapshot, self._available, self._policy = snapshot, available, policy
        self._operator = renderer(available)
        self._resources, self._store = Resources(), Store()
        self._live: dict[ObjectKey, Body] = {}
        for body in snapshot.modules:
            self._resources.modules.put(body)
        for body in snapshot.objects:
            self._store.put(BY_NAME[body["kind"]], body)
            self._live[_key(body)] = body

    def of_body(self, body: Body) -> Preview:
        """What would be done to the system of *body*, or why that cannot be told."""
        system = read(body)
        if isinstance(system, Refused):
            problem = f"it cannot be read: {mistakes_of(system.error)}"
            return Preview(SystemKey(*_place(body)), (), (problem,), told=False)
        found = self._of(system)
        if written_status(body) and not system.status.model_fields_set:
            return replace(found, problems=(UNREADABLE_STATUS, *found.problems))
        return found

    def _of(self, system: ArkaliaSystem) -> Preview:
        key = SystemKey(system.namespace, system.name)
        observed = replace(self.observed(key), gate=self._gate(system))
        told = self._snapshot.told.get("/".join(key), Told())
        resolution = resolve(system, self.modules(system)).among(observed.modules)
        known = remembered(system, observed)
        desired = rendered(system, resolution, told.trust, known, told.access)
        problems = tuple(each.message for each in resolution.problems)
        return Preview(key, tuple(preview(system, desired, observed, self._live)), problems)

    def observed(self, key: SystemKey) -> Observed:
        """What the snapshot holds of the system *key*."""
        return observe(self._store, key, frozenset(self._snapshot.served))

    def modules(self, system: ArkaliaSystem) -> Modules:
        """The modules that *system* may have."""
        usable, broken = self._resources.available(system.namespace)
        builtin, own = self._available.builtin, self._available.defaults
        version = default_version(system, self._gate(system), builtin, own.version)
        return Modules(builtin, usable, broken, replace(own, version=version))

    def _gate(self, system: ArkaliaSystem) -> RolloutGate:
        return gate_of(system, self._policy(system), self._operator)


def _key(body: Body) -> ObjectKey:
    metadata = body["metadata"]
    return ObjectKey(body["kind"], metadata["namespace"], metadata["name"])


def wanted(body: Body, snapshot: Snapshot, namespace: str) -> Body:
    """The system that *body* of a file asks for, as if it was applied. Raises ValidationError."""
    metadata = {"namespace": namespace, **body["metadata"]}
    place = (metadata["namespace"], metadata["name"])
    found = [each for each in snapshot.systems if _place(each) == place]
    there: Body = found[0] if found else {"metadata": {"uid": "", "generation": 0}}
    changed = there.get("spec") != body.get("spec")
    own = {
        "uid": there["metadata"]["uid"],
        "generation": there["metadata"]["generation"] + int(changed),
    }
    whole = {"metadata": metadata | own, "spec": body.get("spec"), "status": there.get("status")}
    system = read(whole)
    if isinstance(system, Refused):
        raise system.error
    return whole


def read(body: Body) -> ArkaliaSystem | Refused:
    """The system of *body*, or why it cannot be read; its status may be missing."""
    return read_system({**body, "status": body.get("status") or {}})


def _place(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


@dataclass(slots=True)
class Reader:
    """Reads the part of a cluster that concerns systems."""

    client: Client
    policy: PolicyOf

    async def read(self, keys: list[SystemKey] | None, available: Modules) -> Snapshot:
        """The systems *keys*, or all of them, with what belongs to them. Raises ApiError."""
        systems = await self._systems(keys)
        optional = await served(self.client, OPTIONAL)
        kinds = [kind for kind in IN_APPLY_ORDER if not kind.optional or kind in optional]
        names = sorted(kind.name for kind in optional)
        registry = await self._registry()
        found = Snapshot(systems=systems, served=names, registry=registry)
        for namespace in sorted({each["metadata"]["namespace"] for each in systems}):
            found.modules.extend([each async for each in self._all(MODULE, namespace)])
            for kind in kinds:
                named = {"apiVersion": kind.api_version, "kind": kind.name}
                async for body in self._all(kind, namespace, labels.SYSTEM):
                    found.objects.append(named | body)
        await self._tell(found, available)
        return found

    async def _tell(self, found: Snapshot, available: Modules) -> None:
        """Add to *found* what the Secrets of its systems tell."""
        planner = Planner(found, available, self.policy)
        issuer = IssuerReader(self.client)
        await issuer.read()
        for body in found.systems:
            system = read(body)
            if isinstance(system, ArkaliaSystem):
                found.told["/".join(_place(body))] = await self._told(system, planner, issuer)

    async def _systems(self, keys: list[SystemKey] | None) -> list[dict[str, Any]]:
        if keys is None:
            return [each async for each in self._all(SYSTEM, None)]
        found = []
        for key in keys:
            try:
                found.append(await self.client.get(SYSTEM, *key))
            except NotFoundError:
                continue
        return found

    async def _registry(self) -> str | None:
        """What the Deployments of all operators say alike, as far as they may be read."""
        try:
            bodies = [each async for each in self._all(DEPLOYMENT, None, labels.OPERATOR)]
        except ForbiddenError:
            return None
        found = {_setting(each, IMAGE_REGISTRY) for each in bodies}
        return found.pop() if len(found) == 1 else None

    async def _all(
        self, kind: Kind, namespace: str | None, selector: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        async for page in self.client.pages(kind, namespace, selector):
            for body in page["items"] or ():
                yield body

    async def _told(self, system: ArkaliaSystem, planner: Planner, issuer: IssuerReader) -> Told:
        """What its Secrets tell: looked at as the operator does it, and paused so that none is made."""
        changes = system.spec.changes.model_copy(update={"pause": True})
        paused = replace(system, spec=system.spec.model_copy(update={"changes": changes}))
        before = planner.observed(SystemKey(system.namespace, system.name))
        resolution = resolve(paused, planner.modules(paused))
        lifetimes = Lifetimes()
        identity = Identity(
            Certificates(self.client, lifetimes), lifetimes, lambda: issuer.known, _now
        )
        data = DataServices(Credentials(self.client), lifetimes.spread_seconds, _now)
        presence = Presence(self.client, paused)
        kept = identity.retained(paused, resolution)
        found_data = await data.look(paused, resolution, before, kept)
        found_system = FoundSystem(paused, resolution, before, found_data.lineage.id)
        settled = await identity.settle(found_system, presence)
        return Told(settled.trust, (await data.settle(found_data, presence)).access)


def _now() -> datetime:
    return datetime.now(UTC)


def _setting(deployment: Body, name: str) -> str | None:
    """The variable *name* of a Deployment, if its value is written there."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    given = (each for container in containers for each in container.get("env", ()))
    return next((each.get("value") for each in given if each["name"] == name), None)
