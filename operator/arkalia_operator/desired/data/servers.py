"""A builtin data service: one server with its volume, settings and name in the network.

One instance: while it restarts it serves nothing, and status says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arkalia_contract import files, labels
from arkalia_operator.api.data import Storage
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names
from arkalia_operator.desired.claims import claim
from arkalia_operator.desired.data.access import DataAccess, DataService
from arkalia_operator.desired.data.pods import SERVER, image, labels_of, pod_spec, selector
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import manifest, retained
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.templates import CONTAINER_SECURITY, LAST_WORDS, with_revision

DATA_FOLDER: Final = "/var/lib/arkalia"
RUN_FOLDER: Final = "/run/arkalia"
ADMIN_FOLDER: Final = f"{files.SETTINGS_FOLDER}/admin"
CONFIGURATION_FOLDER: Final = f"{files.SETTINGS_FOLDER}/settings"
PRIVATE: Final = 0o440
"""Readable by the group of the pod, which only its server has."""
TLS_KEYS: Final = (files.CERTIFICATE_KEY, files.PRIVATE_KEY_KEY)
START_SECONDS: Final = 900
"""Longest start: after a crash, a server reads its log of changes again before it answers."""


@dataclass(frozen=True, slots=True)
class Server:
    """What is special about a data service's server."""

    service: DataService
    image: str
    """Repository without registry and tag."""
    port: int
    port_name: str
    settings: dict[str, str]
    """Files of its settings: by name, the text."""
    secrets: tuple[str, ...]
    """Keys of its Secret that it reads."""
    storage: Storage | None
    """Its volume; None: what it holds ends with its pod."""
    resources: Manifest
    grace_seconds: int
    ready_command: str
    logs_every_connection: bool = False
    """Whether it writes an error for each connection that ends without a handshake, as a probe's does."""


def manifests(
    system: ArkaliaSystem, server: Server, resolution: Resolution, access: DataAccess
) -> Iterator[Manifest]:
    """Everything that runs *server*, beside its Secrets."""
    name = names.data_service(system.name, server.service)
    own = labels_of(system, server.service, SERVER, resolution.version)
    yield manifest(kinds.CONFIG_MAP, name, system, own, data=server.settings)
    yield manifest(kinds.SERVICE, name, system, own, spec=_service(system, server))
    if server.storage is not None:
        lasting = {**own, labels.LINEAGE: access.lineage}
        del lasting[labels.VERSION]  # what a volume holds has nothing to do with a version
        yield retained(
            kinds.PERSISTENT_VOLUME_CLAIM, name, system, lasting, spec=claim(server.storage)
        )
    yield manifest(
        kinds.STATEFUL_SET, name, system, own, spec=_stateful_set(system, server, resolution)
    )


def _service(system: ArkaliaSystem, server: Server) -> Manifest:
    port = {
        "name": server.port_name,
        "port": server.port,
        "protocol": "TCP",
        "targetPort": server.port_name,
    }
    return {"ports": [port], "selector": selector(system, server.service, SERVER)}


def _stateful_set(system: ArkaliaSystem, server: Server, resolution: Resolution) -> Manifest:
    """Pods are managed in parallel: a pod that never gets ready is replaced by a better one."""
    name = names.data_service(system.name, server.service)
    chosen = selector(system, server.service, SERVER)
    template = {
        "metadata": {
            "labels": labels_of(system, server.service, SERVER, resolution.version),
            "annotations": {labels.CONFIG_HASH: _digest(server)},
        },
        "spec": {
            **pod_spec(system),
            "terminationGracePeriodSeconds": server.grace_seconds,
            "containers": [_container(system, server, resolution)],
            "volumes": list(_volumes(system, server)),
        },
    }
    return {
        "replicas": 1,
        "serviceName": name,
        "podManagementPolicy": "Parallel",
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": chosen},
        "template": with_revision(template),
    }


def _container(system: ArkaliaSystem, server: Server, resolution: Resolution) -> Manifest:
    return {
        "name": server.service.value,
        "image": image(system, server.image, resolution),
        "imagePullPolicy": system.spec.images.pull_policy,
        "ports": [
            {"name": server.port_name, "containerPort": server.port, "protocol": "TCP"},
        ],
        **_probes(server),
        **present(resources=server.resources),
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": LAST_WORDS,
        "volumeMounts": [
            {"name": "data", "mountPath": DATA_FOLDER},
            {"name": "run", "mountPath": RUN_FOLDER},
            {"name": "scratch", "mountPath": files.SCRATCH_FOLDER},
            {"name": "tls", "mountPath": files.TLS_FOLDER, "readOnly": True},
            {"name": "admin", "mountPath": ADMIN_FOLDER, "readOnly": True},
            {"name": "settings", "mountPath": CONFIGURATION_FOLDER, "readOnly": True},
        ],
    }


def _probes(server: Server) -> Manifest:
    asked = {"exec": {"command": [server.ready_command]}, "timeoutSeconds": 5}
    # A program that must start on a busy node first says little about the server, and a server is not
    # ended for that soon: its data would have to recover, on the same node.
    reached = {"tcpSocket": {"port": server.port_name}, "timeoutSeconds": 5}
    alive = {**reached, "periodSeconds": 10, "failureThreshold": 6}
    if server.logs_every_connection:
        alive = {**asked, "periodSeconds": 60, "failureThreshold": 5}
    # A program in a container costs the node a tenth of a second of a core each time. Who is let in
    # hangs on it only while the server neither ends nor answers: an end is seen without being asked.
    return {
        "startupProbe": {**asked, "periodSeconds": 1, "failureThreshold": START_SECONDS},
        "livenessProbe": alive,
        "readinessProbe": {**asked, "periodSeconds": 10, "failureThreshold": 2},
    }


def _volumes(system: ArkaliaSystem, server: Server) -> Iterator[Manifest]:
    name = names.data_service(system.name, server.service)
    if server.storage is None:
        yield {"name": "data", "emptyDir": {"sizeLimit": "64Mi"}}
    else:
        yield {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    yield {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    yield {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}
    yield _secret("tls", names.tls(system.name, server.service), TLS_KEYS)
    yield _secret("admin", name, server.secrets)
    yield {
        "name": "settings",
        "configMap": {"name": name, "defaultMode": 0o444, "items": _items(tuple(server.settings))},
    }


def _secret(volume: str, name: str, keys: tuple[str, ...]) -> Manifest:
    source = {"secretName": name, "defaultMode": PRIVATE, "items": _items(keys)}
    return {"name": volume, "secret": source}


def _items(keys: tuple[str, ...]) -> list[Manifest]:
    return [{"key": key, "path": key} for key in keys]


def _digest(server: Server) -> str:
    text = "\0".join(f"{name}\0{each}" for name, each in server.settings.items())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
