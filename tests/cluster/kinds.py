"""The kinds that stories touch beside a system's own children, and the address of an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arkalia_operator.api import API_VERSION
from arkalia_operator.api.resources import (
    ACTION_KIND,
    ACTION_PLURAL,
    MODULE_KIND,
    MODULE_PLURAL,
    SYSTEM_KIND,
    SYSTEM_PLURAL,
)
from arkalia_operator.desired import kinds
from arkalia_operator.desired.kinds import Kind

SYSTEM = Kind(API_VERSION, SYSTEM_KIND, SYSTEM_PLURAL)
ACTION = Kind(API_VERSION, ACTION_KIND, ACTION_PLURAL)
MODULE = Kind(API_VERSION, MODULE_KIND, MODULE_PLURAL)
NAMESPACE = Kind("v1", "Namespace", "namespaces")
EVENT = Kind("v1", "Event", "events")
NODE = Kind("v1", "Node", "nodes")
CLAIM = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
VOLUME = Kind("v1", "PersistentVolume", "persistentvolumes")
QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass", "storageclasses")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
NODE_METRICS = Kind("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes")
DEFINITION = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"
)
POLICY = Kind(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    "validatingadmissionpolicies",
)
BINDING = Kind(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
)
RBAC = "rbac.authorization.k8s.io/v1"
ROLE = Kind(RBAC, "Role", "roles")
ROLE_BINDING = Kind(RBAC, "RoleBinding", "rolebindings")
CLUSTER_ROLE = Kind(RBAC, "ClusterRole", "clusterroles")
CLUSTER_ROLE_BINDING = Kind(RBAC, "ClusterRoleBinding", "clusterrolebindings")
KNOWN = {
    (kind.api_version, kind.name): kind
    for kind in (
        *kinds.BY_NAME.values(), kinds.SECRET, SYSTEM, MODULE, ACTION, NAMESPACE, EVENT, CLAIM, QUOTA,
        DEFINITION, POLICY, BINDING, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ref:
    """Where an object is: kind, namespace (empty where there is none), name."""

    kind: Kind
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Ref:
        """The address of an object that is written out."""
        metadata = manifest["metadata"]
        kind = KNOWN[manifest["apiVersion"], manifest["kind"]]
        return cls(kind, metadata.get("namespace", ""), metadata["name"])

    @classmethod
    def of_kind(cls, kind: Kind, namesake: Mapping[str, Any]) -> Ref:
        """The address of an object of *kind* that has namespace and name of another."""
        metadata = namesake["metadata"]
        return cls(kind, metadata["namespace"], metadata["name"])

    @property
    def path(self) -> str:
        """Its URL below the API server's."""
        return f"{collection(self.kind, self.namespace)}/{self.name}"

    def __str__(self) -> str:
        """As messages quote it."""
        return f"{self.kind.name} {self.namespace}/{self.name}"


def collection(kind: Kind, namespace: str = "") -> str:
    """The URL of all objects of *kind*, in *namespace* or everywhere."""
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{kind.path}{inside}/{kind.plural}"
