"""Who may reach a data service over the network: the modules that need it, its Jobs, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.data import cnpg
from arkalia_operator.desired.data.access import DataAccess, DataService
from arkalia_operator.desired.data.needs import clients, mode, services_of
from arkalia_operator.desired.data.pods import PROVISIONING, SERVER, labels_of, selector
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.metadata import manifest
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

DNS: Final[Manifest] = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
CNPG_PORTS: Final = (8000, 9187)
"""By which CloudNativePG's operator asks an instance how it is, and of its metrics."""


def to_service(system: ArkaliaSystem, service: DataService, access: DataAccess) -> list[Manifest]:
    """The egress rule by which pods reach *service*; none while nobody knows where it is."""
    found = access.services.get(service)
    if found is None:
        return []
    ports = [{"port": found.endpoint.port, "protocol": "TCP"}]
    if mode(system, service) == "external":
        return [{"ports": ports}]  # a name can stand for any address
    return [{"to": [{"podSelector": {"matchLabels": _server(system, service)}}], "ports": ports}]


def is_held(module: ResolvedModule, access: DataAccess) -> bool:
    """Whether it is not known where *module* must get to: then its policy stays as it is."""
    return any(each not in access.services for each in services_of(module))


def held(system: ArkaliaSystem, access: DataAccess, resolution: Resolution) -> frozenset[str]:
    """Names of the policies that stay as they are."""
    found = (each for each in resolution.modules if is_held(each, access))
    return frozenset(names.module(system.name, each.name) for each in found)


def manifests(
    system: ArkaliaSystem, service: DataService, access: DataAccess, resolution: Resolution
) -> Iterator[Manifest]:
    """The policies of the server, if it runs here, and of the Jobs that prepare it."""
    if not system.spec.security.network_policies.enabled:
        return
    own = labels_of(system, service, SERVER, resolution.version)
    name = names.data_service(system.name, service)
    if mode(system, service) != "external":
        spec = _around_server(system, service, access, resolution)
        yield manifest(kinds.NETWORK_POLICY, name, system, own, spec=spec)
    yield manifest(
        kinds.NETWORK_POLICY,
        f"{name}-{PROVISIONING}",
        system,
        labels_of(system, service, PROVISIONING, resolution.version),
        spec={
            "podSelector": {"matchLabels": selector(system, service, PROVISIONING)},
            "policyTypes": ["Ingress", "Egress"],
            "egress": [DNS, *to_service(system, service, access)],
        },
    )


def _around_server(
    system: ArkaliaSystem, service: DataService, access: DataAccess, resolution: Resolution
) -> Manifest:
    ports = [{"port": access.services[service].endpoint.port, "protocol": "TCP"}]
    chosen = {"podSelector": {"matchLabels": _server(system, service)}}
    sources = list(_sources(system, service, resolution))
    if mode(system, service) != "cnpg":
        rules = [{"from": sources, "ports": ports}]
        return {**chosen, "policyTypes": ["Ingress", "Egress"], "ingress": rules, "egress": [DNS]}
    watched = [{"port": each, "protocol": "TCP"} for each in CNPG_PORTS]
    rules = [{"from": [*sources, chosen], "ports": ports}, {"ports": watched}]
    return {**chosen, "policyTypes": ["Ingress"], "ingress": rules}


def _sources(
    system: ArkaliaSystem, service: DataService, resolution: Resolution
) -> Iterator[Manifest]:
    named = clients(resolution, service)
    if named:
        yield _pods(system, {"key": labels.MODULE, "operator": "In", "values": named})
    yield {"podSelector": {"matchLabels": selector(system, service, PROVISIONING)}}
    if service is DataService.POSTGRESQL:
        yield _pods(system, {"key": labels.MIGRATION, "operator": "Exists"})


def _pods(system: ArkaliaSystem, wanted: Manifest) -> Manifest:
    chosen = {"matchLabels": {labels.SYSTEM: system.name}, "matchExpressions": [wanted]}
    return {"podSelector": chosen}


def _server(system: ArkaliaSystem, service: DataService) -> dict[str, str]:
    if mode(system, service) == "cnpg":
        return {cnpg.CLUSTER_LABEL: cnpg.cluster(system)}
    return selector(system, service, SERVER)
