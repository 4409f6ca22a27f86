"""What users pass through to Kubernetes, in the form in which the API server stores it.

The digest of a manifest must equal the digest of what the operator owns in the live object
(`planning.ownership`), or the operator would write again after each restart. What the renderers
write is in that form already; a podTemplate or an affinity is brought into it here. Two things
matter: quantities, and what the API server fills in or leaves out inside a field that it stores as
one piece (`x-kubernetes-list-type` or `map-type: atomic`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from arkalia_operator.desired.quantities import canonical_quantity

FILLED_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "fieldRef": {"apiVersion": "v1"},
    "resourceFieldRef": {"divisor": "0"},
    "serviceAccountToken": {"expirationSeconds": 3600},
}
"""By name of the field. Source: `SetDefaults_*` in k8s.io/kubernetes/pkg/apis/core/v1."""

QUANTITIES: Final[Mapping[str, frozenset[str]]] = {
    "emptyDir": frozenset({"sizeLimit"}),
    "resourceFieldRef": frozenset({"divisor"}),
}
QUANTITY_MAPS: Final[Mapping[str, frozenset[str]]] = {
    "resources": frozenset({"requests", "limits"}),
}
"""Where a quantity, and where a map of quantities stands: by the name of the field around it."""

LEFT_OUT: Final[Mapping[str, Mapping[str, Any]]] = {
    "labelSelector": {"matchLabels": {}},
    "namespaceSelector": {"matchLabels": {}},
    "podSelector": {"matchLabels": {}},
    "tolerations": {"key": "", "operator": "", "value": "", "effect": ""},
}
"""By name of the field around: what the API server leaves out when it has this value. Elsewhere
something empty may mean something: `emptyDir: {}`."""


def as_stored(value: Any, around: str = "") -> Any:
    """*value*, which stands in the field *around*. Raises ValueError for a wrong quantity."""
    if isinstance(value, dict):
        return dict(_fields({**FILLED_IN.get(around, {}), **value}, around))
    if isinstance(value, list):
        return [as_stored(each, around) for each in value]
    return value


def _fields(fields: Mapping[str, Any], around: str) -> Iterator[tuple[str, Any]]:
    left_out = LEFT_OUT.get(around, {})
    for name, value in fields.items():
        says_nothing = (
            value is None or value == [] or (name in left_out and value == left_out[name])
        )
        if not says_nothing:
            yield name, _field(name, value, around)


def _field(name: str, value: Any, around: str) -> Any:
    if name in QUANTITIES.get(around, ()):
        return canonical_quantity(str(value))
    if name in QUANTITY_MAPS.get(around, ()) and isinstance(value, dict):
        return {each: canonical_quantity(str(amount)) for each, amount in value.items()}
    return as_stored(value, name)
