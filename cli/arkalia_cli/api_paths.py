"""Where the API server keeps what the command line reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUP: Final = "arkalia.io"
VERSION: Final = "v1alpha1"
SYSTEMS: Final = "arkaliasystems"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as its path and a question about rights name it."""

    name: str
    plural: str
    group: str = ""
    version: str = "v1"

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of one object, of a namespace's collection, or of the whole cluster's."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{inside}/{self.plural}{f'/{name}' if name else ''}"


SYSTEM: Final = Kind("ArkaliaSystem", SYSTEMS, GROUP, VERSION)
ACTION: Final = Kind("ArkaliaAction", "arkaliaactions", GROUP, VERSION)
MODULE: Final = Kind("ArkaliaModule", "arkaliamodules", GROUP, VERSION)
POD: Final = Kind("Pod", "pods")
SERVICE: Final = Kind("Service", "services")
SECRET: Final = Kind("Secret", "secrets")
CONFIG_MAP: Final = Kind("ConfigMap", "configmaps")
EVENT: Final = Kind("Event", "events")
CLAIM: Final = Kind("PersistentVolumeClaim", "persistentvolumeclaims")
DEPLOYMENT: Final = Kind("Deployment", "deployments", "apps")
REPLICA_SET: Final = Kind("ReplicaSet", "replicasets", "apps")
STATEFUL_SET: Final = Kind("StatefulSet", "statefulsets", "apps")
JOB: Final = Kind("Job", "jobs", "batch")
AUTOSCALER: Final = Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2")
BUDGET: Final = Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy")
POLICY: Final = Kind("NetworkPolicy", "networkpolicies", "networking.k8s.io")
STORAGE_CLASS: Final = Kind("StorageClass", "storageclasses", "storage.k8s.io")
NAMESPACE: Final = Kind("Namespace", "namespaces")
DEFINITION: Final = Kind(
    "CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io"
)

EVENTFUL: Final = (
    POD, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, JOB, SERVICE, CLAIM, AUTOSCALER, BUDGET,
)  # fmt: skip
"""Kinds of a system's objects about which Kubernetes writes Events."""
REPORTED: Final = (*EVENTFUL, POLICY, CONFIG_MAP)
"""Kinds that a report holds, each object without what could be secret."""
