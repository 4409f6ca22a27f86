"""The pods of the edge: restricted, with no right in the cluster, and no word of the spec in them.

What the spec says of the edge lies in a ConfigMap that nginx reads again while it runs, so a new
limit replaces no pod.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import endpoints, files, labels
from arkalia_operator.api.components import Component
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import images, names, placement
from arkalia_operator.desired.data.pods import resources
from arkalia_operator.desired.edge import nginx
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import edge_selector, system_labels
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.templates import (
    CONTAINER_SECURITY,
    LAST_WORDS,
    POD_SECURITY,
    SCRATCH_MOUNT,
    with_revision,
)

IMAGE: Final = "edge"
CONFIGURATION_FOLDER: Final = f"{files.SETTINGS_FOLDER}/settings"
READABLE: Final = 0o444
PROBE_PORT_NAME: Final = "probe"
METRICS_PORT_NAME: Final = "metrics"
MARGIN_SECONDS: Final = 15
"""For the time in which the endpoints are withdrawn, and a little."""
OWN_RESOURCES: Final = ResourceRequirements(
    requests={"cpu": "25m", "memory": "32Mi"}, limits={"memory": "256Mi"}
)


def template(system: ArkaliaSystem, component: Component, resolution: Resolution) -> Manifest:
    """The PodTemplateSpec of the edge before *component*: it stops after it."""
    return with_revision(
        {
            "metadata": {"labels": labels_of(system, resolution.version), "annotations": {}},
            "spec": {
                **placement.pod_fields(system.spec.placement, None),
                **_spec(system, component),
                "containers": [_container(system, resolution)],
                "volumes": list(_volumes(system)),
            },
        }
    )


def labels_of(system: ArkaliaSystem, version: str) -> dict[str, str]:
    """All labels of an object of the edge."""
    own = {labels.NAME: IMAGE, labels.COMPONENT: IMAGE, labels.EDGE: "true"}
    return {**system_labels(system, version), **own}


def image(system: ArkaliaSystem, resolution: Resolution) -> str:
    """The image of the edge."""
    return images.of_part(IMAGE, system.spec.images, resolution.version, resolution.registry)


def _spec(system: ArkaliaSystem, component: Component) -> Manifest:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": edge_selector(system.name)},
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": POD_SECURITY,
        "terminationGracePeriodSeconds": component.termination_grace_period_seconds
        + MARGIN_SECONDS,
        "topologySpreadConstraints": [spread],
        **present(imagePullSecrets=[{"name": each} for each in system.spec.images.pull_secrets]),
    }


def _container(system: ArkaliaSystem, resolution: Resolution) -> Manifest:
    ports = {
        endpoints.PORT_HTTPS: nginx.PORT,
        endpoints.PORT_HTTP: nginx.PLAIN_PORT,
        METRICS_PORT_NAME: nginx.METRICS_PORT,
        PROBE_PORT_NAME: nginx.PROBE_PORT,
    }
    chosen = resources(system.spec.exposure.edge.resources, OWN_RESOURCES)
    return {
        "name": IMAGE,
        "image": image(system, resolution),
        "imagePullPolicy": system.spec.images.pull_policy,
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()
        ],
        **_probes(),
        **present(resources=chosen),
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": LAST_WORDS,
        "volumeMounts": [
            {"name": "run", "mountPath": nginx.RUN_FOLDER},
            SCRATCH_MOUNT,
            *({"name": each, "mountPath": path, "readOnly": True} for each, path in _read(system)),
        ],
    }


def _read(system: ArkaliaSystem) -> Iterator[tuple[str, str]]:
    """The volumes that are only read, and where."""
    yield "settings", CONFIGURATION_FOLDER
    yield "tls", files.TLS_FOLDER
    yield "trust", files.TRUST_FOLDER
    if system.spec.exposure.edge.tls is not None:
        yield "public-tls", nginx.PUBLIC_TLS_FOLDER


def _probes() -> Manifest:
    """Whether nginx answers; whether the module behind it does is told there."""
    asked = {"httpGet": {"path": nginx.LIVE, "port": PROBE_PORT_NAME}, "timeoutSeconds": 5}
    return {
        "startupProbe": {**asked, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {**asked, "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**asked, "periodSeconds": 5, "failureThreshold": 2},
    }


def _volumes(system: ArkaliaSystem) -> Iterator[Manifest]:
    pair = (files.CERTIFICATE_KEY, files.PRIVATE_KEY_KEY)
    yield {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    yield {"name": "scratch", "emptyDir": {"sizeLimit": "256Mi"}}
    yield _config_map("settings", names.edge(system.name), None)
    yield _secret("tls", names.edge_tls(system.name), pair)
    yield _config_map("trust", names.trust(system.name), [files.AUTHORITY_KEY])
    own = system.spec.exposure.edge.tls
    if own is not None:
        yield _secret("public-tls", own.secret_name, pair)


def _config_map(volume: str, name: str, keys: list[str] | None) -> Manifest:
    items = [{"key": key, "path": key} for key in keys or ()]
    source = {"name": name, "defaultMode": READABLE, **present(items=items)}
    return {"name": volume, "configMap": source}


def _secret(volume: str, name: str, keys: tuple[str, ...]) -> Manifest:
    items = [{"key": key, "path": key} for key in keys]
    return {
        "name": volume,
        "secret": {"secretName": name, "defaultMode": READABLE, "items": items},
    }
