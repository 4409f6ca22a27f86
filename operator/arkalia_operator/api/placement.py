"""`spec.placement`: on which nodes pods may run, and how important they are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Labels, rule, rules


class Toleration(ApiModel):
    """A taint that the pods accept."""

    key: str | None = Field(default=None, max_length=316)
    """Key of the taint. Empty with operator `Exists`: every taint."""

    operator: Literal["Equal", "Exists"] = "Equal"
    """How key and value are compared."""

    value: str | None = Field(default=None, max_length=63)
    """Value of the taint, with operator `Equal`."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint. Default: every effect."""

    toleration_seconds: int | None = Field(default=None, ge=0)
    """How long a `NoExecute` taint is tolerated, in seconds. Default: for ever."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!has(self.value) || !has(self.operator) || self.operator != 'Exists'",
                "a toleration with operator Exists accepts every value: leave value out, or "
                "write operator: Equal",
            ),
            rule(
                "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
                "a toleration without a key accepts every taint and needs operator: Exists: "
                "write key, or operator: Exists",
            ),
            rule(
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds counts for effect NoExecute only: write effect: NoExecute, or "
                "leave tolerationSeconds out",
            ),
        )
    }


class Placement(ApiModel):
    """Where pods run."""

    node_selector: Labels = Field(default_factory=dict)
    """Labels that a node must carry."""

    tolerations: list[Toleration] = Field(default_factory=list, max_length=32)
    """Taints that the pods accept."""

    affinity: dict[str, Any] = Field(
        default_factory=dict, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}
    )
    """A Kubernetes `Affinity`, passed through to the pods."""

    priority_class_name: str | None = Field(default=None, max_length=253)
    """Name of a PriorityClass."""
