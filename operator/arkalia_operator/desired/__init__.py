"""PURE: what must exist for a system. No input or output, no clock, no kopf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import (
    data,
    edge,
    exposure,
    kinds,
    migrations,
    model_server,
    modules,
    monitoring,
    names,
    scaling,
    security,
    tls,
)
from arkalia_operator.desired.data import network
from arkalia_operator.desired.data.access import DataAccess, DataService, digest
from arkalia_operator.desired.data.needs import mode
from arkalia_operator.desired.inputs import Inputs, inputs
from arkalia_operator.desired.manifest import Manifest, Which
from arkalia_operator.desired.resolve import Modules, resolve
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.schemas import Database, Remembered
from arkalia_operator.desired.trust import Trust, trust_manifest

RANK = {kind.name: rank for rank, kind in enumerate(kinds.IN_APPLY_ORDER)}


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that must exist for one system, and what could not be understood."""

    resolution: Resolution
    manifests: tuple[Manifest, ...]
    """In the order to apply them."""
    autoscaled: Mapping[str, int]
    """Deployments whose `replicas` an autoscaler owns, with its least number of pods."""
    kept: frozenset[str] = frozenset()
    """Names of objects that stay although they are not in `manifests`."""
    after: Mapping[Which, tuple[Which, ...]] = field(default_factory=dict)
    """What an object waits for: it is applied only once all of this is there and done. A Job is
    done when it has succeeded, a StatefulSet when a pod of it is ready, anything else when it
    exists."""
    alone: Mapping[Which, str] = field(default_factory=dict)
    """Jobs that start when no other Job of their module is left, with this module."""
    inputs: Mapping[Which, Inputs] = field(default_factory=dict)
    """What the pod templates that are rolled out were made from."""
    templates: dict[Which, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Digests of these pod templates, as far as somebody has asked for them."""

    def may_wait(self, manifest: Manifest) -> bool:
        """Whether the object may have to wait for others."""
        which = manifest["kind"], manifest["metadata"]["name"]
        return which in self.after or which in self.alone


NOTHING_KNOWN: Final = DataAccess()


def desired_state(
    system: ArkaliaSystem,
    available: Modules,
    trust: Trust | None = None,
    access: DataAccess = NOTHING_KNOWN,
) -> Desired:
    """What must exist for *system*, given the modules that are *available* to it."""
    return rendered(system, resolve(system, available), trust, access=access)


def rendered(
    system: ArkaliaSystem,
    resolution: Resolution,
    trust: Trust | None,
    known: Remembered | None = None,
    access: DataAccess = NOTHING_KNOWN,
) -> Desired:
    """What must exist for *system* with the modules of *resolution*.

    Without *trust* the parts cannot be told yet whom to trust, and without *access* not where their
    data is: what they were told stays, and what they have there too. *known* of the schemas in the
    database is what decides which of them must be moved.
    """
    prepared = data.jobs(system, access, resolution)
    database = _database(system, access, prepared)
    moves = migrations.moves(system, resolution, known or Remembered(), database)
    found = [*_manifests(system, resolution, trust, access), *moves.manifests]
    told = frozenset() if trust else frozenset({names.trust(system.name)})
    autoscaled = dict(_autoscaled(system, resolution)) | edge.autoscaled(system)
    after = _joined(data.after(system, access, resolution), moves.after)
    return Desired(
        resolution,
        tuple(sorted(found, key=lambda each: RANK[each["kind"]])),
        autoscaled,
        kept=told
        | moves.kept
        | access.kept
        | network.held(system, access, resolution)
        | exposure.kept(system, resolution),
        after=after | scaling.after(autoscaled, after),
        alone=moves.alone,
        inputs={} if resolution.hold_all else inputs(system, resolution, access),
    )


def ground(system: ArkaliaSystem, resolution: Resolution) -> Desired:
    """The part of what must exist that neither certificates nor data decide."""
    modules_of = () if resolution.hold_all else resolution.modules
    found = (each for module in modules_of for each in modules.ground(system, module, resolution))
    return Desired(resolution, tuple(found), {})


def _database(
    system: ArkaliaSystem, access: DataAccess, prepared: Mapping[DataService, Which]
) -> Database | None:
    """The database in which schemas are moved; None while it is not known."""
    service = DataService.POSTGRESQL
    found = access.services.get(service)
    if found is None:
        return None
    egress = network.to_service(system, service, access)
    end = found.endpoint
    # An external one stays the same when the Secret that names it gets another password.
    place = digest(end.host, str(end.port), end.database)
    identity = place if mode(system, service) == "external" else found.database
    return Database(identity, prepared[service][1], access.lineage, tuple(egress))


def _joined(*orders: Mapping[Which, tuple[Which, ...]]) -> dict[Which, tuple[Which, ...]]:
    """All that is waited for, whoever says it."""
    found: dict[Which, tuple[Which, ...]] = {}
    for each in orders:
        for which, before in each.items():
            found[which] = (*found.get(which, ()), *before)
    return found


def _manifests(
    system: ArkaliaSystem, resolution: Resolution, trust: Trust | None, access: DataAccess
) -> Iterator[Manifest]:
    if resolution.hold_all:
        return
    if trust is not None:
        yield trust_manifest(system, resolution.version, trust)
    yield from tls.manifests(system, resolution)
    yield from data.manifests(system, access, resolution)
    yield from model_server.manifests(system, resolution)
    for module in resolution.modules:
        yield from modules.manifests(system, module, resolution)
        yield from scaling.manifests(system, module)
        yield from security.manifests(system, module, resolution, access)
        yield from monitoring.manifests(system, module)
    yield from exposure.manifests(system, resolution)
    yield from edge.manifests(system, resolution)


def _autoscaled(system: ArkaliaSystem, resolution: Resolution) -> Iterator[tuple[str, int]]:
    for module in resolution.modules:
        for component in module.spec.components:
            found = module.scaling_of(component)
            if found is not None:
                name = names.component(system.name, module.name, component.name)
                yield name, found.min_replicas
