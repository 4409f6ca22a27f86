"""The kinds of objects a system is made of, in the order in which they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A Kubernetes kind and where its objects live."""

    api_version: str
    name: str
    plural: str
    optional: bool = False
    """Whether its CRD may be absent; such objects follow once it is served."""

    @property
    def path(self) -> str:
        """Prefix of its URLs: `/api/v1` or `/apis/<group>/<version>`."""
        return (
            f"/api/{self.api_version}" if self.api_version == "v1" else f"/apis/{self.api_version}"
        )


SERVICE_ACCOUNT: Final = Kind("v1", "ServiceAccount", "serviceaccounts")
CONFIG_MAP: Final = Kind("v1", "ConfigMap", "configmaps")
CERTIFICATE: Final = Kind("cert-manager.io/v1", "Certificate", "certificates", optional=True)
NETWORK_POLICY: Final = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
SERVICE: Final = Kind("v1", "Service", "services")
PERSISTENT_VOLUME_CLAIM: Final = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
CLUSTER: Final = Kind("postgresql.cnpg.io/v1", "Cluster", "clusters", optional=True)
STATEFUL_SET: Final = Kind("apps/v1", "StatefulSet", "statefulsets")
JOB: Final = Kind("batch/v1", "Job", "jobs")
DEPLOYMENT: Final = Kind("apps/v1", "Deployment", "deployments")
POD_DISRUPTION_BUDGET: Final = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
HORIZONTAL_POD_AUTOSCALER: Final = Kind(
    "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"
)
SERVICE_MONITOR: Final = Kind(
    "monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors", optional=True
)
PROMETHEUS_RULE: Final = Kind(
    "monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules", optional=True
)
INGRESS: Final = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
HTTP_ROUTE: Final = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", optional=True)
BACKEND_TLS_POLICY: Final = Kind(
    "gateway.networking.k8s.io/v1", "BackendTLSPolicy", "backendtlspolicies", optional=True
)
POD: Final = Kind("v1", "Pod", "pods")
"""Never applied; observed for the reasons that a Deployment does not tell."""

SECRET: Final = Kind("v1", "Secret", "secrets")
"""Never rendered: its content is made where it is written. Read by name, and never listed."""

IN_APPLY_ORDER: Final = (
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    CERTIFICATE,
    NETWORK_POLICY,
    SERVICE,
    PERSISTENT_VOLUME_CLAIM,
    CLUSTER,
    STATEFUL_SET,
    JOB,
    DEPLOYMENT,
    POD_DISRUPTION_BUDGET,
    HORIZONTAL_POD_AUTOSCALER,
    SERVICE_MONITOR,
    PROMETHEUS_RULE,
    BACKEND_TLS_POLICY,
    INGRESS,
    HTTP_ROUTE,
)
"""What pods read comes before the pods, what acts on pods comes after them."""

MAKE_PODS: Final = (STATEFUL_SET, JOB, DEPLOYMENT)
ROLLED_OUT: Final = (STATEFUL_SET, DEPLOYMENT)
"""Kinds that replace pods by newer ones."""

HOLD_DATA: Final = (PERSISTENT_VOLUME_CLAIM, CLUSTER)
"""Kinds whose end is the end of data: never deleted because nothing asks for them any more."""

BY_NAME: Final = {kind.name: kind for kind in (*IN_APPLY_ORDER, POD)}
