"""Labels and owner references, written once."""

from __future__ import annotations

from arkalia_contract import labels
from arkalia_operator.api import API_VERSION
from arkalia_operator.api.resources import SYSTEM_KIND, ArkaliaSystem
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.resolved import ResolvedModule


def selector(system: str, module: str, component: str) -> dict[str, str]:
    """What selects the pods of one component: never changes, so never a version."""
    return {labels.SYSTEM: system, labels.MODULE: module, labels.COMPONENT: component}


def module_selector(system: str, module: str) -> dict[str, str]:
    """What selects all pods of a module."""
    return {labels.SYSTEM: system, labels.MODULE: module}


def edge_selector(system: str) -> dict[str, str]:
    """What selects the pods of the edge."""
    return {labels.SYSTEM: system, labels.EDGE: "true"}


def module_labels(system: ArkaliaSystem, module: ResolvedModule, component: str) -> dict[str, str]:
    """All labels of an object of a module."""
    return {
        labels.NAME: module.name,
        labels.INSTANCE: system.name,
        labels.COMPONENT: component,
        labels.VERSION: module.version,
        labels.PART_OF: labels.PART_OF_ARKALIA,
        labels.MANAGED_BY: labels.MANAGED_BY_OPERATOR,
        labels.SYSTEM: system.name,
        labels.MODULE: module.name,
    }


def system_labels(system: ArkaliaSystem, version: str) -> dict[str, str]:
    """All labels of an object that belongs to the system as a whole."""
    return {
        labels.NAME: labels.PART_OF_ARKALIA,
        labels.INSTANCE: system.name,
        labels.VERSION: version,
        labels.PART_OF: labels.PART_OF_ARKALIA,
        labels.MANAGED_BY: labels.MANAGED_BY_OPERATOR,
        labels.SYSTEM: system.name,
    }


def lasting_labels(system: ArkaliaSystem) -> dict[str, str]:
    """Labels of an object whose content has nothing to do with a version."""
    found = system_labels(system, "")
    del found[labels.VERSION]
    return found


def owner(system: ArkaliaSystem) -> Manifest:
    """The reference by which the garbage collector deletes children with their system."""
    return {
        "apiVersion": API_VERSION,
        "kind": SYSTEM_KIND,
        "name": system.name,
        "uid": system.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def retained(
    kind: Kind, name: str, system: ArkaliaSystem, object_labels: dict[str, str], **body: object
) -> Manifest:
    """An object that outlives *system* where `spec.deletionPolicy` says Retain.

    *object_labels* hold the lineage (`labels.LINEAGE`), by which a new system knows its data.
    """
    made = manifest(kind, name, system, object_labels, **body)
    if system.spec.deletion_policy == "Retain":
        del made["metadata"]["ownerReferences"]
    return made


def manifest(
    kind: Kind, name: str, system: ArkaliaSystem, object_labels: dict[str, str], **body: object
) -> Manifest:
    """An object of *system*: its head, and the parts of *body* that say something."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {
            "name": name,
            "namespace": system.namespace,
            "labels": object_labels,
            "ownerReferences": [owner(system)],
        },
        **present(**body),
    }
