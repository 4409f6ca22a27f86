"""What the pods of data services and of their Jobs have in common: restricted, with no right."""

from __future__ import annotations

from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import images, placement
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import system_labels
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.desired.templates import POD_SECURITY

SERVER: Final = "server"
"""Component of the pods that serve."""
PROVISIONING: Final = "provisioning"
"""Component of the pods that prepare a data service for the modules."""
USER: Final = 65532
"""Who runs in the images of the data services, and the group that may write their volumes."""


def selector(system: ArkaliaSystem, service: DataService, component: str) -> dict[str, str]:
    """What selects the pods of a data service, or of its Jobs."""
    return {labels.SYSTEM: system.name, labels.DATA: service.value, labels.COMPONENT: component}


def labels_of(
    system: ArkaliaSystem, service: DataService, component: str, version: str
) -> dict[str, str]:
    """All labels of an object of a data service."""
    own = {labels.NAME: service.value, labels.COMPONENT: component, labels.DATA: service.value}
    return {**system_labels(system, version), **own}


def pod_spec(system: ArkaliaSystem) -> Manifest:
    """Fields of a PodSpec that are alike in all of them."""
    return {
        **placement.pod_fields(system.spec.placement, None),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            **POD_SECURITY,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
        },
        **present(imagePullSecrets=[{"name": each} for each in system.spec.images.pull_secrets]),
    }


def image(system: ArkaliaSystem, repository: str, resolution: Resolution) -> str:
    """The image of a data service, and of its Jobs."""
    return images.of_part(repository, system.spec.images, resolution.version, resolution.registry)


def resources(wanted: ResourceRequirements | None, own: ResourceRequirements) -> Manifest:
    """The *wanted* resources where they say something, else the *own* ones."""
    chosen = wanted or own
    return present(requests=chosen.requests or own.requests, limits=chosen.limits or own.limits)
