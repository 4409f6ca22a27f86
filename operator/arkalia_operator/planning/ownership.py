"""Which part of a live object the operator owns, and a digest of it.

Server-side apply records for each field who set it (`metadata.managedFields`, in the form of
`fieldsV1`: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
The owned part of a live object equals the manifest that was applied, unless somebody changed,
removed or took over a field, or the manifest changed. So one digest answers "is there anything
to do?" for drift, for removed fields and after a restart, without keeping the object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

FIELD_MANAGER: Final = "arkalia-operator"
DIGEST_BYTES: Final = 16
IDENTITY: Final = ("apiVersion", "kind")
METADATA_IDENTITY: Final = ("name", "namespace")


def owned(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> dict[str, Any]:
    """The fields of *live* that *manager* applied, without the object's identity."""
    fields = _applied_fields(live, manager)
    part = _project(live, fields) if fields else {}
    return part if isinstance(part, dict) else {}


def fingerprint(manifest: Mapping[str, Any]) -> bytes:
    """Digest of a manifest or of the owned part of a live object. Identity does not count."""
    body = {name: value for name, value in manifest.items() if name not in IDENTITY}
    metadata = body.get("metadata") or {}
    body["metadata"] = {
        name: value for name, value in metadata.items() if name not in METADATA_IDENTITY
    }
    text = json.dumps(_canonical(body), sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def _applied_fields(live: Mapping[str, Any], manager: str) -> Mapping[str, Any]:
    for entry in live["metadata"].get("managedFields", ()):
        applied = entry.get("operation") == "Apply" and not entry.get("subresource")
        if applied and entry.get("manager") == manager:
            found: Mapping[str, Any] = entry.get("fieldsV1", {})
            return found
    return {}


def _project(value: Any, fields: Mapping[str, Any]) -> Any:
    """*value* cut down to *fields*; a leaf (`{}`) owns everything below it."""
    inner = [name for name in fields if name != "."]
    if not inner:
        return value
    if isinstance(value, list):
        return [
            part
            for name in inner
            for item in _items(value, name)
            for part in (_project(item, fields[name]),)
        ]
    if not isinstance(value, Mapping):
        return value
    return {
        name[2:]: _project(value[name[2:]], fields[name]) for name in inner if name[2:] in value
    }


def _items(values: Iterable[Any], name: str) -> Iterable[Any]:
    """The list items that a `k:` (by key fields) or `v:` (by value) name of fieldsV1 selects."""
    wanted = json.loads(name[2:])
    if name.startswith("v:"):
        return [item for item in values if item == wanted]
    return [item for item in values if _has(item, wanted)]


def _has(item: Any, wanted: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and all(item.get(key) == val for key, val in wanted.items())


def _canonical(value: Any) -> Any:
    """Lists of objects in the order of their text: managedFields does not keep an order."""
    if isinstance(value, Mapping):
        return {key: _canonical(each) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(each) for each in value]
        objects = items and all(isinstance(each, dict) for each in items)
        return sorted(items, key=_text) if objects else items
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
