"""What would take a pod below the `restricted` Pod Security level.

The operator's own pods pass it; a podTemplate may not undo that, wherever the namespace enforces
nothing: whoever may write an ArkaliaSystem gets no more rights on the nodes by it. The rules are
https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from arkalia_operator.desired.manifest import mapping

HOST_NAMESPACES: Final = ("hostNetwork", "hostPID", "hostIPC")
VOLUME_TYPES: Final = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
})  # fmt: skip
HANDLERS: Final = ("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop")
PROFILES: Final = ("RuntimeDefault", "Localhost")
SELINUX_TYPES: Final = (
    "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t",
)  # fmt: skip
APPARMOR_ANNOTATION: Final = "container.apparmor.security.beta.kubernetes.io/"
APPARMOR_PROFILES: Final = ("runtime/default", "localhost/")


def in_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    """Mistakes in fields of a PodSpec beside its containers, each as place and advice."""
    for name in HOST_NAMESPACES:
        if spec.get(name):
            yield f".{name}: pods of a system never share the node's: leave it out"
    for index, volume in enumerate(spec.get("volumes") or []):
        for name in sorted(volume.keys() - {"name"} - VOLUME_TYPES):
            if volume[name] is not None:
                allowed = ", ".join(sorted(VOLUME_TYPES))
                yield f".volumes[{index}].{name}: volumes are of one of the types {allowed}"


def in_container(container: Mapping[str, Any]) -> Iterator[str]:
    """Mistakes in a container beside its security context, each as place and advice."""
    for index, port in enumerate(container.get("ports") or []):
        if port.get("hostPort"):
            yield f".ports[{index}].hostPort: takes a port of the node: leave it out"
    handlers = {**container, **mapping(container.get("lifecycle"))}
    for name in HANDLERS:
        for kind in ("httpGet", "tcpSocket"):
            if mapping(mapping(handlers.get(name)).get(kind)).get("host"):
                yield f".{name}.{kind}.host: a probe or hook asks the pod itself: leave it out"


def in_security_context(context: Mapping[str, Any]) -> Iterator[str]:
    """Mistakes in the security context of a container, each as place and advice."""
    for name, keeps_restricted in CONTEXT_RULES.items():
        if name in context and not keeps_restricted(context[name]):
            yield f".{name}: takes the pod below the level restricted: leave it out"


def in_annotations(annotations: Mapping[str, Any]) -> Iterator[str]:
    """Mistakes in the annotations of a pod, each as place and advice."""
    for name, value in annotations.items():
        if name.startswith(APPARMOR_ANNOTATION) and not str(value).startswith(APPARMOR_PROFILES):
            yield f"[{name}]: takes the pod below the level restricted: leave it out"


def _keeps_capabilities_dropped(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    dropped, added = value.get("drop", ["ALL"]), value.get("add") or []
    return isinstance(dropped, list) and "ALL" in dropped and added in ([], ["NET_BIND_SERVICE"])


def _is_a_profile(value: Any) -> bool:
    return mapping(value).get("type") in PROFILES


def _keeps_selinux(value: Any) -> bool:
    options = mapping(value)
    named = options.get("user") or options.get("role")
    return not named and options.get("type", "") in SELINUX_TYPES


CONTEXT_RULES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "allowPrivilegeEscalation": lambda value: value is False,
    "appArmorProfile": _is_a_profile,
    "capabilities": _keeps_capabilities_dropped,
    "privileged": lambda value: not value,
    "procMount": lambda value: value in (None, "Default"),
    "runAsNonRoot": lambda value: value in (None, True),
    "runAsUser": lambda value: value != 0,
    "seLinuxOptions": _keeps_selinux,
    "seccompProfile": _is_a_profile,
    "windowsOptions": lambda value: not mapping(value).get("hostProcess"),
}
"""By field: whether its value keeps the pod restricted."""
