"""A namespace as it is, without what is another each time: uids, times, keys and passwords.

Two pictures are equal when the same objects are there with the same content, as often as they are
there: an object too many shows, whoever left it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from arkalia_contract import labels
from arkalia_operator.desired import kinds
from cluster.kinds import SYSTEM, Ref
from cluster.kube import Body, Kube

PARTS: Final = (SYSTEM, kinds.SECRET, *(kind for kind in kinds.IN_APPLY_ORDER if not kind.optional))
PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n?", re.DOTALL)
UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST: Final = re.compile(r"[0-9a-f]{8,}")
OF_THE_SERVER: Final = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
)
RANDOM: Final = re.compile(r"SCRAM-SHA-256\$[^\s\"']+|[A-Za-z0-9_-]{32,}=?")
"""A verifier of PostgreSQL, or a password."""


def picture(kube: Kube, namespace: str) -> list[str]:
    """Everything of *namespace* that a system is made of, one line each."""
    return sorted(
        line(each)
        for kind in PARTS
        for each in kube.find(kind, namespace)
        if each["metadata"]["name"] != "kube-root-ca.crt"
    )


def line(body: Body) -> str:
    """One object."""
    text = f"{body['kind']} {json.dumps(_part(body), sort_keys=True)}"
    return _alike(text.replace(body["metadata"]["namespace"], "NAMESPACE"))


def difference(wanted: list[str], seen: list[str]) -> str:
    """What *seen* lacks and has too much, in words."""
    lacking, surplus = list(wanted), list(seen)
    for each in wanted:
        if each in surplus:
            surplus.remove(each)
            lacking.remove(each)
    return f"lacking: {lacking}\nsurplus: {surplus}"


def _part(body: Body) -> Body:
    metadata = {
        name: value for name, value in body["metadata"].items() if name not in OF_THE_SERVER
    }
    if labels.TEMPLATE in metadata.get(
        "annotations", {}
    ):  # it holds a hash of random bytes, packed
        metadata["annotations"] = {**metadata["annotations"], labels.TEMPLATE: "#"}
    part = {**body, "metadata": metadata}
    if Ref.of(body).kind is SYSTEM:
        return {"metadata": metadata, "spec": body["spec"], "status": _told(body)}
    part.pop("status", None)
    if body["kind"] == kinds.SECRET.name:
        part["data"] = {name: _open(value) for name, value in body.get("data", {}).items()}
    for address in ("clusterIP", "clusterIPs"):
        part.get("spec", {}).pop(address, None)
    return part


def _told(body: Body) -> Body:
    """The status without its times."""
    status = dict(body.get("status", {}))
    status.pop("observedGeneration", None)
    conditions = status.get("conditions", [])
    kept = ("type", "status", "reason", "message")
    rollouts = [{**each, "time": ""} for each in status.get("rollouts", [])]
    told = [{name: each[name] for name in kept} for each in conditions]
    return status | {"conditions": told, "rollouts": rollouts}


def _open(value: str) -> Any:
    """What a Secret holds, opened as far as it is JSON."""
    text = base64.b64decode(value).decode("utf-8", "replace")
    try:
        return _without_secrets(json.loads(text))
    except ValueError:
        return _without_secrets(text)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_secrets(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    return RANDOM.sub("RANDOM", PEM.sub(r"\1", value)) if isinstance(value, str) else value


def _alike(text: str) -> str:
    return DIGEST.sub("#", UID.sub("UID", PEM.sub(r"\1", text)))
