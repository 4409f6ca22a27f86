"""The kinds that the operator itself serves, and where objects live under the API server."""

from __future__ import annotations

from typing import Final

from arkalia_operator.api import API_VERSION
from arkalia_operator.api.resources import (
    ACTION_KIND,
    ACTION_PLURAL,
    MODULE_KIND,
    MODULE_PLURAL,
    SYSTEM_KIND,
    SYSTEM_PLURAL,
)
from arkalia_operator.desired.kinds import Kind

SYSTEM: Final = Kind(API_VERSION, SYSTEM_KIND, SYSTEM_PLURAL)
MODULE: Final = Kind(API_VERSION, MODULE_KIND, MODULE_PLURAL)
ACTION: Final = Kind(API_VERSION, ACTION_KIND, ACTION_PLURAL)
EVENT: Final = Kind("events.k8s.io/v1", "Event", "events")
LEASE: Final = Kind("coordination.k8s.io/v1", "Lease", "leases")


def collection(kind: Kind, namespace: str | None) -> str:
    """Path of all objects of *kind*: in *namespace*, or in the whole cluster."""
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{kind.path}{scope}/{kind.plural}"


def member(kind: Kind, namespace: str, name: str) -> str:
    """Path of one object."""
    return f"{collection(kind, namespace)}/{name}"
