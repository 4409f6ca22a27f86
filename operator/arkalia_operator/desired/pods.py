"""The pod template of a component: restricted, with no right in the cluster, its health asked."""

from __future__ import annotations

from arkalia_contract import endpoints, environment, labels
from arkalia_operator.api.components import Component, Probe
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import (
    auth,
    configuration,
    identity,
    llm,
    metadata,
    names,
    outside,
    placement,
)
from arkalia_operator.desired.certificates import serves_https
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.overlay import overlay
from arkalia_operator.desired.resolved import Resolution, ResolvedModule
from arkalia_operator.desired.templates import (
    CONTAINER_SECURITY,
    LAST_WORDS,
    POD_SECURITY,
    SCRATCH_MOUNT,
    SCRATCH_VOLUME,
    with_revision,
)


def template(
    system: ArkaliaSystem, module: ResolvedModule, component: Component, resolution: Resolution
) -> Manifest:
    """The PodTemplateSpec of *component*, with the user's overlay on top."""
    container = _container(system, module, component, resolution)
    container["volumeMounts"] = [*identity.mounts(module, resolution), SCRATCH_MOUNT]
    rendered = {
        "metadata": {
            "labels": metadata.module_labels(system, module, component.name),
            "annotations": {labels.CONFIG_HASH: configuration.digest(module)},
        },
        "spec": {
            **placement.pod_fields(system.spec.placement, module.settings.placement),
            **_spec(system, module, component),
            "containers": [container],
            "volumes": [*identity.volumes(system, module, component, resolution), SCRATCH_VOLUME],
        },
    }
    return with_revision(overlay(rendered, module.settings.pod_template, CONTAINER_SECURITY))


def port_name(component: Component) -> str:
    """What the port of *component* is called in its pods and its Service."""
    return endpoints.PORT_HTTPS if serves_https(component) else endpoints.PORT_HTTP


def _spec(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> Manifest:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": names.module(system.name, module.name),
        "securityContext": POD_SECURITY,
        "terminationGracePeriodSeconds": component.termination_grace_period_seconds,
        "topologySpreadConstraints": [_spread(system, module, component)],
        **present(imagePullSecrets=[{"name": each} for each in system.spec.images.pull_secrets]),
    }


def _spread(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> Manifest:
    """Spread over nodes where there are several; never keep a pod from running."""
    selector = metadata.selector(system.name, module.name, component.name)
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector},
    }


def _container(
    system: ArkaliaSystem, module: ResolvedModule, component: Component, resolution: Resolution
) -> Manifest:
    told = _told(system, module, component) | outside.before(system, module, resolution)
    return {
        "name": module.name,
        "image": module.image,
        "imagePullPolicy": system.spec.images.pull_policy,
        "env": configuration.variables(system, module, told),
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": LAST_WORDS,
        **_probes(component),
        **present(
            command=component.command,
            args=component.args,
            ports=_ports(component),
            resources=resources(module, component),
        ),
    }


def _told(system: ArkaliaSystem, module: ResolvedModule, component: Component) -> dict[str, str]:
    port = {} if component.port is None else {environment.PORT: str(component.port)}
    of_spec = outside.variables(system, module) | llm.variables(system, module)
    return port | of_spec | auth.variables(system, module)


def resources(module: ResolvedModule, component: Component) -> Manifest:
    """CPU and memory of a container of *component*."""
    own = component.resources
    chosen = module.settings.resources or own
    return present(requests=chosen.requests or own.requests, limits=chosen.limits or own.limits)


def _ports(component: Component) -> list[Manifest]:
    if component.port is None:
        return []
    return [{"name": port_name(component), "containerPort": component.port, "protocol": "TCP"}]


def _probes(component: Component) -> Manifest:
    if component.port is None:
        return {}
    return {
        "startupProbe": _probe(component, component.probes.startup),
        "livenessProbe": _probe(component, component.probes.liveness),
        "readinessProbe": _probe(component, component.probes.readiness),
    }


def _probe(component: Component, probe: Probe) -> Manifest:
    """The kubelet checks no certificate, and shows none."""
    return {
        "httpGet": {
            "path": probe.path,
            "port": port_name(component),
            **present(scheme="HTTPS" if serves_https(component) else None),
        },
        "periodSeconds": probe.period_seconds,
        "timeoutSeconds": probe.timeout_seconds,
        "failureThreshold": probe.failure_threshold,
    }
