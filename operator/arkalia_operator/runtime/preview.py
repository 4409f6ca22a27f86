"""`arkalia-operator plan`: reads a cluster or a snapshot, and tells what would be done. No write.

A snapshot is what was read, in a file: so a plan can be made where no cluster is reached, in the
checks of a repository. It holds no value of a Secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from arkalia_contract import labels
from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.resources import ArkaliaSystem
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
from arkalia_operator.desired.kinds import BY_NAME, IN_APPLY_ORDER
from arkalia_operator.desired.resolve import Modules, resolve
from arkalia_operator.desired.trust import Trust
from arkalia_operator.errors import NotFoundError
from arkalia_operator.planning.differences import Item
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.preview import preview
from arkalia_operator.planning.schemas import remembered
from arkalia_operator.planning.upgrades import default_version, gate_of, policy_of, renderer
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.identity import Identity, Looked
from arkalia_operator.runtime.presence import Presence
from arkalia_operator.runtime.resources import Resources

Body = Mapping[str, Any]

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


SNAPSHOT: Final = TypeAdapter(Snapshot)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done to one system."""

    key: SystemKey
    items: tuple[Item, ...]
    problems: tuple[str, ...]


def saved(snapshot: Snapshot) -> bytes:
    """*snapshot* as a file."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(snapshot, default=sorted, option=options)


def restored(text: bytes) -> Snapshot:
    """The snapshot of a file. Raises ValueError."""
    return SNAPSHOT.validate_json(text)


def previewed(
    system: ArkaliaSystem, snapshot: Snapshot, available: Modules, policy: UpgradePolicy
) -> Preview:
    """What would be done to *system* in the cluster of *snapshot*, where *policy* holds for upgrades."""
    key = SystemKey(system.namespace, system.name)
    modules = _modules(system, snapshot, available, policy)
    gate = gate_of(system, policy, renderer(available))
    store, live = Store(), {}
    for body in snapshot.objects:
        store.put(BY_NAME[body["kind"]], body)
        live[_key(body)] = body
    observed = replace(observe(store, key, frozenset(snapshot.served)), gate=gate)
    told = snapshot.told.get("/".join(key), Told())
    resolution = resolve(system, modules)
    known = remembered(system, observed)
    desired = rendered(system, resolution, told.trust, known, told.access)
    problems = tuple(each.message for each in resolution.problems)
    return Preview(key, tuple(preview(system, desired, observed, live)), problems)


def _modules(
    system: ArkaliaSystem, snapshot: Snapshot, available: Modules, policy: UpgradePolicy
) -> Modules:
    """The modules that *system* may have."""
    resources = Resources()
    for body in snapshot.modules:
        resources.modules.put(body)
    usable, broken = resources.available(system.namespace)
    gate = gate_of(system, policy, renderer(available))
    own = available.defaults
    version = default_version(system, gate, available.builtin, own.version)
    return Modules(available.builtin, usable, broken, replace(own, version=version))


def _key(body: Body) -> ObjectKey:
    metadata = body["metadata"]
    return ObjectKey(body["kind"], metadata["namespace"], metadata["name"])


def wanted(body: Body, snapshot: Snapshot, namespace: str) -> ArkaliaSystem:
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
    return ArkaliaSystem.from_body(whole)


def _place(body: Body) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


@dataclass(slots=True)
class Reader:
    """Reads the part of a cluster that concerns systems."""

    client: Client
    upgrades: UpgradePolicy
    """What the operator does with those of systems that do not say it."""

    async def read(self, keys: list[SystemKey] | None, available: Modules) -> Snapshot:
        """The systems *keys*, or all of them, with what belongs to them. Raises ApiError."""
        systems = await self._systems(keys)
        optional = await served(self.client, OPTIONAL)
        kinds = [kind for kind in IN_APPLY_ORDER if not kind.optional or kind in optional]
        found = Snapshot(systems=systems, served=sorted(kind.name for kind in optional))
        for namespace in sorted({each["metadata"]["namespace"] for each in systems}):
            found.modules.extend([each async for each in self._all(MODULE, namespace)])
            for kind in kinds:
                named = {"apiVersion": kind.api_version, "kind": kind.name}
                async for body in self._all(kind, namespace, labels.SYSTEM):
                    found.objects.append(named | body)
        for body in systems:
            system = ArkaliaSystem.from_body(body)
            found.told["/".join(_place(body))] = await self._told(system, found, available)
        return found

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

    async def _all(self, kind: Any, namespace: str | None, selector: str = "") -> Any:
        async for page in self.client.pages(kind, namespace, selector):
            for body in page["items"] or ():
                yield body

    async def _told(self, system: ArkaliaSystem, found: Snapshot, available: Modules) -> Told:
        """What its Secrets tell: looked at as the operator does it, and paused so that none is made."""
        issuer = IssuerReader(self.client)
        await issuer.read()
        changes = system.spec.changes.model_copy(update={"pause": True})
        paused = replace(system, spec=system.spec.model_copy(update={"changes": changes}))
        store = Store()
        for body in found.objects:
            store.put(BY_NAME[body["kind"]], body)
        before = observe(store, SystemKey(system.namespace, system.name), frozenset(found.served))
        policy = policy_of(paused, self.upgrades)
        resolution = resolve(paused, _modules(paused, found, available, policy))
        lifetimes = Lifetimes()
        identity = Identity(
            Certificates(self.client, lifetimes), lifetimes, lambda: issuer.known, _now
        )
        data = DataServices(Credentials(self.client), lifetimes.spread_seconds, _now)
        presence = Presence(self.client, paused)
        looked = await data.look(paused, resolution, before, await identity.retained(paused))
        settled = await identity.settle(
            Looked(paused, resolution, before, looked.lineage.id), presence
        )
        return Told(settled.trust, (await data.settle(looked, presence)).access)


def _now() -> datetime:
    return datetime.now(UTC)
