"""`podTemplate`: the user's overlay on a rendered pod template, merged last.

Lists of named things merge by their key as in Kubernetes' strategic merge; a null removes. What
keeps the module reachable, probed, selected and restricted stays the operator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from arkalia_operator.desired.manifest import Manifest, canonical_resources

MERGE_KEYS: Final = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "topologySpreadConstraints": "topologyKey",
}
"""Source: the `patchMergeKey` tags of k8s.io/api/core/v1."""

PROTECTED_POD: Final = ("securityContext", "serviceAccountName", "automountServiceAccountToken")
PROTECTED_CONTAINER: Final = (
    "name", "ports", "securityContext", "startupProbe", "livenessProbe", "readinessProbe",
)  # fmt: skip


def overlay(rendered: Manifest, wanted: Mapping[str, Any], security: Manifest) -> Manifest:
    """*rendered* with *wanted* on top; further containers get *security* unless they say more."""
    if not wanted:
        return rendered
    merged = _merge(rendered, wanted)
    spec = {**merged["spec"], **_kept(rendered["spec"], PROTECTED_POD)}
    own = rendered["spec"]["containers"][0]
    spec["containers"] = [_container(each, own, security) for each in spec["containers"]]
    if "initContainers" in spec:
        spec["initContainers"] = [
            _container(each, own, security) for each in spec["initContainers"]
        ]
    labels = {**merged["metadata"]["labels"], **rendered["metadata"]["labels"]}
    return {"metadata": {**merged["metadata"], "labels": labels}, "spec": spec}


def _container(container: Manifest, own: Manifest, security: Manifest) -> Manifest:
    if container["name"] == own["name"]:
        kept = {**container, **_kept(own, PROTECTED_CONTAINER)}
    else:
        kept = {
            **container,
            "securityContext": _merge(security, container.get("securityContext", {})),
        }
    if "resources" in kept:
        kept["resources"] = canonical_resources(kept["resources"])
    return kept


def _kept(source: Manifest, fields: tuple[str, ...]) -> Manifest:
    return {field: source[field] for field in fields if field in source}


def _merge(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> Manifest:
    result = dict(base)
    for name, value in wanted.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = _merge(_mapping(result.get(name)), value)
        elif isinstance(value, list) and name in MERGE_KEYS:
            result[name] = _merge_list(result.get(name) or [], value, MERGE_KEYS[name])
        else:
            result[name] = value
    return result


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _merge_list(base: list[Manifest], wanted: list[Manifest], key: str) -> list[Manifest]:
    found = {each.get(key): each for each in base}
    for each in wanted:
        found[each.get(key)] = _merge(found.get(each.get(key), {}), each)
    return list(found.values())
