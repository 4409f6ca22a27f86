"""`spec.monitoring`: what Prometheus and Grafana get for each module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from arkalia_contract import endpoints, files, labels
from arkalia_operator.api.components import Component
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names, pods
from arkalia_operator.desired.certificates import serves_https
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.metadata import manifest, module_labels, module_selector
from arkalia_operator.desired.resolved import ResolvedModule

SCRAPE_INTERVAL: Final = "15s"
"""Seed 003's."""
DASHBOARD_LABEL: Final = {"grafana_dashboard": "1"}
"""What Grafana's sidecar looks for."""


def manifests(system: ArkaliaSystem, module: ResolvedModule) -> Iterator[Manifest]:
    """Monitor, rules and dashboard of *module*, as far as the spec wants them."""
    wanted = system.spec.monitoring
    if wanted.service_monitors and any(each.port for each in module.spec.components):
        yield _service_monitor(system, module)
        # Without pods that Prometheus asks, an alert on their silence would never end.
        if wanted.alert_rules and module.spec.monitoring.rules and _is_asked(module):
            yield _rules(system, module)
    if wanted.dashboards and module.spec.monitoring.dashboard:
        yield _dashboard(system, module)


def filled(value: Any, system: ArkaliaSystem, module: ResolvedModule) -> Any:
    """*value* with `$(system)`, `$(namespace)` and `$(module)` replaced in every string."""
    if isinstance(value, dict):
        return {key: filled(each, system, module) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, system, module) for each in value]
    if not isinstance(value, str):
        return value
    named = value.replace("$(system)", system.name).replace("$(namespace)", system.namespace)
    return named.replace("$(module)", module.name)


def _is_asked(module: ResolvedModule) -> bool:
    """Whether there are pods that Prometheus asks."""
    served = (each for each in module.spec.components if each.port is not None)
    return any(module.certain_replicas(each) for each in served)


def _labels(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    return {**system.spec.monitoring.labels, **module_labels(system, module, names.MAIN)}


def _service_monitor(system: ArkaliaSystem, module: ResolvedModule) -> Manifest:
    ports = {
        pods.port_name(each): _endpoint(system, module, each)
        for each in module.spec.components
        if each.port is not None
    }
    return manifest(
        kinds.SERVICE_MONITOR,
        names.module(system.name, module.name),
        system,
        _labels(system, module),
        spec={
            "endpoints": [ports[name] for name in sorted(ports)],
            "selector": {
                "matchLabels": module_selector(system.name, module.name),
                "matchExpressions": [{"key": labels.EACH_POD, "operator": "DoesNotExist"}],
            },
            "targetLabels": [labels.SYSTEM, labels.MODULE],
        },
    )


def _endpoint(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> Manifest:
    endpoint = {
        "interval": SCRAPE_INTERVAL,
        "path": endpoints.METRICS,
        "port": pods.port_name(component),
    }
    if not serves_https(component):
        return endpoint
    trusted = {"name": names.trust(system.name), "key": files.AUTHORITY_KEY}
    service = names.component(system.name, module.name, component.name)
    tls = {
        "ca": {"configMap": trusted},
        # Prometheus asks pods by their address; the certificate has the name of their Service.
        "serverName": f"{service}.{system.namespace}.svc",
    }
    return {**endpoint, "scheme": "https", "tlsConfig": tls}


def _rules(system: ArkaliaSystem, module: ResolvedModule) -> Manifest:
    name = names.module(system.name, module.name)
    rules = filled(module.spec.monitoring.rules, system, module)
    return manifest(
        kinds.PROMETHEUS_RULE,
        name,
        system,
        _labels(system, module),
        spec={"groups": [{"name": name, "rules": rules}]},
    )


def _dashboard(system: ArkaliaSystem, module: ResolvedModule) -> Manifest:
    name = names.dashboard(system.name, module.name)
    content = filled(module.spec.monitoring.dashboard_text, system, module)
    return manifest(
        kinds.CONFIG_MAP,
        name,
        system,
        {**DASHBOARD_LABEL, **module_labels(system, module, names.MAIN)},
        data={f"{name}.json": content},
    )
