"""`spec.network` and `spec.monitoring.tracing`: what pods are told of the world outside, and the way there.

A system that says nothing of it has pods in which nothing of it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from arkalia_contract import environment, files, identity
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import exposure, names
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

ALWAYS_DIRECTLY: Final = ("localhost", "127.0.0.1", "::1", ".svc", ".cluster.local")
"""The pod itself, and the names by which the parts of a cluster call each other."""
USUAL_PORTS: Final = {"http": 80, "https": 443}
OWN_ENDPOINT: Final = "tracing_endpoint"
"""Setting of a module by which it sends its traces elsewhere."""


def variables(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    """What a container of *module* is told."""
    return of_every_pod(system) | _tracing(system, module)


def of_every_pod(system: ArkaliaSystem) -> dict[str, str]:
    """What a container that asks the world outside is told, whatever it is."""
    return _proxies(system) | _authorities(system)


def sources(system: ArkaliaSystem) -> list[Manifest]:
    """Where the authorities come from, as sources of a projected volume.

    Optional: without them the module still serves, and the status tells what is missing.
    """
    bundle = system.spec.network.ca_bundle
    if bundle is None:
        return []
    path = files.OUTSIDE_AUTHORITIES.removeprefix(f"{files.SETTINGS_FOLDER}/")
    item = {"key": bundle.key, "path": path}
    return [{"configMap": {"name": bundle.config_map, "items": [item], "optional": True}}]


def egress(system: ArkaliaSystem) -> list[Manifest]:
    """The ports of proxies and of the receiver of traces, at every address: a name can stand for any."""
    return to_ports(*_addresses(system))


def to_ports(*addresses: str) -> list[Manifest]:
    """The rules by which these *addresses* are reached, wherever they are."""
    ports = sorted({_port(each) for each in addresses})
    return [{"ports": [{"port": each, "protocol": "TCP"} for each in ports]}] if ports else []


def _addresses(system: ArkaliaSystem) -> Iterator[str]:
    proxy, tracing = system.spec.network.proxy, system.spec.monitoring.tracing
    yield from filter(None, (proxy.http, proxy.https))
    if tracing is not None:
        yield tracing.endpoint


def _port(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or USUAL_PORTS[parts.scheme]


def _proxies(system: ArkaliaSystem) -> dict[str, str]:
    proxy = system.spec.network.proxy
    if not proxy.http and not proxy.https:
        return {}
    directly = ",".join([*ALWAYS_DIRECTLY, *proxy.no_proxy])
    told = {
        environment.HTTP_PROXY: proxy.http,
        environment.HTTPS_PROXY: proxy.https,
        environment.NO_PROXY: directly,
    }
    given = {name: value for name, value in told.items() if value}
    return given | {name.lower(): value for name, value in given.items()}


def _authorities(system: ArkaliaSystem) -> dict[str, str]:
    if system.spec.network.ca_bundle is None:
        return {}
    names = (environment.SSL_CERT_FILE, environment.REQUESTS_CA_BUNDLE)
    return dict.fromkeys(names, files.OUTSIDE_AUTHORITIES)


def _tracing(system: ArkaliaSystem, module: ResolvedModule) -> dict[str, str]:
    tracing = system.spec.monitoring.tracing
    if tracing is None or OWN_ENDPOINT in module.settings.config:
        return {}
    return {
        environment.TRACING_ENDPOINT: tracing.endpoint,
        environment.TRACING_SAMPLING: f"{tracing.sampling:g}",
    }


def before(system: ArkaliaSystem, module: ResolvedModule, resolution: Resolution) -> dict[str, str]:
    """Who stands before a public module; the others are never asked from outside.

    The edge knows itself which proxies stand before it.
    """
    if exposure.is_behind_edge(system, module, resolution):
        pods = identity.pods(system.namespace, names.edge_pods(system.name))
        return {environment.EDGE: pods}
    trusted = system.spec.network.trusted_proxies
    if not module.spec.public or not trusted:
        return {}
    return {environment.TRUSTED_PROXIES: ",".join(trusted)}
