"""`spec.llm.mode: builtin`: an Ollama server with its volume, and the keeper of its models beside it.

The keeper (`workloads/model-keeper`) pulls what is missing and loads it. Its readiness is the pod's,
so the Service leads to no server whose models are not in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import files, labels
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import images, kinds, names, outside, placement
from arkalia_operator.desired.claims import claim
from arkalia_operator.desired.data.network import DNS
from arkalia_operator.desired.data.pods import USER, resources
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import lasting_labels, manifest, system_labels
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.stored import as_stored
from arkalia_operator.desired.templates import (
    CONTAINER_SECURITY,
    LAST_WORDS,
    POD_SECURITY,
    SCRATCH_MOUNT,
    with_revision,
)

IMAGE: Final = "ollama"
"""By which `spec.images.digests` names the image of the server."""
KEEPER_IMAGE: Final = "model-keeper"
SERVER: Final = "server"
KEEPER: Final = "keeper"
LLM: Final = "llm"
PORT: Final = 11434
PORT_NAME: Final = "http"
HEALTH_PORT: Final = 11435
"""Of the keeper: a port that no image of a model server is likely to use, for both share the pod's."""
HEALTH_PORT_NAME: Final = "health"
FOLDER: Final = "/var/lib/arkalia"
START_SECONDS: Final = 300
"""Longest start of the server: it looks for graphics cards first."""
MOST_MODELS: Final = 64
"""As many as the spec takes: Ollama would keep three in memory otherwise, and put the others out."""
CANNOT_PULL: Final = 69
CANNOT_LOAD: Final = 71
"""Exit codes of the keeper (`arkalia_model_keeper.__main__`)."""
RESOURCES: Final = ResourceRequirements(requests={"cpu": "500m", "memory": "2Gi"})
KEEPER_RESOURCES: Final = {
    "requests": {"cpu": "10m", "memory": "24Mi"},
    "limits": {"memory": "96Mi"},
}
USUAL_PORT: Final = 443


def is_wanted(system: ArkaliaSystem) -> bool:
    """Whether the operator runs a model server for *system*."""
    return system.spec.llm.mode == "builtin"


def url(system: ArkaliaSystem) -> str:
    """Where it answers."""
    return f"http://{names.model_server(system.name)}.{system.namespace}.svc:{PORT}"


def way_in(system: ArkaliaSystem) -> Manifest:
    """The egress rule by which pods reach it."""
    peers = [{"podSelector": {"matchLabels": _selector(system)}}]
    return {"to": peers, "ports": [{"port": PORT, "protocol": "TCP"}]}


def manifests(system: ArkaliaSystem, resolution: Resolution) -> Iterator[Manifest]:
    """Everything that it is made of; nothing where none is wanted."""
    if not is_wanted(system):
        return
    name = names.model_server(system.name)
    own = {**system_labels(system, resolution.version), **_own_labels()}
    if system.spec.security.network_policies.enabled:
        yield manifest(kinds.NETWORK_POLICY, name, system, own, spec=_policy(system, resolution))
    yield manifest(kinds.SERVICE, name, system, own, spec=_service(system))
    # No lineage and an owner: what can be pulled again ends with the system.
    lasting = {**lasting_labels(system), **_own_labels()}
    volume = claim(system.spec.llm.volume)
    yield manifest(kinds.PERSISTENT_VOLUME_CLAIM, name, system, lasting, spec=volume)
    spec = _stateful_set(system, own, resolution)
    yield manifest(kinds.STATEFUL_SET, name, system, own, spec=spec)


def _own_labels() -> dict[str, str]:
    return {labels.NAME: IMAGE, labels.COMPONENT: SERVER, labels.MODELS: LLM}


def _selector(system: ArkaliaSystem) -> dict[str, str]:
    return {labels.SYSTEM: system.name, labels.MODELS: LLM, labels.COMPONENT: SERVER}


def _policy(system: ArkaliaSystem, resolution: Resolution) -> Manifest:
    """Modules that need a model come in; out go the pulls, wherever a registry is."""
    clients = {each.name for each in resolution.known if each.spec.needs.llm}
    clients |= set(resolution.strangers)
    port = [{"port": PORT, "protocol": "TCP"}]
    rules = [{"from": [_pods_of(system, clients)], "ports": port}] if clients else []
    registries = [{"port": each, "protocol": "TCP"} for each in sorted(_registries(system))]
    peers = as_stored(system.spec.security.network_policies.egress_to)
    egress = [DNS, {"ports": registries}, *outside.egress(system)]
    return {
        "podSelector": {"matchLabels": _selector(system)},
        "policyTypes": ["Ingress", "Egress"],
        **present(ingress=rules),
        "egress": [*egress, *([{"to": peers}] if peers else [])],
    }


def _pods_of(system: ArkaliaSystem, modules: set[str]) -> Manifest:
    wanted = {"key": labels.MODULE, "operator": "In", "values": sorted(modules)}
    chosen = {"matchLabels": {labels.SYSTEM: system.name}, "matchExpressions": [wanted]}
    return {"podSelector": chosen}


def _registries(system: ArkaliaSystem) -> set[int]:
    """The ports of the registries that the models are pulled from."""
    hosts = (each.partition("/") for each in system.spec.llm.models)
    ports = (host.partition(":")[2] for host, slash, _ in hosts if slash)
    return {USUAL_PORT, *(int(each) for each in ports if each.isdigit())}


def _service(system: ArkaliaSystem) -> Manifest:
    port = {"name": PORT_NAME, "port": PORT, "protocol": "TCP", "targetPort": PORT_NAME}
    return {"ports": [port], "selector": _selector(system)}


def _stateful_set(system: ArkaliaSystem, own: dict[str, str], resolution: Resolution) -> Manifest:
    """Pods are managed in parallel: a pod that never gets ready is replaced by a better one."""
    template = {
        "metadata": {"labels": own, "annotations": {}},
        "spec": {
            **placement.pod_fields(system.spec.placement, system.spec.llm.placement),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            # The server's own image would run as root.
            "securityContext": {
                **POD_SECURITY,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "fsGroupChangePolicy": "OnRootMismatch",
            },
            **present(
                imagePullSecrets=[{"name": each} for each in system.spec.images.pull_secrets]
            ),
            "containers": [_server(system), _keeper(system, resolution)],
            "volumes": list(_volumes(system)),
        },
    }
    return {
        "replicas": 1,
        "serviceName": names.model_server(system.name),
        "podManagementPolicy": "Parallel",
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": _selector(system)},
        "template": with_revision(template),
    }


def _server(system: ArkaliaSystem) -> Manifest:
    asked = {"httpGet": {"path": "/api/version", "port": PORT_NAME}, "timeoutSeconds": 5}
    # A server that computes may be slow to answer, and is not ended for that: its models would have
    # to be loaded again.
    reached = {"tcpSocket": {"port": PORT_NAME}, "timeoutSeconds": 5}
    return {
        "name": SERVER,
        "image": images.of_model_server(system.spec.llm.server_image, system.spec.images, IMAGE),
        "args": ["serve"],
        "env": [{"name": name, "value": each} for name, each in _variables(system).items()],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**asked, "periodSeconds": 1, "failureThreshold": START_SECONDS},
        "livenessProbe": {**reached, "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**asked, "periodSeconds": 5, "failureThreshold": 3},
        "resources": resources(system.spec.llm.resources, RESOURCES),
        **_common(system),
        "volumeMounts": [
            {"name": "data", "mountPath": FOLDER},
            SCRATCH_MOUNT,
            *(
                [{"name": "outside", "mountPath": files.SETTINGS_FOLDER, "readOnly": True}]
                if outside.sources(system)
                else []
            ),
        ],
    }


def _variables(system: ArkaliaSystem) -> dict[str, str]:
    return {
        "HOME": FOLDER,
        "OLLAMA_HOST": f":{PORT}",
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_MAX_LOADED_MODELS": str(MOST_MODELS),
        "OLLAMA_MODELS": f"{FOLDER}/models",
        **outside.of_every_pod(system),
    }


def _keeper(system: ArkaliaSystem, resolution: Resolution) -> Manifest:
    port = ["--server", f"http://127.0.0.1:{PORT}", "--port", str(HEALTH_PORT)]
    return {
        "name": KEEPER,
        "image": images.of_part(
            KEEPER_IMAGE, system.spec.images, resolution.version, resolution.registry
        ),
        "args": [*port, *system.spec.llm.models],
        "ports": [{"name": HEALTH_PORT_NAME, "containerPort": HEALTH_PORT, "protocol": "TCP"}],
        "livenessProbe": {**_health("live"), "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**_health("ready"), "periodSeconds": 2, "failureThreshold": 1},
        "resources": KEEPER_RESOURCES,
        **_common(system),
    }


def _health(what: str) -> Manifest:
    return {
        "httpGet": {"path": f"/health/{what}", "port": HEALTH_PORT_NAME},
        "timeoutSeconds": 5,
    }


def _common(system: ArkaliaSystem) -> Manifest:
    return {
        "imagePullPolicy": system.spec.images.pull_policy,
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": LAST_WORDS,
    }


def _volumes(system: ArkaliaSystem) -> Iterator[Manifest]:
    name = names.model_server(system.name)
    yield {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    # Ollama unpacks into it what a model is made from.
    yield {"name": "scratch", "emptyDir": {}}
    trusted = outside.sources(system)
    if trusted:
        yield {"name": "outside", "projected": {"sources": trusted, "defaultMode": 0o444}}
