"""What is known of each data service, put together from Secrets, volumes and Jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import data, names
from arkalia_operator.desired.data import accounts, cnpg, needs, postgresql, redis
from arkalia_operator.desired.data.access import (
    Access,
    DataAccess,
    DataService,
    Endpoint,
    digest,
)
from arkalia_operator.desired.data.accounts import Target
from arkalia_operator.desired.data.needs import MIGRATIONS, WantedSecret, mode
from arkalia_operator.desired.kinds import CLUSTER, JOB, PERSISTENT_VOLUME_CLAIM, SECRET
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.planning.credentials import ObservedCredentials, ServiceView
from arkalia_operator.planning.findings import Finding
from arkalia_operator.planning.lineage import Lineage, Retained
from arkalia_operator.planning.observed import ObjectKey, Observed


@dataclass(frozen=True, slots=True)
class Situation:
    """What a system's data is judged by, beside its Secrets."""

    system: ArkaliaSystem
    resolution: Resolution
    before: Observed
    wanted: tuple[WantedSecret, ...]
    """Secrets of modules that must exist."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All data services that a system needs."""

    lineage: str
    views: Mapping[DataService, ServiceView]
    """Those that can be used, or prepared."""
    targets: Mapping[DataService, Target]
    unusable: Mapping[DataService, Finding]
    """Those that cannot, and why."""

    @property
    def needed(self) -> frozenset[DataService]:
        """Every data service that the system needs."""
        return frozenset(self.views) | frozenset(self.unusable)


def retained(situation: Situation, seen: ObservedCredentials) -> list[Retained]:
    """Volumes and Secrets that outlive a system, of this one's name."""
    secrets = [
        Retained(SECRET.name, each.name, each.owner_uid, each.lineage, is_ours=each.is_ours)
        for each in seen.admin.values()
    ]
    return [*secrets, *_volumes(situation)]


def picture(situation: Situation, seen: ObservedCredentials, lineage: Lineage) -> Picture:
    """What is known of each data service that *situation* needs."""
    unusable: dict[DataService, Finding] = {}
    targets: dict[DataService, Target] = {}
    for service in _needed(situation, seen):
        found = lineage.problem or _unreadable(service, seen) or _target(service, situation, seen)
        if isinstance(found, Target):
            targets[service] = found
        else:
            unusable[service] = found
    if _is_shared(targets):
        unusable[DataService.CACHE] = _shared(targets.pop(DataService.CACHE))
    views = {service: _view(situation, seen, each, lineage.id) for service, each in targets.items()}
    return Picture(lineage.id, views, targets, unusable)


def access(situation: Situation, found: Picture) -> DataAccess:
    """What is rendered of it."""
    services = {
        service: Access(view.endpoint, view.provision, _database(found.targets[service]))
        for service, view in found.views.items()
    }
    return DataAccess(
        lineage=found.lineage,
        services=services,
        unknown=frozenset(found.unusable),
        kept=frozenset(_kept(situation, found)),
    )


def active(situation: Situation, service: DataService, seen: ObservedCredentials) -> frozenset[str]:
    """The accounts that may get in: of modules that need *service*, or of which nothing is known."""
    strangers = situation.resolution.strangers
    known = _accounts_of(service, seen)
    kept = {each for each in known if each.removesuffix(MIGRATIONS) in strangers}
    return needs.accounts(situation.resolution, service) | kept


def _needed(situation: Situation, seen: ObservedCredentials) -> Iterator[DataService]:
    """A module without a readable description goes on using what it has an account in."""
    wanted = needs.needed(situation.resolution)
    strangers = set(situation.resolution.strangers)
    for service in DataService:
        if service in wanted or strangers & _accounts_of(service, seen):
            yield service


def _accounts_of(service: DataService, seen: ObservedCredentials) -> set[str]:
    secret = seen.admin.get(service)
    return set((secret.accounts if secret else None) or {})


def _unreadable(service: DataService, seen: ObservedCredentials) -> Finding | None:
    secret = seen.admin.get(service)
    if secret is None or secret.accounts is not None:
        return None
    message = (
        f"Secret {secret.name}: key accounts.json cannot be read: restore the Secret from a backup"
    )
    return Finding(Reason.SECRET_INVALID, message, doomed=True)


def _target(
    service: DataService, situation: Situation, seen: ObservedCredentials
) -> Target | Finding:
    """Where *service* is, and what of it must be prepared anew when it changes."""
    system = situation.system
    how = mode(system, service)
    if how == "external":
        named = seen.external[service]
        return named if isinstance(named, Finding) else Target(service, named.endpoint, named.mark)
    if how == "cnpg":
        endpoint = Endpoint(cnpg.host(system), postgresql.PORT, postgresql.DATABASE, seen.authority)
        return Target(service, endpoint, _uid(CLUSTER.name, cnpg.cluster(system), situation))
    name = names.data_service(system.name, service)
    host = f"{name}.{system.namespace}.svc"
    if service is DataService.POSTGRESQL:
        volume = _uid(PERSISTENT_VOLUME_CLAIM.name, name, situation)
        return Target(service, Endpoint(host, postgresql.PORT, postgresql.DATABASE), volume)
    return Target(service, Endpoint(host, redis.PORT), "")


def _is_shared(targets: Mapping[DataService, Target]) -> bool:
    """Whether one Redis is named for both roles."""
    both = [
        targets[each].endpoint for each in (DataService.QUEUE, DataService.CACHE) if each in targets
    ]
    return len({(each.host, each.port) for each in both}) < len(both)


def _shared(cache: Target) -> Finding:
    message = (
        f"{cache.endpoint.host}:{cache.endpoint.port} is named for queue and for cache: a module's "
        "user in one of them would replace the other's. Name a Redis of its own for each role"
    )
    return Finding(Reason.SECRET_INVALID, message, doomed=True)


def _uid(kind: str, name: str, situation: Situation) -> str:
    record = situation.before.children.get(ObjectKey(kind, situation.system.namespace, name))
    return record.uid if record else ""


def _view(
    situation: Situation, seen: ObservedCredentials, target: Target, lineage: str
) -> ServiceView:
    system, secret = situation.system, seen.admin.get(target.service)
    allowed = active(situation, target.service, seen)
    known = (secret.accounts if secret else None) or {}
    key, _ = accounts.provision(system, target, known, allowed)
    found = ServiceView(
        service=target.service,
        endpoint=target.endpoint,
        wanted=needs.accounts(situation.resolution, target.service),
        revision=system.spec.data.credentials.revision,
        secret=secret,
        provision=key,
        provisioned=False,
        owned=system.spec.deletion_policy == "Delete",
        lineage=lineage,
    )
    return replace(found, provisioned=_is_provisioned(situation, found, target))


def _is_provisioned(situation: Situation, view: ServiceView, target: Target) -> bool:
    """Whether the Job has succeeded that applies what the Secret holds now."""
    system = situation.system
    if view.secret is None or view.secret.provision != view.provision:
        return False
    if mode(system, view.service) == "cnpg" and not view.endpoint.authorities:
        return False  # CloudNativePG is about to publish by what its certificates are verified
    known = Access(view.endpoint, view.provision, _database(target))
    only = DataAccess(services={view.service: known})
    _, name = data.jobs(system, only, situation.resolution)[view.service]
    record = situation.before.children.get(ObjectKey(JOB.name, system.namespace, name))
    if record is None or record.job is None or record.owner_uid != system.uid:
        return False
    return record.job.succeeded


def _database(target: Target) -> str:
    endpoint = target.endpoint
    return digest(endpoint.host, str(endpoint.port), endpoint.database, target.mark)


def _volumes(situation: Situation) -> Iterator[Retained]:
    """Volumes and Clusters of this system's name, where the mode in force uses them."""
    system = situation.system
    for service in DataService:
        kind = {"builtin": PERSISTENT_VOLUME_CLAIM, "cnpg": CLUSTER}.get(mode(system, service))
        name = names.data_service(system.name, service)
        if kind is not None:
            record = situation.before.children.get(ObjectKey(kind.name, system.namespace, name))
            if record is not None:
                yield Retained(kind.name, name, record.owner_uid, record.lineage, needs_secret=name)


def _kept(situation: Situation, found: Picture) -> Iterator[str]:
    """Everything that there is of the services that cannot be used for now."""
    for service in found.unusable:
        name = names.data_service(situation.system.name, service)
        for key in situation.before.children:
            if key.name == name or key.name.startswith(f"{name}-"):
                yield key.name
