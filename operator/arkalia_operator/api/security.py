"""`spec.security`: who may reach the modules over the network, and who signs their certificates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, rule, rules
from arkalia_operator.api.peers import PEERS, Peer


class NetworkPolicies(ApiModel):
    """One NetworkPolicy for each module; enforced by the cluster's network plugin."""

    enabled: bool = True
    """Whether each module gets a NetworkPolicy, which lets through what the modules' descriptions
    and the fields beside this one name. The cluster's network plugin enforces it."""

    ingress_from: list[Peer] = Field(default_factory=list, max_length=32, json_schema_extra=PEERS)
    """NetworkPolicyPeers that may call the gateway's public port. Default: everyone in the
    cluster and beyond, since the gateway is the door."""

    monitoring_from: list[Peer] = Field(
        default_factory=list, max_length=32, json_schema_extra=PEERS
    )
    """NetworkPolicyPeers that may scrape metrics, for example Prometheus's namespace. Default: every pod in the cluster."""

    egress_to: list[Peer] = Field(default_factory=list, max_length=32, json_schema_extra=PEERS)
    """NetworkPolicyPeers that every module may call, beside DNS, its data services and the modules that
    its description names."""


class IssuerRef(ApiModel):
    """An issuer of cert-manager."""

    name: str = Field(min_length=1, max_length=253)
    """Name of the issuer."""

    kind: str = Field(default="Issuer", max_length=63)
    """`Issuer` of the system's namespace, `ClusterIssuer`, or the kind of an external issuer."""

    group: str = Field(default="cert-manager.io", max_length=253)
    """API group of that kind."""


class Tls(ApiModel):
    """Certificates of the modules."""

    mode: Literal["builtin", "certManager"] = "builtin"
    """Who signs the certificates. `builtin`: an authority that the operator makes for this system
    alone. `certManager`: the issuer in `issuerRef`, which must write `ca.crt` into the Secrets, as
    CA, Vault and SelfSigned issuers do."""

    issuer_ref: IssuerRef | None = None
    """The issuer of cert-manager that signs, with mode `certManager` only."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "!has(self.mode) || self.mode != 'certManager' || has(self.issuerRef)",
                "cert-manager must know who signs: write issuerRef, or mode: builtin",
            ),
            rule(
                "!has(self.issuerRef) || (has(self.mode) && self.mode == 'certManager')",
                "issuerRef is for cert-manager: write mode: certManager, or leave it out",
            ),
        )
    }


class Security(ApiModel):
    """Who may reach the modules over the network, and who signs their certificates."""

    tls: Tls = Tls()
    """TLS between the modules."""

    network_policies: NetworkPolicies = NetworkPolicies()
    """NetworkPolicies of the modules."""
