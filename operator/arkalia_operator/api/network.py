"""`spec.network`: how modules reach what is outside the cluster, and who stands before them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from arkalia_operator.api.base import ApiModel, rule, rules
from arkalia_operator.api.peers import Cidr

ProxyAddress = Annotated[
    str,
    Field(
        max_length=255,
        json_schema_extra=rules(
            rule(
                "self.matches('^https?://([A-Za-z0-9.-]+|[[][0-9a-fA-F:]+[]])(:[0-9]{1,5})?/?$')",
                "must be the address of a proxy, without user and password: write for example "
                "http://proxy.example.com:3128",
            )
        ),
    ),
]
"""Base URL of a proxy."""

Directly = Annotated[
    str,
    Field(
        max_length=253,
        json_schema_extra=rules(
            rule(
                "self.matches('^[A-Za-z0-9.:_-]+(/[0-9]{1,3})?$')",
                "must be one host, domain or address range: write for example "
                "artifacts.example.com, .corp.example.com or 10.0.0.0/8",
            )
        ),
    ),
]

NO_PROXY_RULE: Final = rule(
    "!has(self.noProxy) || has(self.http) || has(self.https)",
    "noProxy has a meaning with a proxy only: write http or https too, or leave noProxy out",
)


class Proxy(ApiModel):
    """Proxies for what modules ask outside the cluster; never for calls between them."""

    http: ProxyAddress | None = None
    """Proxy for `http://` addresses, for example `http://proxy.example.com:3128`; the containers see
    it as `HTTP_PROXY`. Default: none."""

    https: ProxyAddress | None = None
    """Proxy for `https://` addresses; the containers see it as `HTTPS_PROXY`. Default: none."""

    no_proxy: list[Directly] = Field(default_factory=list, max_length=64)
    """Hosts, domains (`.corp.example.com`) and address ranges that are asked directly. The pod itself
    and names that end with `.svc` or `.cluster.local` always are; the containers see all of them as
    `NO_PROXY`."""

    model_config = ApiModel.model_config | {"json_schema_extra": rules(NO_PROXY_RULE)}


class CaBundle(ApiModel):
    """A ConfigMap of the system's namespace with certificates of authorities, PEM."""

    config_map: str = Field(min_length=1, max_length=253)
    """Name of the ConfigMap."""

    key: str = Field(
        default="ca.crt",
        min_length=1,
        max_length=253,
        json_schema_extra=rules(
            rule(
                "self.matches('^[-._a-zA-Z0-9]+$')",
                "must be a key of the ConfigMap, of letters, digits, hyphens, underscores and dots: "
                "write for example ca.crt",
            )
        ),
    )
    """Key of the ConfigMap."""


class Network(ApiModel):
    """Proxies, authorities and load balancers between the system and what is outside the cluster."""

    proxy: Proxy = Proxy()
    """Proxies for what modules ask outside the cluster."""

    ca_bundle: CaBundle | None = None
    """Authorities that modules trust outside the cluster, in place of their image's own; the
    containers find them by `SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE`. New content reaches every pod
    within two minutes and restarts none. Default: the authorities of the image."""

    trusted_proxies: list[Cidr] = Field(
        default_factory=list,
        max_length=32,
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
    """Address ranges of the load balancers and ingress controllers before the public modules. From
    there alone `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default: from nobody."""
