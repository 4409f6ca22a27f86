"""PURE: what must exist for a system. No input or output, no clock, no kopf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, modules, monitoring, names, scaling, security
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolve import Modules, resolve
from arkalia_operator.desired.resolved import Resolution

RANK = {kind.name: rank for rank, kind in enumerate(kinds.IN_APPLY_ORDER)}


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that must exist for one system, and what could not be understood."""

    resolution: Resolution
    manifests: tuple[Manifest, ...]
    """In the order to apply them."""
    autoscaled: Mapping[str, int]
    """Deployments whose `replicas` an autoscaler owns, with its least number of pods."""


def desired_state(system: ArkaliaSystem, available: Modules) -> Desired:
    """What must exist for *system*, given the modules that are *available* to it."""
    resolution = resolve(system, available)
    manifests = sorted(_manifests(system, resolution), key=lambda each: RANK[each["kind"]])
    return Desired(resolution, tuple(manifests), dict(_autoscaled(system, resolution)))


def _manifests(system: ArkaliaSystem, resolution: Resolution) -> Iterator[Manifest]:
    for module in resolution.modules:
        yield from modules.manifests(system, module)
        yield from scaling.manifests(system, module)
        yield from security.manifests(system, module, resolution)
        yield from monitoring.manifests(system, module)


def _autoscaled(system: ArkaliaSystem, resolution: Resolution) -> Iterator[tuple[str, int]]:
    for module in resolution.modules:
        for component in module.spec.components:
            found = module.scaling_of(component)
            if found is not None:
                name = names.component(system.name, module.name, component.name)
                yield name, found.min_replicas
