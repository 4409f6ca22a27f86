"""Which kinds the API server serves now, from its one aggregated discovery document.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from arkalia_operator.cluster.client import Client, Request
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.errors import ApiError, UnavailableError

ACCEPT: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


async def served(client: Client, kinds: Iterable[Kind]) -> frozenset[Kind]:
    """Those of *kinds* that the API server serves. Raises ApiError if it does not say."""
    document = await client.send(Request("GET", "/apis", accept=ACCEPT))
    if document.get("kind") != "APIGroupDiscoveryList":
        raise _not_aggregated()
    known = set(_known(document))
    return frozenset(kind for kind in kinds if (kind.api_version, kind.plural) in known)


def _known(document: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for group in document.get("items", ()):
        for version in group.get("versions", ()):
            api_version = f"{group['metadata']['name']}/{version['version']}"
            for resource in version.get("resources", ()):
                yield api_version, resource["resource"]


def _not_aggregated() -> ApiError:
    message = "the API server has no aggregated discovery: Kubernetes 1.30 or newer is needed"
    return UnavailableError(200, "NotAggregated", message)
