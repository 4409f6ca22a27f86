"""`spec.exposure.edge`: an nginx before the public module, and who may reach whom through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import exposure, kinds, names, routes
from arkalia_operator.desired.edge import monitoring, network, nginx, pods, request_filter
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import edge_selector, manifest
from arkalia_operator.desired.modules import PROGRESS_DEADLINE_SECONDS, REVISIONS_KEPT, ROLLING
from arkalia_operator.desired.resolved import Resolution, ResolvedModule
from arkalia_operator.desired.scaling import SPARE, budget, following

CONFIGURATION: Final = "nginx.conf"
MAX_BODY: Final = "max_body_bytes"
"""Setting of a module that says how long a body it takes."""
USUAL_MAX_BODY: Final = 1024 * 1024
"""What a service takes that is told nothing else (`arkalia_runtime.settings`)."""


def manifests(system: ArkaliaSystem, resolution: Resolution) -> Iterator[Manifest]:
    """Everything that the edge is made of, while it is clear which module is behind it."""
    module = exposure.exposed(system, resolution)
    if not system.spec.exposure.edge.enabled or not isinstance(module, ResolvedModule):
        return
    name, own = names.edge(system.name), pods.labels_of(system, resolution.version)
    told = configuration(system, module, resolution)
    yield manifest(kinds.CONFIG_MAP, name, system, own, data=told)
    yield from network.services(system, own)
    yield from network.policies(system, module, own)
    yield manifest(
        kinds.DEPLOYMENT, name, system, own, spec=_deployment(system, module, resolution)
    )
    yield from _scaling(system, own)
    yield from monitoring.manifests(system, own)


def configuration(
    system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution
) -> dict[str, str]:
    """The files that the edge before *module* reads, by name."""
    wanted, chosen = site(system, module), system.spec.exposure.edge.request_filter
    told = {CONFIGURATION: nginx.configuration(wanted)}
    if chosen.mode != "Off":
        free = request_filter.free_paths(module, resolution)
        filtered = request_filter.Filtered(chosen, wanted.max_body_bytes, free)
        told[nginx.FILTER] = request_filter.configuration(filtered)
    return told


def site(system: ArkaliaSystem, module: ResolvedModule) -> nginx.Site:
    """What nginx is told of *system*, whose public module is *module*."""
    edge = system.spec.exposure.edge
    told = module.settings.config.get(MAX_BODY)
    return nginx.Site(
        address=routes.address_of(system, module),
        host=system.spec.exposure.host or "",
        has_public_certificate=edge.tls is not None,
        trusted_proxies=tuple(sorted(system.spec.network.trusted_proxies)),
        max_body_bytes=told if isinstance(told, int) else USUAL_MAX_BODY,
        requests_per_second=edge.requests_per_second,
        auth_requests_per_second=edge.auth_requests_per_second,
        stop_seconds=exposure.main(module).termination_grace_period_seconds,
        filter_mode=edge.request_filter.mode,
        deny_list=edge.deny_list,
    )


def autoscaled(system: ArkaliaSystem) -> dict[str, int]:
    """The Deployment of the edge, if an autoscaler owns its `replicas`, with its least number."""
    edge = system.spec.exposure.edge
    if not edge.enabled or edge.scaling is None:
        return {}
    return {names.edge(system.name): edge.scaling.min_replicas}


def _scaling(system: ArkaliaSystem, own: dict[str, str]) -> Iterator[Manifest]:
    name, edge = names.edge(system.name), system.spec.exposure.edge
    if edge.least_replicas >= SPARE:
        spec = budget(edge_selector(system.name))
        yield manifest(kinds.POD_DISRUPTION_BUDGET, name, system, own, spec=spec)
    if edge.scaling is not None:
        spec = following(name, edge.scaling)
        yield manifest(kinds.HORIZONTAL_POD_AUTOSCALER, name, system, own, spec=spec)


def _deployment(system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution) -> Manifest:
    edge = system.spec.exposure.edge
    return {
        **present(replicas=None if edge.scaling else edge.replicas),
        "selector": {"matchLabels": edge_selector(system.name)},
        "strategy": ROLLING,
        "progressDeadlineSeconds": PROGRESS_DEADLINE_SECONDS,
        "revisionHistoryLimit": REVISIONS_KEPT,
        "template": pods.template(system, exposure.main(module), resolution),
    }
