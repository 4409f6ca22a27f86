"""`spec.exposure.edge`: a reverse proxy of the system's own before the public module."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, rule, rules
from arkalia_operator.api.modules import ResourceRequirements

FilterMode = Literal["Off", "Detect", "Block"]
ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer"]


class EdgeTls(ApiModel):
    """The certificate that the edge shows to whom asks for `exposure.host`."""

    secret_name: str = Field(min_length=1, max_length=253)
    """Name of a `kubernetes.io/tls` Secret in the system's namespace. A renewed one is shown within
    two minutes and restarts nothing."""


class RequestFilter(ApiModel):
    """ModSecurity with the OWASP core rule set: it looks for attacks in what is asked."""

    mode: FilterMode = "Block"
    """What becomes of a request that looks like an attack. `Off`: nothing looks. `Detect`: it passes,
    and the edge's log names the rules, with the part of the request that they are about. `Block`: it
    is answered with 403."""

    paranoia_level: int = Field(default=1, ge=1, le=4)
    """How much is suspected: the paranoia level of the rule set. From 2 on, ordinary requests are
    refused too, until you have switched off what does not fit."""

    disabled_rules: list[Annotated[int, Field(ge=900_000, le=999_999)]] = Field(
        default_factory=list, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Numbers of rules that are left out, for example 942100, as the edge's log names them."""


class DenyList(ApiModel):
    """Addresses that were refused again and again are refused everything for a time."""

    enabled: bool = True
    """Whether there is one."""

    refusals: int = Field(default=30, ge=2, le=100_000)
    """Answers 401, 403 or 429 within the window after which an address is denied, on each pod."""

    window_seconds: int = Field(default=60, ge=1, le=86_400)
    """Seconds within which they are counted."""

    deny_seconds: int = Field(default=600, ge=1, le=86_400)
    """Seconds for which the address is denied: it gets 403, whatever it asks."""


class EdgeScaling(ApiModel):
    """Automatic scaling of the edge by a HorizontalPodAutoscaler."""

    min_replicas: int = Field(default=2, ge=1, le=32)
    """Fewest pods."""

    max_replicas: int = Field(default=4, ge=1, le=32)
    """Most pods."""

    target_cpu_utilization_percentage: Annotated[
        int, Field(alias="targetCPUUtilizationPercentage")
    ] = Field(default=70, ge=1, le=100)
    """Average CPU use to steer to, in percent of the CPU request (`resources.requests.cpu`)."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "(has(self.minReplicas) ? self.minReplicas : 2) "
                "<= (has(self.maxReplicas) ? self.maxReplicas : 4)",
                "minReplicas (default 2) must not be greater than maxReplicas (default 4): lower "
                "minReplicas or raise maxReplicas",
            )
        )
    }


class Edge(ApiModel):
    """An nginx of the system's own before the public module: TLS, headers, limits, a filter.

    An Ingress or HTTPRoute then leads to it, and only it reaches the public module.
    """

    enabled: bool = False
    """Whether there is one."""

    replicas: int = Field(default=1, ge=0, le=32)
    """A fixed number of its pods. Each counts on its own what one address asks for. Excludes
    `scaling`."""

    scaling: EdgeScaling | None = None
    """Automatic scaling. Excludes `replicas`. Write `resources.requests.cpu` with it: the default is
    what an idle edge needs, and one request in a second takes some 10 % of it."""

    resources: ResourceRequirements | None = None
    """CPU and memory of each pod of the edge. Default: what a small system needs."""

    service_type: ServiceType = "ClusterIP"
    """Type of its Service. `LoadBalancer` or `NodePort`: it is the way in by itself, and clients are
    known by their own address."""

    tls: EdgeTls | None = None
    """The certificate shown outside. Default: one of the system's own authority, as an Ingress or a
    Gateway before the edge expects it."""

    requests_per_second: int = Field(default=10, ge=1, le=10_000)
    """Requests a second of one address, on each pod. Two seconds of it may be used at once."""

    auth_requests_per_second: int = Field(default=5, ge=1, le=10_000)
    """Requests a second of one address to paths below `/api/auth/` and `/api/v1/<module>/auth/`."""

    request_filter: RequestFilter = RequestFilter()
    """What is looked for in requests. Bodies that hold free text, as the descriptions of the modules
    say of their routes, are not looked at."""

    deny_list: DenyList = DenyList()
    """What becomes of who is refused again and again. A restarted pod of the edge has forgotten it."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!(has(self.replicas) && has(self.scaling))",
                "replicas and scaling exclude each other: write replicas for a fixed number of "
                "pods, or scaling to let it follow the load",
            )
        )
    }

    @property
    def least_replicas(self) -> int:
        """The number of its pods that there are at least."""
        return self.scaling.min_replicas if self.scaling else self.replicas


_ENABLED: Final = "has(self.edge) && has(self.edge.enabled) && self.edge.enabled"
EDGE_IS_ENABLED: Final = f"({_ENABLED})"
"""CEL, in a rule of `spec.exposure`."""
