"""`spec.placement` laid under a module's own, as fields of a pod."""

from __future__ import annotations

from arkalia_operator.api.placement import Placement, Toleration
from arkalia_operator.desired.manifest import Manifest, present


def pod_fields(system: Placement, module: Placement | None) -> Manifest:
    """Pod fields; what the module says replaces what the system says, field by field."""
    own = module or Placement()
    return present(
        nodeSelector=own.node_selector or system.node_selector,
        tolerations=[_toleration(each) for each in own.tolerations or system.tolerations],
        affinity=own.affinity or system.affinity,
        priorityClassName=own.priority_class_name or system.priority_class_name,
    )


def _toleration(toleration: Toleration) -> Manifest:
    return toleration.model_dump(by_alias=True, exclude_none=True)
