"""`spec.data`: what must exist for the modules to keep their data, beside Secrets.

Only what a module needs is there. What cannot be used for now stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.data import cnpg, network, postgresql, provisioning, redis, servers
from arkalia_operator.desired.data.access import DataAccess, DataService
from arkalia_operator.desired.data.needs import mode, services_of
from arkalia_operator.desired.data.servers import Server
from arkalia_operator.desired.manifest import Manifest, Which
from arkalia_operator.desired.resolved import Resolution


def manifests(
    system: ArkaliaSystem, access: DataAccess, resolution: Resolution
) -> Iterator[Manifest]:
    """Everything that the data services of *system* are made of."""
    for service, found in access.services.items():
        if mode(system, service) == "builtin":
            yield from servers.manifests(system, server_of(system, service), resolution, access)
        elif mode(system, service) == "cnpg":
            yield from cnpg.manifests(system, resolution, access)
        yield from network.manifests(system, service, access, resolution)
        yield provisioning.job(system, service, found, resolution)


def server_of(system: ArkaliaSystem, service: DataService) -> Server:
    """The builtin server of *service*."""
    if service is DataService.POSTGRESQL:
        return postgresql.server(system)
    return redis.server(system, service)


def jobs(
    system: ArkaliaSystem, access: DataAccess, resolution: Resolution
) -> dict[DataService, Which]:
    """The Job after which each data service can be used.

    While it is not known what must be applied to a service, it is one that never exists.
    """
    found = {
        service: provisioning.job(system, service, each, resolution)["metadata"]["name"]
        for service, each in access.services.items()
    }
    pending = {
        service: names.provisioning(system.name, service, provisioning.PENDING)
        for service in DataService
    }
    return {service: (kinds.JOB.name, name) for service, name in (pending | found).items()}


def after(
    system: ArkaliaSystem, access: DataAccess, resolution: Resolution
) -> dict[Which, tuple[Which, ...]]:
    """What the objects of the data services, and those that need them, wait for."""
    prepared = jobs(system, access, resolution)
    found: dict[Which, tuple[Which, ...]] = {}
    for service in access.services:
        server = _server(system, service)
        if server is not None:
            found[prepared[service]] = (server,)
    for module in resolution.modules:
        before = tuple(prepared[each] for each in services_of(module))
        if before:
            for component in module.spec.components:
                name = names.component(system.name, module.name, component.name)
                found[(kinds.DEPLOYMENT.name, name)] = before
    return found


def _server(system: ArkaliaSystem, service: DataService) -> Which | None:
    """What serves *service*, where the operator asks for it."""
    kind = {"builtin": kinds.STATEFUL_SET, "cnpg": kinds.CLUSTER}.get(mode(system, service))
    return (kind.name, names.data_service(system.name, service)) if kind else None
