"""`spec.exposure`: an Ingress, or an HTTPRoute with its BackendTLSPolicy, to the public module.

Which module is public stands in its description. It speaks HTTPS with a certificate of the system's
own authority, so whoever stands before it opens a connection of TLS of their own: an ingress
controller is told by its annotations, a Gateway by the policy. With an edge they lead to the edge,
which does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.components import Component
from arkalia_operator.api.exposure import Gateway, Ingress, ParentRef
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.certificates import serves_https
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import manifest, system_labels
from arkalia_operator.desired.resolved import Problem, Resolution, ResolvedModule

GATEWAYS: Manifest = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
SERVICES: Manifest = {"group": "", "kind": "Service"}
"""Groups and kinds are written out, since the API server would fill them in inside of lists."""
EVERYTHING: Manifest = {"path": {"type": "PathPrefix", "value": "/"}}
EDGE_PORT: Final = 443
"""Port of the edge's Service."""
EDGE_PLAIN_PORT: Final = 80
"""The other one, which leads to nothing but the way to the first."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """The Service that a way in leads to."""

    service: str
    port: int | None
    is_https: bool


def manifests(system: ArkaliaSystem, resolution: Resolution) -> Iterator[Manifest]:
    """Everything that leads to the exposed module; nothing while it is not clear which one that is."""
    wanted, module = system.spec.exposure, exposed(system, resolution)
    if not isinstance(module, ResolvedModule):
        return
    own, way_in = system_labels(system, resolution.version), _way_in(system, module)
    if wanted.ingress is not None:
        yield _ingress(system, wanted.ingress, way_in, own)
    if wanted.gateway is not None:
        yield _route(system, wanted.gateway, way_in, own)
        if way_in.is_https:
            yield _trust(system, way_in, own)


def exposed(system: ArkaliaSystem, resolution: Resolution) -> ResolvedModule | Problem | None:
    """The module that the way in leads to, or why there is none.

    None: no way in is wanted, or the module has no readable description for now.
    """
    wanted = system.spec.exposure
    if not wanted.is_wanted:
        return None
    public = {each.name: each for each in resolution.known if _is_way_in(each)}
    if wanted.module is not None:
        return _named(wanted.module, public, resolution)
    if len(public) == 1:
        return next(iter(public.values()))
    if public:
        message = f"{_listed(public)} are public: write one of them in spec.exposure.module"
        return Problem(Reason.INVALID_SPEC, message)
    if resolution.strangers:
        return None
    message = "no enabled module is public: switch one on, or leave spec.exposure out"
    return Problem(Reason.INVALID_SPEC, message)


def kept(system: ArkaliaSystem, resolution: Resolution) -> frozenset[str]:
    """Names of objects that stay although it is not clear where they shall lead to."""
    unclear = not isinstance(exposed(system, resolution), ResolvedModule)
    if not (unclear and system.spec.exposure.is_wanted):
        return frozenset()
    way_in = {names.exposure(system.name)}
    of_edge = {each(system.name) for each in (names.edge, names.edge_pods, names.edge_dashboard)}
    return frozenset(way_in | (of_edge if system.spec.exposure.edge.enabled else set()))


def is_behind_edge(system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution) -> bool:
    """Whether the edge is what asks *module*, for everybody outside."""
    return system.spec.exposure.edge.enabled and exposed(system, resolution) == module


def main(module: ResolvedModule) -> Component:
    """The component of a public *module* that its Service leads to."""
    return next(each for each in module.spec.components if each.name == names.MAIN)


def _named(
    name: str, public: dict[str, ResolvedModule], resolution: Resolution
) -> ResolvedModule | Problem | None:
    if name in public:
        return public[name]
    if name in resolution.strangers:
        return None
    known = f"public are {_listed(public)}" if public else "no enabled module is public"
    message = f"spec.exposure.module: {name} is not an enabled module that is public; {known}"
    return Problem(Reason.INVALID_SPEC, message)


def _listed(public: dict[str, ResolvedModule]) -> str:
    return ", ".join(sorted(public))


def _is_way_in(module: ResolvedModule) -> bool:
    """Whether *module* is public, and serves where its Service leads to."""
    served = (each for each in module.spec.components if each.port is not None)
    return module.spec.public and any(each.name == names.MAIN for each in served)


def _way_in(system: ArkaliaSystem, module: ResolvedModule) -> WayIn:
    if system.spec.exposure.edge.enabled:
        return WayIn(names.edge(system.name), EDGE_PORT, is_https=True)
    component = main(module)
    service = names.module(system.name, module.name)
    return WayIn(service, component.port, is_https=serves_https(component))


def _ingress(
    system: ArkaliaSystem, ingress: Ingress, way_in: WayIn, own: dict[str, str]
) -> Manifest:
    host, port = system.spec.exposure.host, {"number": way_in.port}
    path = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": way_in.service, "port": port}},
    }
    tls = [{"hosts": [host], "secretName": ingress.tls.secret_name}] if ingress.tls else []
    made = manifest(
        kinds.INGRESS,
        names.exposure(system.name),
        system,
        own,
        spec={
            **present(ingressClassName=ingress.class_name, tls=tls),
            "rules": [{"host": host, "http": {"paths": [path]}}],
        },
    )
    made["metadata"] |= present(annotations=dict(sorted(ingress.annotations.items())))
    return made


def _route(system: ArkaliaSystem, gateway: Gateway, way_in: WayIn, own: dict[str, str]) -> Manifest:
    backend = {**SERVICES, "name": way_in.service, "port": way_in.port, "weight": 1}
    return manifest(
        kinds.HTTP_ROUTE,
        names.exposure(system.name),
        system,
        own,
        spec={
            "parentRefs": [_parent(each) for each in gateway.parent_refs],
            "hostnames": [system.spec.exposure.host],
            "rules": [{"matches": [EVERYTHING], "backendRefs": [backend]}],
        },
    )


def _parent(parent: ParentRef) -> Manifest:
    return {**GATEWAYS, **parent.model_dump(by_alias=True, exclude_none=True)}


def _trust(system: ArkaliaSystem, way_in: WayIn, own: dict[str, str]) -> Manifest:
    """By what the Gateway knows the way in: the system's authorities, and its Service's name."""
    authorities = {"group": "", "kind": "ConfigMap", "name": names.trust(system.name)}
    return manifest(
        kinds.BACKEND_TLS_POLICY,
        names.exposure(system.name),
        system,
        own,
        spec={
            "targetRefs": [{**SERVICES, "name": way_in.service}],
            "validation": {
                "caCertificateRefs": [authorities],
                "hostname": f"{way_in.service}.{system.namespace}.svc",
            },
        },
    )
