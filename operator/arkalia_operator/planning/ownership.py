"""Which part of a live object the operator owns, and a digest of it.

Server-side apply records for each field who set it (`metadata.managedFields`, in the form of
`fieldsV1`: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
The owned part of a live object equals the manifest that was applied, unless somebody changed,
removed or took over a field, or the manifest changed. So one digest answers "is there anything
to do?" for drift, for removed fields and after a restart, without keeping the object.

The API server does not store some values that say nothing (`stdin: false`, `value: ""`), but goes
on recording who owns the field. So nothing, false, zero and empty are alike to the digest, and
whether the field is owned still counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import orjson

from arkalia_contract.labels import TEMPLATE

FIELD_MANAGER: Final = "arkalia-operator"
DIGEST_BYTES: Final = 16
IDENTITY: Final = ("apiVersion", "kind")
METADATA_IDENTITY: Final = ("name", "namespace")

NESTING: Final = (dict, list)

Fields = Mapping[str, Any]
"""A part of `fieldsV1`: what is owned below a value. Empty: the value as a whole."""
Shaped = Callable[[Any], Any]


def owned(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> dict[str, Any]:
    """The fields of *live* that *manager* applied, without the object's identity.

    What is owned and not stored is None.
    """
    return part_of(live, applied_fields(live, manager))


def part_of(value: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """*value* cut down to *fields*; what is not there is None."""
    return _owned_of_mapping(value, fields, _as_it_is)


def fingerprint(manifest: Mapping[str, Any], template: str = "") -> bytes:
    """Digest of a manifest or of the owned part of a live object. Identity does not count.

    A pod template counts by its own digest, *template* in the place of one that is not there. What
    is packed of it in an annotation says nothing more.
    """
    spec = manifest.get("spec")
    if isinstance(spec, dict) and not template and "template" in spec:
        template = template_digest(spec["template"])
    return _digest(_told(_counted(manifest, template)))


def digests(live: Mapping[str, Any]) -> tuple[bytes, str]:
    """Digests of what the operator owns of *live*: of all, as `fingerprint` has it, and of its template.

    In one go: an operator that starts takes them of every object. The second is that of nothing
    where no pod template is owned.
    """
    told = _owned_of_mapping(live, applied_fields(live), _told)
    spec = told.get("spec")
    template = _digest(spec["template"]).hex() if spec and "template" in spec else ""
    return _digest(_counted(told, template)), template or NO_TEMPLATE


def _counted(body: Mapping[str, Any], template: str) -> dict[str, Any]:
    """What of *body* counts, *template* in the place of its pod template."""
    counted = {name: value for name, value in body.items() if name not in IDENTITY}
    counted["metadata"] = _metadata_counted(body.get("metadata") or {})
    if template and isinstance(body.get("spec"), dict):
        counted["spec"] = {**body["spec"], "template": template}
    return counted


def template_digest(template: Any) -> str:
    """What tells a pod template from others: as it is rendered, or the owned part of a live one."""
    return _digest(_told(template)).hex()


def _metadata_counted(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    counted = {name: value for name, value in metadata.items() if name not in METADATA_IDENTITY}
    annotations = counted.get("annotations")
    if annotations and TEMPLATE in annotations:
        counted["annotations"] = {
            name: value for name, value in annotations.items() if name != TEMPLATE
        } or None
    return counted or None


def _digest(told: Any) -> bytes:
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


def applied_at(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> datetime | None:
    """When *manager* last changed *live*; None if it never applied anything."""
    time = _applied(live, manager).get("time")
    return _moment(time) if time else None


@lru_cache(maxsize=1024)
def _moment(time: str) -> datetime:
    """*time*, RFC 3339; what was applied in the same second shares it."""
    return datetime.fromisoformat(time)


def applied_fields(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> Fields:
    """What *manager* applied of *live*, and nobody has taken over since."""
    found: Fields = _applied(live, manager).get("fieldsV1", {})
    return found


def _applied(live: Mapping[str, Any], manager: str) -> Mapping[str, Any]:
    """The entry of `managedFields` for what *manager* applied."""
    for entry in live["metadata"].get("managedFields", ()):
        applied = entry.get("operation") == "Apply" and not entry.get("subresource")
        if applied and entry.get("manager") == manager:
            found: Mapping[str, Any] = entry
            return found
    return {}


def _owned_part(value: Any, fields: Fields, whole: Shaped) -> Any:
    """*value* cut down to *fields*, in the shape that *whole* gives to what is owned as a whole."""
    if not fields:
        return whole(value)
    if isinstance(value, list):
        part: Any = list(_owned_items(value, fields, whole))
    elif isinstance(value, dict):
        part = _owned_of_mapping(value, fields, whole)
    else:
        part = value
    return part or whole(part)


def _owned_of_mapping(value: Mapping[str, Any], fields: Fields, whole: Shaped) -> dict[str, Any]:
    return {
        name[2:]: (
            _owned_part(value.get(name[2:]), inner, whole) if inner else whole(value.get(name[2:]))
        )
        for name, inner in fields.items()
        if name.startswith("f:")
    }


def _owned_items(values: Sequence[Any], fields: Fields, whole: Shaped) -> Iterator[Any]:
    """The owned items, in the order in which they are stored: for some lists it matters.

    An item is named by its key fields (`k:`) or, in a set, by its value (`v:`).
    """
    owned_values = [orjson.loads(name[2:]) for name in fields if name.startswith("v:")]
    by_key = _by_key(fields)
    for item in values:
        if isinstance(item, dict):
            for keys, owned_items in by_key.items():
                inner = owned_items.get(tuple(item.get(key) for key in keys))
                if inner is not None:
                    yield _owned_part(item, inner, whole)
        elif item in owned_values:
            yield whole(item)


def _by_key(fields: Fields) -> Mapping[tuple[str, ...], Mapping[tuple[Any, ...], Fields]]:
    """By the names of the key fields, then by their values: what is owned of the item."""
    found: dict[tuple[str, ...], dict[tuple[Any, ...], Fields]] = {}
    for name, inner in fields.items():
        if name.startswith("k:"):
            keys, values = _key(name)
            found.setdefault(keys, {})[values] = inner
    return found


@lru_cache(maxsize=4096)
def _key(name: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The key fields that *name* tells, and their values: many objects have the same."""
    key = orjson.loads(name[2:])
    return tuple(key), tuple(key.values())


def _as_it_is(value: Any) -> Any:
    return value


def _told(value: Any) -> Any:
    """*value*, with None for everything in it that says nothing."""
    # A check for Mapping, or a call for each leaf, costs half of the digest's time.
    if isinstance(value, dict):
        return {
            key: _told(each) if isinstance(each, NESTING) else each or None
            for key, each in value.items()
        } or None
    if isinstance(value, list):
        return [
            _told(each) if isinstance(each, NESTING) else each or None for each in value
        ] or None
    return value or None


NO_TEMPLATE: Final = template_digest(None)
"""What is told of a pod template where none is owned."""
NOTHING: Final = fingerprint({})
"""Digest of an object of which the operator owns nothing."""
