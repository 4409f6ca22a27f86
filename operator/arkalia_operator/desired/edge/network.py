"""How the edge is reached, and by whom."""

from __future__ import annotations

from collections.abc import Iterator

from arkalia_contract import endpoints
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import exposure, kinds, names
from arkalia_operator.desired.data.network import DNS
from arkalia_operator.desired.edge import nginx, pods
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import edge_selector, manifest, module_selector
from arkalia_operator.desired.resolved import ResolvedModule
from arkalia_operator.desired.security import EVERY_POD
from arkalia_operator.desired.stored import as_stored


def services(system: ArkaliaSystem, own: dict[str, str]) -> Iterator[Manifest]:
    """What users reach, and what stands for each pod where the parts of a system ask."""
    name, wanted = names.edge(system.name), system.spec.exposure.edge
    chosen = edge_selector(system.name)
    # Else a client would have the address of a node.
    local = None if wanted.service_type == "ClusterIP" else "Local"
    spec = {
        "type": wanted.service_type,
        **present(externalTrafficPolicy=local),
        "ports": [
            _port(endpoints.PORT_HTTPS, exposure.EDGE_PORT),
            _port(endpoints.PORT_HTTP, exposure.EDGE_PLAIN_PORT),
        ],
        "selector": chosen,
    }
    yield manifest(kinds.SERVICE, name, system, own, spec=spec)
    # The module believes a pod by this name, so it must be known before the first request.
    each = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "ports": [
            _port(endpoints.PORT_HTTPS, nginx.PORT),
            _port(pods.METRICS_PORT_NAME, nginx.METRICS_PORT),
        ],
    }
    name = names.edge_pods(system.name)
    yield manifest(kinds.SERVICE, name, system, own, spec={**each, "selector": chosen})


def _port(name: str, number: int) -> Manifest:
    return {"name": name, "port": number, "protocol": "TCP", "targetPort": name}


def policies(
    system: ArkaliaSystem, module: ResolvedModule, own: dict[str, str]
) -> Iterator[Manifest]:
    """Who may ask the edge, and that it asks *module* alone."""
    wanted = system.spec.security.network_policies
    if not wanted.enabled:
        return
    peers = present(**{"from": as_stored(wanted.ingress_from)})
    monitoring = as_stored(wanted.monitoring_from) or [EVERY_POD]
    behind = {"podSelector": {"matchLabels": module_selector(system.name, module.name)}}
    port = exposure.main(module).port
    spec = {
        "podSelector": {"matchLabels": edge_selector(system.name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {**peers, "ports": [_tcp(nginx.PLAIN_PORT), _tcp(nginx.PORT)]},
            {"from": monitoring, "ports": [_tcp(nginx.METRICS_PORT)]},
        ],
        "egress": [DNS, {"to": [behind], "ports": [_tcp(port)]}],
    }
    yield manifest(kinds.NETWORK_POLICY, names.edge(system.name), system, own, spec=spec)


def _tcp(port: int | None) -> Manifest:
    return {"port": port, "protocol": "TCP"}
