"""`spec.modules.<name>.scaling`: autoscalers, and budgets where a pod can be spared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from arkalia_operator.api.arkaliamodule import ModuleScaling
from arkalia_operator.api.components import Component
from arkalia_operator.api.edge import EdgeScaling
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.manifest import Manifest, Which
from arkalia_operator.desired.metadata import manifest, module_labels, selector
from arkalia_operator.desired.resolved import ResolvedModule

SPARE: Final = 2
"""Pods from which on one may be evicted. A budget over a single pod would block node drains."""


def manifests(system: ArkaliaSystem, module: ResolvedModule) -> Iterator[Manifest]:
    """Autoscaler and disruption budget of each component that has them."""
    for component in module.spec.components:
        if module.certain_replicas(component) >= SPARE:
            yield _disruption_budget(system, module, component)
        scaling = module.scaling_of(component)
        if scaling is not None:
            yield _autoscaler(system, module, component, scaling)


def _disruption_budget(
    system: ArkaliaSystem, module: ResolvedModule, component: Component
) -> Manifest:
    return manifest(
        kinds.POD_DISRUPTION_BUDGET,
        names.component(system.name, module.name, component.name),
        system,
        module_labels(system, module, component.name),
        spec=budget(selector(system.name, module.name, component.name)),
    )


def _autoscaler(
    system: ArkaliaSystem, module: ResolvedModule, component: Component, scaling: ModuleScaling
) -> Manifest:
    name = names.component(system.name, module.name, component.name)
    own = module_labels(system, module, component.name)
    spec = following(name, scaling)
    return manifest(kinds.HORIZONTAL_POD_AUTOSCALER, name, system, own, spec=spec)


def after(
    autoscaled: Iterable[str], before: Mapping[Which, tuple[Which, ...]]
) -> dict[Which, tuple[Which, ...]]:
    """Autoscalers of the Deployments *autoscaled* wait for what these wait for, as *before* says.

    So both come at the same time: one that finds no Deployment warns of it, every 15 s.
    """
    followed = {name: before.get((kinds.DEPLOYMENT.name, name)) for name in autoscaled}
    kind = kinds.HORIZONTAL_POD_AUTOSCALER.name
    return {(kind, name): found for name, found in followed.items() if found}


def budget(pods: dict[str, str]) -> Manifest:
    """One of the *pods* with these labels may be evicted at a time, and any that is not ready."""
    return {
        "maxUnavailable": 1,
        "selector": {"matchLabels": pods},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


def following(deployment: str, scaling: ModuleScaling | EdgeScaling) -> Manifest:
    """What lets the pods of *deployment* follow their use of CPU."""
    target = {
        "type": "Utilization",
        "averageUtilization": scaling.target_cpu_utilization_percentage,
    }
    return {
        "scaleTargetRef": {
            "apiVersion": kinds.DEPLOYMENT.api_version,
            "kind": kinds.DEPLOYMENT.name,
            "name": deployment,
        },
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
