"""`routes`: what a public module is told of the paths that the others publish, and where they are.

It is a file and no part of a pod template: a route that changes replaces no pod of the gateway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arkalia_contract import identity
from arkalia_operator.api.arkaliamodule import Route
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import names
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import Resolution, ResolvedModule


def published(
    system: ArkaliaSystem, publisher: ResolvedModule, resolution: Resolution
) -> dict[str, Manifest]:
    """The routes of all modules but *publisher* itself, by module."""
    taken: set[str] = set()
    return {
        module.name: {
            "address": address,
            "pods": identity.pods(system.namespace, names.pods(system.name, module.name)),
            "routes": [_route(each, list(_free(each.alias, taken))) for each in module.spec.routes],
        }
        for module in _in_order(resolution)
        if module.name != publisher.name and module.spec.routes
        if (address := address_of(system, module))
    }


def origins(system: ArkaliaSystem) -> list[str]:
    """The pages that may read answers in a browser."""
    cors = system.spec.exposure.cors
    return [] if cors is None else sorted(cors.origins)


def address_of(system: ArkaliaSystem, module: ResolvedModule) -> str:
    """Base URL of *module*; empty if it serves nothing."""
    for component in module.spec.components:
        if component.name == names.MAIN and component.port is not None:
            place = system.namespace, system.name, module.name
            return identity.address(*place, component.port, component.scheme.lower())
    return ""


def _in_order(resolution: Resolution) -> list[ResolvedModule]:
    """Built-in modules first: nobody takes an alias from them."""
    return sorted(resolution.known, key=lambda module: (module.foreign, module.name))


def _free(alias: Sequence[str], taken: set[str]) -> Iterator[str]:
    for each in alias:
        if each not in taken:
            taken.add(each)
            yield each


def _route(route: Route, alias: list[str]) -> Manifest:
    return {
        "path": route.path,
        "methods": sorted(route.methods),
        "scopes": sorted(route.scopes),
        "requests_per_second": route.requests_per_second,
        "answer_seconds": route.answer_seconds,
        "alias": alias,
    }
