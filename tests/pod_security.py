"""The `restricted` Pod Security level, written down a second time for the tests.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/. It takes no part of
the operator, and says what is wrong with a pod rather than how to write it.
"""

ALLOWED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
ALLOWED_SELINUX = {
    None,
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
}


def violations(template):
    """Everything that keeps a pod made from *template* from passing `restricted`."""
    spec = template["spec"]
    pod = spec.get("securityContext") or {}
    found = [f"pod: {name}" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    for volume in spec.get("volumes") or []:
        found += [f"volume: {kind}" for kind in set(volume) - {"name"} - ALLOWED_VOLUMES]
    for name, value in (template["metadata"].get("annotations") or {}).items():
        if name.startswith("container.apparmor.") and not value.startswith(
            ("runtime/", "localhost/")
        ):
            found.append(f"annotation: {name}")
    for group in ("initContainers", "containers"):
        for container in spec.get(group) or []:
            found += [f"{container['name']}: {each}" for each in _of_container(container, pod)]
    return found + _of_context(pod)


def _of_container(container, pod):
    context = container.get("securityContext") or {}
    profile = context.get("seccompProfile") or pod.get("seccompProfile") or {}
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot"
    if profile.get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "seccompProfile"
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield "hostPort"
    yield from _of_capabilities(context.get("capabilities") or {})
    yield from _of_handlers(container)
    yield from _of_context(context)


def _of_capabilities(capabilities):
    if "ALL" not in (capabilities.get("drop") or []):
        yield "capabilities.drop"
    if set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "capabilities.add"


def _of_handlers(container):
    probes = [container.get(name) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in _objects([*probes, *next(_objects([container.get("lifecycle")]), {}).values()]):
        for action in _objects(handler.values()):
            if action.get("host"):
                yield "host of a probe or hook"


def _objects(values):
    """Those that are objects: the API server itself refuses anything else there."""
    return (each for each in values if isinstance(each, dict))


def _of_context(context):
    selinux = context.get("seLinuxOptions") or {}
    found = []
    if context.get("runAsUser") == 0:
        found.append("runAsUser")
    if context.get("privileged"):
        found.append("privileged")
    if context.get("procMount") not in (None, "Default"):
        found.append("procMount")
    if selinux.get("type") not in ALLOWED_SELINUX or selinux.get("user") or selinux.get("role"):
        found.append("seLinuxOptions")
    if (context.get("appArmorProfile") or {"type": "RuntimeDefault"}).get("type") not in {
        "RuntimeDefault",
        "Localhost",
    }:
        found.append("appArmorProfile")
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        found.append("hostProcess")
    if context.get("sysctls"):
        found.append("sysctls")
    return found
