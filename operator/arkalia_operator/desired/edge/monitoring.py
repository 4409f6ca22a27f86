"""What Prometheus and Grafana get for the edge, as they get it for each module."""

from __future__ import annotations

from collections.abc import Iterator

from arkalia_contract import endpoints, files, labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.edge import alerts, dashboard, pods
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.metadata import edge_selector, manifest
from arkalia_operator.desired.monitoring import DASHBOARD_LABEL, SCRAPE_INTERVAL


def manifests(system: ArkaliaSystem, own: dict[str, str]) -> Iterator[Manifest]:
    """Monitor, rules and dashboard, as far as the spec wants them."""
    wanted, name = system.spec.monitoring, names.edge(system.name)
    told = {**wanted.labels, **own}
    if wanted.service_monitors:
        yield manifest(kinds.SERVICE_MONITOR, name, system, told, spec=_monitor(system))
        # Without pods that Prometheus asks, an alert on their silence would never end.
        if wanted.alert_rules and system.spec.exposure.edge.least_replicas:
            groups = [{"name": name, "rules": list(alerts.rules(system))}]
            yield manifest(kinds.PROMETHEUS_RULE, name, system, told, spec={"groups": groups})
    if wanted.dashboards:
        name = names.edge_dashboard(system.name)
        data = {f"{name}.json": dashboard.text(system)}
        yield manifest(kinds.CONFIG_MAP, name, system, {**DASHBOARD_LABEL, **own}, data=data)


def _monitor(system: ArkaliaSystem) -> Manifest:
    """Only the Service that stands for each pod has the port."""
    tls = {
        "ca": {"configMap": {"name": names.trust(system.name), "key": files.AUTHORITY_KEY}},
        # Prometheus asks pods by their address; the certificate has the name of their Service.
        "serverName": f"{names.edge(system.name)}.{system.namespace}.svc",
    }
    endpoint = {
        "interval": SCRAPE_INTERVAL,
        "path": endpoints.METRICS,
        "port": pods.METRICS_PORT_NAME,
        "scheme": "https",
        "tlsConfig": tls,
    }
    return {
        "endpoints": [endpoint],
        "selector": {"matchLabels": edge_selector(system.name)},
        "targetLabels": [labels.SYSTEM, labels.EDGE],
    }
