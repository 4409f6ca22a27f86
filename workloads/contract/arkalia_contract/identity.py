"""Who a module is to another: names of certificates and tokens, and who may call what.

Every module serves HTTPS with a certificate of the system's own authority, and shows each module
that it calls a token of its ServiceAccount that is good for that callee alone. The operator
publishes what is needed to check both, so that no module needs the API server for it.
"""

from __future__ import annotations

from typing import Final

from arkalia_contract import endpoints

TOKEN_SECONDS: Final = 600
"""Lifetime of a token: the shortest that Kubernetes gives. The kubelet renews the file at 80 %."""

POD_CLAIM: Final = ("kubernetes.io", "pod")
"""Where a token names its pod: present in every projected token, absent in tokens made by hand."""

ALGORITHMS: Final = ("RS256", "ES256", "ES384", "ES512", "RS384", "RS512")
"""Signatures that an API server may use; a token with any other is refused."""

SCHEME: Final = "https"
BEARER: Final = "Bearer"
"""The token stands in the header `Authorization: Bearer <token>`."""


ACCOUNTS: Final = "system:serviceaccount:"
"""Beginning of the subject of every ServiceAccount's token."""


def audience(namespace: str, system: str, callee: str) -> str:
    """`aud` of the tokens that the module *callee* accepts: nobody can replay one elsewhere."""
    return f"arkalia/{namespace}/{system}/{callee}"


def account(system: str, module: str) -> str:
    """Name of the ServiceAccount, the main Service and the ConfigMap of *module*."""
    return f"{system}-{module}"


def subject(namespace: str, system: str, caller: str) -> str:
    """`sub` of the tokens that the module *caller* shows."""
    return f"{ACCOUNTS}{namespace}:{account(system, caller)}"


ADMINISTRATOR: Final = "admin"
"""Name of the first administrator, a person."""


def administrator(system: str) -> str:
    """Name of the Secret with the first administrator's password."""
    return f"{system}-admin"


def trust(system: str) -> str:
    """Name of the ConfigMap by which the parts of *system* check each other."""
    return f"{system}-trust"


def address(namespace: str, system: str, module: str, port: int, scheme: str = SCHEME) -> str:
    """Base URL of a module, without a slash at the end."""
    return f"{scheme}://{account(system, module)}.{namespace}.svc:{port}"


def pods(namespace: str, service: str) -> str:
    """Host name that stands for all pods behind the headless *service*, one address for each."""
    return f"{service}.{namespace}.svc"


PATTERN_END: Final = "*"
"""A pattern of `callers.json` is a path; with `*` at the end it stands for every path that begins
with what is before it: `/*` for all, `/states/*` for `/states/` and below, not for `/states`."""

WITHOUT_TOKEN: Final = (
    endpoints.HEALTH,
    f"{endpoints.HEALTH}/*",
    endpoints.METRICS,
    endpoints.STATUS,
    endpoints.DOCS,
    f"{endpoints.DOCS}/*",
    endpoints.OPENAPI,
)
"""Patterns of what the kubelet, Prometheus and people ask without a token: nothing secret is there.
Beside these a public module's own routes need no token of a module: its users show their own."""
