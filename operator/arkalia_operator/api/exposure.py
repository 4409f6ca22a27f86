"""`spec.exposure`: how people outside the cluster come to the system's public module."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from arkalia_operator.api.base import ApiModel, ModuleName, rule, rule_on_keys, rules
from arkalia_operator.api.edge import EDGE_IS_ENABLED, Edge

HOST_RULE: Final = rule(
    "self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?[.])*[a-z0-9]([-a-z0-9]*[a-z0-9])?$') "
    "&& !self.matches('^[0-9.]+$')",
    "must be a name in lower-case letters, without scheme and port: write for example "
    "ai.example.com",
)
ANNOTATIONS_RULE: Final = rule_on_keys(
    "key.matches('^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
    "an annotation's key has letters, digits, hyphens, underscores and dots, after an optional "
    "prefix with a slash: write for example cert-manager.io/cluster-issuer",
)


class IngressTls(ApiModel):
    """The certificate that the ingress controller shows."""

    secret_name: str = Field(min_length=1, max_length=253)
    """Name of a `kubernetes.io/tls` Secret in the system's namespace. cert-manager makes it where
    `annotations` ask for it."""


class Ingress(ApiModel):
    """An Ingress (networking.k8s.io/v1) to the public module. `{}` takes the cluster's default class."""

    class_name: str | None = Field(default=None, min_length=1, max_length=253)
    """Name of the IngressClass. Default: the cluster's own."""

    annotations: dict[str, Annotated[str, Field(max_length=8192)]] = Field(
        default_factory=dict, max_length=64, json_schema_extra=rules(ANNOTATIONS_RULE)
    )
    """Annotations of the Ingress, for example the one by which your controller is told that the
    module speaks HTTPS."""

    tls: IngressTls | None = None
    """The certificate shown outside. Default: the controller's own, or none."""


class ParentRef(ApiModel):
    """A Gateway, or one listener of it."""

    name: str = Field(min_length=1, max_length=253)
    """Name of the Gateway."""

    namespace: str | None = Field(default=None, min_length=1, max_length=63)
    """Namespace of the Gateway, whose listener must allow routes of this one. Default: the system's."""

    section_name: str | None = Field(default=None, min_length=1, max_length=253)
    """Name of a listener. Default: every listener that takes the route."""

    port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the listeners. Default: every port."""


class Gateway(ApiModel):
    """An HTTPRoute (gateway.networking.k8s.io/v1), and a BackendTLSPolicy to trust the module by."""

    parent_refs: list[ParentRef] = Field(min_length=1, max_length=32)
    """Gateways that the route asks for, for example `[{name: public, namespace: gateways}]`."""


Origin = Annotated[
    str,
    Field(
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self == '*' || self.matches('^https?://[a-z0-9.-]+(:[0-9]{1,5})?$')",
                "must be the origin of a page, without a path: write for example "
                "https://app.example.com, or * for every page",
            )
        ),
    ),
]
"""Scheme, host and port of a page."""


class Cors(ApiModel):
    """Pages of other origins that may ask the system from a browser. Cookies play no part in it."""

    origins: list[Origin] = Field(
        min_length=1, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """The pages' origins, for example `https://app.example.com`; `*` for every page."""


class Exposure(ApiModel):
    """The way in from outside: an Ingress, an HTTPRoute, or an edge. Without, there are Services."""

    host: str | None = Field(
        default=None, min_length=1, max_length=253, json_schema_extra=rules(HOST_RULE)
    )
    """Name by which the system is asked, for example `ai.example.com`."""

    module: ModuleName | None = None
    """The module that is asked; its description says that it is public. Default: the only public
    one there is."""

    ingress: Ingress | None = None
    """An Ingress, for a cluster with an ingress controller."""

    gateway: Gateway | None = None
    """An HTTPRoute, for a cluster with a Gateway."""

    edge: Edge = Edge()
    """A reverse proxy of the system's own before the public module, alone or behind an Ingress or
    a Gateway."""

    cors: Cors | None = None
    """Pages of other origins that may ask the system. Default: none. It reaches the gateway within
    two minutes and restarts nothing."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "has(self.host) || !(has(self.ingress) || has(self.gateway))",
                "an Ingress or HTTPRoute needs the name by which the system is asked: write host",
            ),
            rule(
                "has(self.ingress) || has(self.gateway) || "
                f"{EDGE_IS_ENABLED} || !(has(self.host) || has(self.module))",
                "host and module say nothing alone: write ingress: {}, gateway: {parentRefs: "
                "[...]} or edge: {enabled: true} too, or leave them out",
            ),
            rule(
                "!has(self.edge) || !has(self.edge.tls) || has(self.host)",
                "edge.tls is the certificate of a name: write host too",
            ),
        )
    }

    @property
    def is_wanted(self) -> bool:
        """Whether there shall be a way in."""
        return self.is_routed or self.edge.enabled

    @property
    def is_routed(self) -> bool:
        """Whether an Ingress or a Gateway of the cluster leads to it."""
        return self.ingress is not None or self.gateway is not None
