"""Which module needs which data service, what it is called there, and which Secrets hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arkalia_contract import files
from arkalia_operator.api.data import RedisCache, RedisQueue, SecretName
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

MIGRATIONS: Final = ".migrations"
"""What the account of a module's migrations is called beside its own; no module has a dot."""
FILES: Final[Mapping[DataService, str]] = {
    DataService.POSTGRESQL: files.POSTGRESQL_KEY,
    DataService.QUEUE: files.REDIS_QUEUE_KEY,
    DataService.CACHE: files.REDIS_CACHE_KEY,
}
"""The file by which a module knows a data service."""


@dataclass(frozen=True, slots=True)
class WantedSecret:
    """A Secret by which a module, or its migrations, reach their data."""

    name: str
    module: str
    accounts: Mapping[DataService, str]
    """The account that it holds, for each data service."""


def services_of(module: ResolvedModule) -> tuple[DataService, ...]:
    """The data services that *module* cannot work without, in a stable order."""
    wanted = module.spec.needs
    found = [DataService.POSTGRESQL] if wanted.postgresql else []
    roles = {"queue": DataService.QUEUE, "cache": DataService.CACHE}
    return (*found, *(roles[each] for each in ("queue", "cache") if each in wanted.redis))


def needed(resolution: Resolution) -> tuple[DataService, ...]:
    """The data services that the modules need, in a stable order."""
    found = {each for module in resolution.known for each in services_of(module)}
    return tuple(each for each in DataService if each in found)


def clients(resolution: Resolution, service: DataService) -> list[str]:
    """Names of the modules that use *service*. A held module goes on using it."""
    found = (each.name for each in resolution.known if service in services_of(each))
    return sorted({*found, *resolution.strangers})


def accounts(resolution: Resolution, service: DataService) -> frozenset[str]:
    """The accounts that must exist in *service*."""
    found = {each.name for each in resolution.known if service in services_of(each)}
    if service is not DataService.POSTGRESQL:
        return frozenset(found)
    return frozenset(found | {f"{each}{MIGRATIONS}" for each in found})


def secrets(system: ArkaliaSystem, resolution: Resolution) -> tuple[WantedSecret, ...]:
    """The Secrets of modules and migrations that must exist."""
    return tuple(_secrets(system, resolution))


def _secrets(system: ArkaliaSystem, resolution: Resolution) -> Iterator[WantedSecret]:
    for module in sorted(resolution.known, key=lambda each: each.name):
        needed = services_of(module)
        if needed:
            name = names.data(system.name, module.name)
            yield WantedSecret(name, module.name, dict.fromkeys(needed, module.name))
        if DataService.POSTGRESQL in needed:
            held = {DataService.POSTGRESQL: f"{module.name}{MIGRATIONS}"}
            yield WantedSecret(names.migrations(system.name, module.name), module.name, held)


def mode(system: ArkaliaSystem, service: DataService) -> str:
    """`builtin`, `external` or `cnpg`."""
    data = system.spec.data
    return data.postgresql.mode if service is DataService.POSTGRESQL else data.redis.mode


def users_secret(system: ArkaliaSystem, service: DataService) -> str:
    """Name of the user's Secret that names an external *service*; empty where there is none."""
    if mode(system, service) != "external":
        return ""
    data = system.spec.data
    if service is DataService.POSTGRESQL:
        found: SecretName | None = data.postgresql.secret
    else:
        found = redis(system, service).secret
    return found.name if found else ""


def redis(system: ArkaliaSystem, service: DataService) -> RedisQueue | RedisCache:
    """What the spec says of a Redis role."""
    wanted = system.spec.data.redis
    return wanted.queue if service is DataService.QUEUE else wanted.cache
