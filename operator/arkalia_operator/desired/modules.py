"""`spec.modules`: what runs a module. ServiceAccount, ConfigMap, Services and Deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.components import Component
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import configuration, identity, kinds, llm, names, pods
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import manifest, module_labels, selector
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

PROGRESS_DEADLINE_SECONDS: Final = 300
REVISIONS_KEPT: Final = 3
ROLLING: Final = {
    "type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
}
"""A new pod is ready before an old one stops: a rollout costs no request."""
ONE_AT_A_TIME: Final = {"type": "Recreate"}


def manifests(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> Iterator[Manifest]:
    """Everything that one module needs to run."""
    yield from ground(system, module, resolution)
    for component in module.spec.components:
        template = pods.template(system, module, component, resolution)
        yield _deployment(system, module, component, template)


def ground(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> Iterator[Manifest]:
    """What of it is the same whoever is trusted and wherever the data is."""
    name = names.module(system.name, module.name)
    own = module_labels(system, module, names.MAIN)
    yield manifest(kinds.SERVICE_ACCOUNT, name, system, own, automountServiceAccountToken=False)
    told = configuration.settings_data(module) | identity.data(system, module, resolution)
    told |= llm.data(system, module)
    yield manifest(kinds.CONFIG_MAP, name, system, own, data=told)
    for component in module.spec.components:
        if component.port is not None:
            yield _service(system, module, component)
            if module.spec.routes and component.name == names.MAIN:
                yield _pods(system, module, component)


def _service(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> Manifest:
    port = {
        "name": pods.port_name(component),
        "port": component.port,
        "protocol": "TCP",
        "targetPort": pods.port_name(component),
    }
    return manifest(
        kinds.SERVICE,
        names.component(system.name, module.name, component.name),
        system,
        module_labels(system, module, component.name),
        spec={
            "ports": [port],
            "selector": selector(system.name, module.name, component.name),
        },
    )


def _pods(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> Manifest:
    """What the name of each ready pod's address is: who balances requests must know every pod."""
    service = _service(system, module, component)
    service["metadata"]["name"] = names.pods(system.name, module.name)
    service["metadata"]["labels"] |= {labels.EACH_POD: "true"}
    service["spec"] = {"clusterIP": "None", **service["spec"]}
    return service


def _deployment(
    system: ArkaliaSystem, module: ResolvedModule, component: Component, template: Manifest
) -> Manifest:
    """`replicas` is left out where an autoscaler owns it; `planning.replicas` hands it over."""
    scaled = module.scaling_of(component) is not None
    return manifest(
        kinds.DEPLOYMENT,
        names.component(system.name, module.name, component.name),
        system,
        module_labels(system, module, component.name),
        spec={
            **present(replicas=None if scaled else module.replicas(component)),
            "selector": {"matchLabels": selector(system.name, module.name, component.name)},
            "strategy": ONE_AT_A_TIME if component.singleton else ROLLING,
            "progressDeadlineSeconds": PROGRESS_DEADLINE_SECONDS,
            "revisionHistoryLimit": REVISIONS_KEPT,
            "template": template,
        },
    )
