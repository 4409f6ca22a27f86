"""`spec.security`: who may reach the modules over the network."""

from __future__ import annotations

from pydantic import Field

from arkalia_operator.api.base import ApiModel
from arkalia_operator.api.peers import PEERS, Peer


class NetworkPolicies(ApiModel):
    """One NetworkPolicy for each module; enforced by the cluster's network plugin."""

    enabled: bool = True
    """Whether NetworkPolicies are created."""

    ingress_from: list[Peer] = Field(default_factory=list, max_length=32, json_schema_extra=PEERS)
    """NetworkPolicyPeers that may call the gateway's public port. Default: everyone in the
    cluster and beyond, since the gateway is the door."""

    monitoring_from: list[Peer] = Field(
        default_factory=list, max_length=32, json_schema_extra=PEERS
    )
    """NetworkPolicyPeers that may scrape metrics. Default: every pod in the cluster."""

    egress_to: list[Peer] = Field(default_factory=list, max_length=32, json_schema_extra=PEERS)
    """NetworkPolicyPeers that every module may call, beside DNS and the modules it names."""


class Security(ApiModel):
    """Protection of the system."""

    network_policies: NetworkPolicies = NetworkPolicies()
    """NetworkPolicies of the modules."""
