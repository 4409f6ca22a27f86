"""ArkaliaSystem: one AI platform, declared."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from arkalia_operator.api.auth import Auth
from arkalia_operator.api.base import (
    DNS_LABEL,
    ApiModel,
    ModuleName,
    StatusModel,
    rule,
    rule_on_keys,
    rules,
)
from arkalia_operator.api.changes import ApprovedStatus, Changes, ChangesStatus, RolloutStatus
from arkalia_operator.api.conditions import Condition
from arkalia_operator.api.data import Data, DeletionPolicy
from arkalia_operator.api.exposure import Exposure
from arkalia_operator.api.images import Images
from arkalia_operator.api.llm import Llm, Prompts
from arkalia_operator.api.modules import ModuleSettings
from arkalia_operator.api.monitoring import Monitoring
from arkalia_operator.api.network import Network
from arkalia_operator.api.placement import Placement
from arkalia_operator.api.security import Security

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

MODULE_NAMES_RULE = rule_on_keys(
    f"key.size() <= 30 && key.matches('{DNS_LABEL}')",
    "a module's name has at most 30 lower-case letters, digits and hyphens, starts with a letter "
    "and ends with a letter or digit: write for example helloria",
)


CLIENTS_RULE = rule(
    "!has(self.exposure) || !(has(self.exposure.ingress) || has(self.exposure.gateway)) || "
    "!has(self.exposure.edge) || !has(self.exposure.edge.enabled) || !self.exposure.edge.enabled || "
    "(has(self.network) && has(self.network.trustedProxies) && "
    "self.network.trustedProxies.size() > 0)",
    "behind an Ingress or a Gateway the edge takes all clients for one, unless it knows the "
    "controller: write its address range into network.trustedProxies",
)


ONE_WORD_SETTINGS: Final = frozenset({"enabled", "replicas"})
"""Settings of a module that are one word; all others may be of any depth."""


def _sharing_equals(modules: dict[str, ModuleSettings]) -> dict[str, ModuleSettings]:
    """*modules* with one object in the place of settings that say the same: most say nothing."""
    known: dict[tuple[object, ...], ModuleSettings] = {}
    return {
        name: known.setdefault((each.enabled, each.replicas, *sorted(each.model_fields_set)), each)
        if each.model_fields_set <= ONE_WORD_SETTINGS
        else each
        for name, each in modules.items()
    }


class ArkaliaSystemSpec(ApiModel):
    """What the system shall be. Empty is a complete, working, secure system."""

    version: str | None = Field(
        default=None,
        max_length=64,
        json_schema_extra=rules(
            rule(
                "self.matches('^[0-9]+[.][0-9]+[.][0-9]+$')",
                "must be three numbers with dots: write for example 0.1.0",
            )
        ),
    )
    """Version of modules and images. Default: the operator's own."""

    environment: str = Field(
        default="production",
        max_length=63,
        json_schema_extra=rules(
            rule(
                f"self.matches('{DNS_LABEL}')",
                "must be a lower-case word of letters, digits and hyphens: write for "
                "example production, staging or development",
            )
        ),
    )
    """Name of the environment; every module sees it as `ARKALIA_ENV`."""

    log_level: LogLevel = "INFO"
    """Least severe log line that the modules write; they see it as `ARKALIA_LOG_LEVEL`."""

    images: Images = Images()
    """Where images come from."""

    placement: Placement = Placement()
    """Where all pods of the system run; a module may override it."""

    network: Network = Network()
    """The ways out of the cluster, and into it."""

    modules: Annotated[dict[ModuleName, ModuleSettings], AfterValidator(_sharing_equals)] = Field(
        default_factory=dict, max_length=64, json_schema_extra=rules(MODULE_NAMES_RULE)
    )
    """Modules by name. A built-in module runs unless it is disabled here; an ArkaliaModule of
    somebody else joins the system when it is listed here: `weather: {}` where it needs no
    settings (an empty value is dropped by the API server)."""

    auth: Auth = Auth()
    """How people prove to the gateway who they are."""

    exposure: Exposure = Exposure()
    """How people outside the cluster come to the system."""

    monitoring: Monitoring = Monitoring()
    """Objects for Prometheus and Grafana, and traces."""

    security: Security = Security()
    """Protection of the system."""

    llm: Llm = Llm()
    """The language models that modules ask."""

    prompts: Prompts = Prompts()
    """What becomes of what users write to a model."""

    data: Data = Data()
    """Where the modules keep their data."""

    changes: Changes = Changes()
    """When changes are carried out."""

    deletion_policy: DeletionPolicy = "Retain"
    """What becomes of the data when the system is deleted. `Retain`: volumes, and the Secrets that
    make them readable, stay, and a new system of the same name takes them over. `Delete`:
    everything goes with the system. It can be changed at any time."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(CLIENTS_RULE)}


class ModuleStatus(StatusModel):
    """How one module is."""

    name: str = Field(max_length=30)
    """Name of the module."""

    ready: bool
    """Whether all its pods are ready in the wanted revision."""

    replicas: int = Field(ge=0)
    """Pods that exist."""

    ready_replicas: int = Field(ge=0)
    """Pods that are ready."""

    image: str = Field(max_length=1024)
    """Image of the module's pods."""

    reason: str = Field(max_length=1024)
    """Why the module is or is not ready, in one CamelCase word."""

    message: str = Field(max_length=4096)
    """Why, in a sentence for people."""


class ArkaliaSystemStatus(StatusModel):
    """How far the system is. Written by the operator only."""

    observed_generation: int = Field(default=0, ge=0)
    """`metadata.generation` of the spec that this status describes."""

    version: str = Field(default="", max_length=64)
    """Version that serves or is being rolled out; not one that was refused."""

    modules_ready: str = Field(default="", max_length=16)
    """Modules that serve, of enabled modules, for example `9/10`. A module whose new pods cannot
    start serves with its old ones."""

    modules: Annotated[
        list[ModuleStatus],
        Field(
            max_length=64,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = Field(default_factory=list)
    """Each enabled module."""

    changes: ChangesStatus = ChangesStatus()
    """Changes that wait."""

    approved: ApprovedStatus | None = None
    """What was approved last, where changes wait for approval."""

    rollouts: Annotated[
        list[RolloutStatus],
        Field(
            max_length=128,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = Field(default_factory=list)
    """Why the pods of each Deployment and StatefulSet are as they are."""

    conditions: Annotated[
        list[Condition],
        Field(
            max_length=32,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = Field(default_factory=list)
    """Facts about the system; `Ready` sums them up."""
