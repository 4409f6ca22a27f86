"""What the operator may do: asked of the API server, right by right, as `kubectl auth can-i` does it.

A list of all rights (SelfSubjectRulesReview) would be one request, but it leaves out what a webhook
grants, and it tells of one namespace only. https://kubernetes.io/docs/reference/access-authn-authz/authorization/
"""

from __future__ import annotations

from typing import Any, Final

from arkalia_operator.cluster.client import Client
from arkalia_operator.planning.permissions import Right

PATH: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


async def is_granted(client: Client, right: Right, namespace: str | None) -> bool:
    """Whether the operator has *right* in *namespace*, or everywhere. Raises ApiError."""
    answer = await client.ask(
        PATH,
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": _asked(right, namespace),
        },
    )
    return bool(answer["status"].get("allowed"))


def _asked(right: Right, namespace: str | None) -> dict[str, Any]:
    if right.is_path:
        return {"nonResourceAttributes": {"path": right.resource, "verb": right.verb}}
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace or namespace or "",
        "name": right.name,
        "verb": right.verb,
    }
    return {"resourceAttributes": {name: value for name, value in attributes.items() if value}}
