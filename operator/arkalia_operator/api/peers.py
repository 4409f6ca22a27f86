"""A NetworkPolicyPeer, described for the API server and passed through to the policies.

Kubernetes itself judges it in the end; the description makes a mistake a refused ArkaliaSystem
instead of a system that stalls.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from arkalia_operator.api.base import ApiModel, Labels, rule, rules
from arkalia_operator.api.structural import structural_schema

Cidr = Annotated[
    str,
    Field(
        max_length=43,
        json_schema_extra=rules(
            rule(
                "self.matches('^[0-9a-fA-F:.]+/[0-9]{1,3}$')",
                "must be an address range: write for example 10.0.0.0/8 or 2001:db8::/32",
            )
        ),
    ),
]


class LabelExpression(ApiModel):
    """A demand on one label."""

    key: str = Field(max_length=316)
    """Key of the label."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label is compared with `values`."""

    values: list[Annotated[str, Field(max_length=63)]] = Field(default_factory=list, max_length=64)
    """Values, with operators `In` and `NotIn`."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "(self.operator in ['In', 'NotIn']) "
                "== (has(self.values) && self.values.size() > 0)",
                "operators In and NotIn need values, Exists and DoesNotExist have none: write "
                "values, or another operator",
            )
        )
    }


class LabelSelector(ApiModel):
    """A choice by labels. Empty chooses everything."""

    match_labels: Labels = Field(default_factory=dict)
    """Labels that are all there, with these values."""

    match_expressions: list[LabelExpression] = Field(default_factory=list, max_length=32)
    """Further demands, all of which hold."""


class IpBlock(ApiModel):
    """A range of addresses outside the cluster."""

    cidr: Cidr
    """The range, for example `10.0.0.0/8`."""

    except_: list[Cidr] = Field(default_factory=list, max_length=32, alias="except")
    """Ranges inside it that are left out."""


class NetworkPolicyPeer(ApiModel):
    """Pods or addresses at the other end of a connection."""

    pod_selector: LabelSelector | None = None
    """Pods by label: of the system's namespace, or of those that `namespaceSelector` chooses."""

    namespace_selector: LabelSelector | None = None
    """Namespaces by label. Alone: every pod in them."""

    ip_block: IpBlock | None = None
    """Addresses. Excludes the selectors."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule(
                "has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))",
                "a peer is either an ipBlock or chosen by podSelector and namespaceSelector: "
                "write one of them",
            )
        )
    }


def _judged(peer: dict[str, Any]) -> dict[str, Any]:
    NetworkPolicyPeer.model_validate(peer)
    return peer


Peer = Annotated[dict[str, Any], AfterValidator(_judged)]
"""A peer as it was written, once it is known to be one."""

PEERS: Final[dict[str, Any]] = {"items": structural_schema(NetworkPolicyPeer)}
"""The schema of a list of `Peer`."""
