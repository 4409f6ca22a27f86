"""Which certificates a system needs: one for each module that serves HTTPS, and data service."""

from __future__ import annotations

from dataclasses import dataclass

from arkalia_operator.api.components import Component
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.data.needs import mode, needed
from arkalia_operator.desired.resolved import Resolution, ResolvedModule


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long what is issued lasts, in seconds."""

    authority_seconds: float = 5 * 365 * 86400.0
    certificate_seconds: float = 90 * 86400.0
    spread_seconds: float = 120.0
    """Until a changed Secret or ConfigMap has reached every pod: the kubelet's sync period is 60 s,
    half as much again by its jitter, and a service looks at its files every few seconds."""


@dataclass(frozen=True, slots=True)
class WantedCertificate:
    """A certificate that must exist."""

    module: str
    """The module that shows it; empty for a data service and the edge."""
    secret: str
    dns_names: tuple[str, ...]
    """Every name by which its holder is called; the first is its subject."""
    data: str = ""
    """The data service that shows it; empty for a module."""
    edge: bool = False
    """Whether the edge shows it."""


def wanted_certificates(
    system: ArkaliaSystem, resolution: Resolution
) -> tuple[WantedCertificate, ...]:
    """The certificates of *system*, in the order of its modules.

    A held module has one too: its pods go on.
    """
    served = (each for each in resolution.known if any(map(serves_https, each.spec.components)))
    of_modules = tuple(
        WantedCertificate(each.name, names.tls(system.name, each.name), dns_names(system, each))
        for each in sorted(served, key=lambda each: each.name)
    )
    builtin = (each for each in needed(resolution) if mode(system, each) == "builtin")
    of_edge = (_of_edge(system),) if system.spec.exposure.edge.enabled else ()
    return (*of_modules, *(_of_data_service(system, each) for each in builtin), *of_edge)


def serves_https(component: Component) -> bool:
    """Whether *component* serves HTTPS: then its pods hold the module's certificate."""
    return component.port is not None and component.scheme == "HTTPS"


def dns_names(system: ArkaliaSystem, module: ResolvedModule) -> tuple[str, ...]:
    """All names of the Services that lead to *module*, and the pod's own name for itself."""
    services = [
        names.component(system.name, module.name, each.name)
        for each in module.spec.components
        if serves_https(each)
    ]
    return _names_of(system, services)


def _of_data_service(system: ArkaliaSystem, service: DataService) -> WantedCertificate:
    called = _names_of(system, [names.data_service(system.name, service)])
    return WantedCertificate("", names.tls(system.name, service), called, service.value)


def _of_edge(system: ArkaliaSystem) -> WantedCertificate:
    called = _names_of(system, [names.edge(system.name)])
    return WantedCertificate("", names.edge_tls(system.name), called, edge=True)


def _names_of(system: ArkaliaSystem, services: list[str]) -> tuple[str, ...]:
    scopes = ("", f".{system.namespace}", f".{system.namespace}.svc")
    local = f".{system.namespace}.svc.cluster.local"
    return (*(f"{name}{scope}" for name in services for scope in (*scopes, local)), "localhost")
