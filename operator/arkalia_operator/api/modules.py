"""`spec.modules.<name>`: what a user lays over a module's own description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Quantity, rule, rule_on_keys, rules
from arkalia_operator.api.placement import Placement

RESERVED_VARIABLES_RULE = rule_on_keys(
    "!key.startsWith('ARKALIA_')",
    "names that start with ARKALIA_ are set by the operator: use another name, or the field of "
    "the spec that sets it (spec.environment, spec.logLevel)",
)
VARIABLE_NAMES_RULE = rule_on_keys(
    "key.matches('^[A-Za-z_][A-Za-z0-9_]*$')",
    "a variable's name is made of letters, digits and underscores and does not start with a "
    "digit: write for example LOG_FORMAT",
)


REQUESTS_RULE = rule(
    "!has(self.requests) || !has(self.limits) || self.requests.all(key, !(key in self.limits) "
    "|| !quantity(string(self.requests[key])).isGreaterThan(quantity(string(self.limits[key]))))",
    "a request must not be greater than the limit of the same resource: lower the request or "
    "raise the limit",
)


class ResourceRequirements(ApiModel):
    """CPU and memory of each container of the module."""

    requests: dict[str, Quantity] = Field(default_factory=dict, max_length=8)
    """What the scheduler reserves, by resource name (`cpu`, `memory`), for example `500m` for
    half a core. Left out, what the module or server says of itself holds."""

    limits: dict[str, Quantity] = Field(default_factory=dict, max_length=8)
    """What a container may use at most, by resource name. Left out, what the module or
    server says of itself holds."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(REQUESTS_RULE)}


class Scaling(ApiModel):
    """Automatic scaling of the module by a HorizontalPodAutoscaler."""

    min_replicas: int | None = Field(default=None, ge=1, le=1000)
    """Fewest pods. Default: the module's own."""

    max_replicas: int | None = Field(default=None, ge=1, le=1000)
    """Most pods. Default: the module's own."""

    target_cpu_utilization_percentage: Annotated[
        int | None, Field(alias="targetCPUUtilizationPercentage")
    ] = Field(default=None, ge=1, le=100)
    """Average CPU use to steer to, in percent of the CPU request. Default: the module's own."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!has(self.minReplicas) || !has(self.maxReplicas) "
                "|| self.minReplicas <= self.maxReplicas",
                "minReplicas must not be greater than maxReplicas: lower minReplicas or raise "
                "maxReplicas",
            )
        )
    }


class ModuleSettings(ApiModel):
    """What a system wants of one module. Everything left out comes from the module itself."""

    enabled: bool = True
    """Whether the module runs. `false` removes its objects and keeps its data."""

    replicas: int | None = Field(default=None, ge=0, le=1000)
    """A fixed number of pods for each scalable component. Excludes `scaling`."""

    scaling: Scaling | None = None
    """Automatic scaling. Excludes `replicas`."""

    resources: ResourceRequirements | None = None
    """CPU and memory of each container. What stands in `requests` or `limits` takes the place of all
    that the module's own says there."""

    env: dict[str, Annotated[str, Field(max_length=8192)]] = Field(
        default_factory=dict,
        max_length=64,
        json_schema_extra=rules(RESERVED_VARIABLES_RULE, VARIABLE_NAMES_RULE),
    )
    """Environment variables by name. Not for secrets: those are files."""

    config: dict[str, Any] = Field(
        default_factory=dict,
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
    )
    """Settings of the module, as its documentation names them; mounted as `settings.toml`."""

    placement: Placement | None = None
    """Where the module's pods may run. Replaces `spec.placement` field by field."""

    pod_template: dict[str, Any] = Field(
        default_factory=dict,
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
    )
    """A PodTemplateSpec laid over the pods last (strategic merge; containers by name). Escape
    hatch: labels, selectors, ports, probes and the security context stay the operator's."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!(has(self.replicas) && has(self.scaling))",
                "replicas and scaling exclude each other: write replicas for a fixed number of "
                "pods, or scaling to let it follow the load",
            )
        )
    }
