"""`podTemplate`: the user's overlay on a rendered pod template, merged last.

Lists of named things merge by their key as in Kubernetes' strategic merge; a null removes. What
keeps the module reachable, probed, selected, configured and restricted stays the operator's. What
cannot be merged at all is found before, in `pod_template`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from arkalia_contract import labels
from arkalia_contract.environment import SET_BY_OPERATOR, SET_WHEN_ASKED
from arkalia_operator.desired.manifest import Manifest, mapping

MERGE_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "resourceClaims": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "ports": ("containerPort", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Source: the `listMapKey` tags of k8s.io/api/core/v1, by which server-side apply merges too."""
KEY_DEFAULTS: Final = {"protocol": "TCP"}
"""Keys that may be left out."""

PROTECTED_POD: Final = ("securityContext", "serviceAccountName", "automountServiceAccountToken")
OLD_NAMES: Final = ("serviceAccount",)
"""Deprecated second names of protected fields."""
PROTECTED_CONTAINER: Final = (
    "name", "ports", "securityContext", "startupProbe", "livenessProbe", "readinessProbe",
)  # fmt: skip
OWN_VARIABLES: Final = frozenset({*SET_BY_OPERATOR, *SET_WHEN_ASKED})
PROTECTED_ANNOTATIONS: Final = (labels.CONFIG_HASH,)


def overlay(rendered: Manifest, wanted: Mapping[str, Any], security: Manifest) -> Manifest:
    """*rendered* with *wanted* on top; further containers get *security* unless they say more."""
    if not wanted:
        return rendered
    merged = _merge(rendered, wanted)
    own = rendered["spec"]["containers"][0]
    spec = {**merged["spec"], **_only(rendered["spec"], PROTECTED_POD)}
    for name in OLD_NAMES:
        spec.pop(name, None)
    for group in ("containers", "initContainers"):
        if group in spec:
            spec[group] = [_container(each, own, security) for each in spec[group]]
    return {"metadata": _metadata(merged["metadata"], rendered["metadata"]), "spec": spec}


def has_key(item: Any, keys: Iterable[str]) -> bool:
    """Whether *item* is an object that *keys* tell from the others of its list."""
    return isinstance(item, dict) and all(
        isinstance(part, str | int) for part in _key_of(item, keys)
    )


def _key_of(item: Mapping[str, Any], keys: Iterable[str]) -> tuple[Any, ...]:
    return tuple(item.get(key, KEY_DEFAULTS.get(key)) for key in keys)


def _metadata(merged: Manifest, rendered: Manifest) -> Manifest:
    annotations = _only(rendered["annotations"], PROTECTED_ANNOTATIONS)
    return {
        **merged,
        "labels": {**merged.get("labels", {}), **rendered["labels"]},
        "annotations": {**merged.get("annotations", {}), **annotations},
    }


def _container(container: Manifest, own: Manifest, security: Manifest) -> Manifest:
    if container["name"] != own["name"]:
        return {
            **container,
            "securityContext": _merge(security, container.get("securityContext", {})),
        }
    kept = {**container, **_only(own, PROTECTED_CONTAINER)}
    return {**kept, "env": _environment(kept.get("env", []), own["env"])}


def _environment(merged: list[Manifest], rendered: list[Manifest]) -> list[Manifest]:
    """The operator's variables as they were, then the others."""
    ours = [each for each in rendered if each["name"] in OWN_VARIABLES]
    names = {each["name"] for each in ours}
    return [*ours, *(each for each in merged if each["name"] not in names)]


def _only(source: Manifest, fields: tuple[str, ...]) -> Manifest:
    return {field: source[field] for field in fields if field in source}


def _merge(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> Manifest:
    result = dict(base)
    for name, value in wanted.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = _merge(mapping(result.get(name)), value)
        elif name in MERGE_KEYS and _is_keyed(value, MERGE_KEYS[name]):
            result[name] = _merge_list(result.get(name, []), value, MERGE_KEYS[name])
        else:
            result[name] = value
    return result


def _is_keyed(value: Any, keys: Iterable[str]) -> bool:
    """Whether *value* is a list of objects with *keys*: other things may have such a name too."""
    return isinstance(value, list) and all(has_key(each, keys) for each in value)


def _merge_list(
    base: list[Manifest], wanted: list[Manifest], keys: tuple[str, ...]
) -> list[Manifest]:
    found = {_key_of(each, keys): each for each in base}
    for each in wanted:
        key = _key_of(each, keys)
        found[key] = _merge(found.get(key, {}), each)
    return list(found.values())
