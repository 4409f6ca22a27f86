"""Label and annotation keys, and the values that are the same on every object.

The first six are the recommended labels of Kubernetes
(https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/).
"""

from typing import Final

NAME: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
COMPONENT: Final = "app.kubernetes.io/component"
VERSION: Final = "app.kubernetes.io/version"
PART_OF: Final = "app.kubernetes.io/part-of"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"

SYSTEM: Final = "arkalia.io/system"
"""Name of the ArkaliaSystem that the object belongs to. On every child and every pod."""
MODULE: Final = "arkalia.io/module"
"""Name of the module that the object belongs to. Absent on what belongs to the whole system."""

EACH_POD: Final = "arkalia.io/each-pod"
"""On a headless Service by which each pod of a module is found: its value is `true`. Prometheus
finds the same pods by the module's other Services."""

DATA: Final = "arkalia.io/data"
"""Data service that the object belongs to: `postgresql`, `redis-queue` or `redis-cache`."""
EDGE: Final = "arkalia.io/edge"
"""On what belongs to the reverse proxy before the public module: its value is `true`."""
MODELS: Final = "arkalia.io/models"
"""On the objects of the builtin model server: its value is `llm`."""
LINEAGE: Final = "arkalia.io/lineage"
"""Uid of the first ArkaliaSystem of data that outlives its system."""
DELETE_DATA: Final = "arkalia.io/delete-data"
"""Annotation on an object that outlives its system: the system's name allows its deletion."""
MIGRATION: Final = "arkalia.io/migration"
"""On the pods of a migration: the module whose schema is moved. They carry no MODULE, so neither
its Services nor its policies select them."""

SCHEMA: Final = "arkalia.io/schema"
"""Annotation on a migration Job: the schema that is there once it has succeeded, as JSON."""

ROLLOUT: Final = "arkalia.io/rollout"
"""Annotation on a Deployment or StatefulSet: what its pod template was made from, and why it is
not the one before, as JSON."""
TEMPLATE: Final = "arkalia.io/template"
"""Annotation on a Deployment or StatefulSet: its pod template as it was applied, compressed. What
of it somebody changed can be restored from it, by an operator that would render another one."""
RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
"""Pod annotation of `kubectl rollout restart`: when it was called."""

PART_OF_ARKALIA: Final = "arkalia"
MANAGED_BY_OPERATOR: Final = "arkalia-operator"
OPERATOR: Final = f"{NAME}={PART_OF_ARKALIA},{COMPONENT}=operator"
"""Selects what the chart makes of the operator itself."""

CONFIG_HASH: Final = "arkalia.io/config-hash"
"""Pod annotation: digest of what a service reads at start. A new value rolls the pods."""
REVISION: Final = "arkalia.io/revision"
"""Pod annotation: digest of the pod's template. Tells pods as they are wanted from older ones."""
