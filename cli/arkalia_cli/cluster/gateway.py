"""Where a module of a system is reached, and how its certificate is checked."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from arkalia_cli.api_paths import CONFIG_MAP, POD, SERVICE
from arkalia_cli.cluster import children
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.errors import NotFoundError, RefusedError, close_matches
from arkalia_contract import endpoints, files, identity, labels

MAIN: Final = "main"
"""The component that answers for its module."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A Service of a system, and the authority that its certificate must be of."""

    service: str
    namespace: str
    selector: str
    port: Body
    tls: ssl.SSLContext | None

    @property
    def host(self) -> str:
        """The name that stands in the certificate."""
        return f"{self.service}.{self.namespace}.svc"


def find(cluster: Connection, system: str, module: str) -> Gateway:
    """The way to *module* of *system*. Raises CliError."""
    services = children.of(cluster, SERVICE, system)
    by_module = {
        found[labels.MODULE]: each
        for each in services
        if (found := each["metadata"]["labels"]).get(labels.COMPONENT) == MAIN
        and labels.MODULE in found
        and labels.EACH_POD not in found  # its name stands in no certificate
    }
    if module not in by_module:
        message = f"system {system} has no Service of a module {module}"
        raise NotFoundError(message, close_matches(module, by_module))
    return _gateway(cluster, system, by_module[module])


def _gateway(cluster: Connection, system: str, service: Body) -> Gateway:
    port = service["spec"]["ports"][0]
    secured = port["name"] == endpoints.PORT_HTTPS
    return Gateway(
        service=service["metadata"]["name"],
        namespace=cluster.namespace,
        selector=",".join(f"{key}={value}" for key, value in service["spec"]["selector"].items()),
        port=port,
        tls=_context(cluster, system) if secured else None,
    )


def _context(cluster: Connection, system: str) -> ssl.SSLContext:
    known = cluster.get(CONFIG_MAP.path(cluster.namespace, identity.trust(system)))
    return ssl.create_default_context(cadata=known["data"][files.AUTHORITY_KEY])


def ready_pod(cluster: Connection, gateway: Gateway) -> tuple[str, int]:
    """A pod behind *gateway* that is ready, and the port on which it serves. Raises CliError."""
    pods = cluster.find(POD, cluster.namespace, labelSelector=gateway.selector)
    for pod in pods:
        if _ready(pod) and (port := _port(pod, gateway.port)):
            return pod["metadata"]["name"], port
    message = f"none of the {len(pods)} pods behind {gateway.service} is ready"
    raise RefusedError(message, "`arkalia status` tells why.")


def _ready(pod: Body) -> bool:
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _port(pod: Body, port: Body) -> int | None:
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    ports = (each for one in pod["spec"]["containers"] for each in one.get("ports", ()))
    return next((each["containerPort"] for each in ports if each.get("name") == wanted), None)
