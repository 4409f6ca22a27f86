"""Two states of a CustomResourceDefinition → what the newer one takes from those who use the older.

What is stored must stay readable, and what was accepted must be accepted: fields are only added,
and bounds only widened. A changed default refuses nothing, so it is not *taken*; but it changes
what a resource means, and is listed beside. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]

VALIDATIONS: Final = "x-kubernetes-validations"
PRESERVED: Final = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING: Final = "x-kubernetes-int-or-string"
EQUAL: Final = ("type", "format", "pattern", "multipleOf", INT_OR_STRING)
"""Keywords that must stay as they are; one that comes anew refuses what was accepted."""
LIST_KINDS: Final = (
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
)
"""How an apply merges: another one moves fields between their owners."""
LOWEST: Final = ("minimum", "minLength", "minItems", "minProperties")
HIGHEST: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
EXCLUSIVE: Final = ("exclusiveMinimum", "exclusiveMaximum")
WORD: Final = re.compile(r"\w+")
DEFAULT: Final = re.compile(r"Default: (.*?)\.(?=\s|$)")
"""Defaults are told in the descriptions, and applied when the operator reads."""


def taken(before: Schema, after: Schema) -> list[str]:
    """Everything that the CRD *after* takes from users of the CRD *before*, a sentence each."""
    return [*_names(before["spec"], after["spec"]), *_versions(before["spec"], after["spec"])]


def changed_defaults(before: Schema, after: Schema) -> list[str]:
    """Paths of the fields that mean something else when they are left out."""
    older, newer = _schemas(before["spec"]), _schemas(after["spec"])
    both = (name for name in older if name in newer)
    return [path for name in both for path in _defaults(older[name], newer[name], name)]


def _names(before: Schema, after: Schema) -> Iterator[str]:
    for field in ("group", "scope"):
        if before[field] != after[field]:
            yield f"{field} was {before[field]}, and is {after[field]}"
    older, newer = before["names"], after["names"]
    for field in ("kind", "plural", "singular"):
        if older[field] != newer[field]:
            yield f"names.{field} was {older[field]}, and is {newer[field]}"
    for field in ("shortNames", "categories"):
        for name in sorted(set(older.get(field, ())) - set(newer.get(field, ()))):
            yield f"names.{field} has lost {name}"


def _versions(before: Schema, after: Schema) -> Iterator[str]:
    newer = {each["name"]: each for each in after["versions"]}
    for version in before["versions"]:
        name = version["name"]
        if version["served"] and not newer.get(name, {}).get("served"):
            yield f"version {name} is not served any more"
        else:
            yield from _version(version, newer.get(name, version))
    if _stored(before) != _stored(after):
        yield f"the stored version was {_stored(before)}, and is {_stored(after)}"


def _version(before: Schema, after: Schema) -> Iterator[str]:
    for name in before.get("subresources", {}):
        if name not in after.get("subresources", {}):
            yield f"{before['name']} has lost the subresource {name}"
    columns = {each["name"] for each in after.get("additionalPrinterColumns", ())}
    for column in before.get("additionalPrinterColumns", ()):
        if column["name"] not in columns:
            yield f"{before['name']} has lost the column {column['name']}"
    yield from _schema(_whole(before), _whole(after), before["name"])


def _schema(before: Schema, after: Schema, path: str) -> Iterator[str]:
    yield from _kind(before, after, path)
    yield from _bounds(before, after, path)
    yield from _values(before, after, path)
    for step, older, newer in _children(before, after):
        if newer is None:
            yield f"{path}{step} was removed"
        else:
            yield from _schema(older, newer, f"{path}{step}")


def _kind(before: Schema, after: Schema, path: str) -> Iterator[str]:
    for keyword in (*EQUAL, *LIST_KINDS):
        older, newer = before.get(keyword), after.get(keyword)
        loosened = newer is None and keyword in {"format", "pattern", "multipleOf"}
        if older != newer and not loosened:
            yield f"{path}: {keyword} was {_said(older)}, and is {_said(newer)}"
    for keyword in (PRESERVED, "nullable"):
        if before.get(keyword) and not after.get(keyword):
            yield f"{path}: {keyword} was removed"


def _bounds(before: Schema, after: Schema, path: str) -> Iterator[str]:
    for keyword in (*LOWEST, *HIGHEST):
        older, newer = before.get(keyword), after.get(keyword)
        if newer is not None and (older is None or _is_tighter(keyword, older, newer)):
            yield f"{path}: {keyword} was {_said(older)}, and is {newer}"
    for keyword in EXCLUSIVE:
        if after.get(keyword) and not before.get(keyword):
            yield f"{path}: {keyword} was added"


def _is_tighter(keyword: str, older: float, newer: float) -> bool:
    return newer > older if keyword in LOWEST else newer < older


def _values(before: Schema, after: Schema, path: str) -> Iterator[str]:
    """What must be written, may be written, and must agree."""
    for name in sorted(set(after.get("required", ())) - set(before.get("required", ()))):
        yield f"{path}.{name} is required now"
    if "enum" in after:
        if "enum" not in before:
            yield f"{path} takes only {', '.join(map(str, after['enum']))} now"
        for value in (each for each in before.get("enum", ()) if each not in after["enum"]):
            yield f"{path} does not take {value} any more"
    yield from _rules(before, after, path)


def _rules(before: Schema, after: Schema, path: str) -> Iterator[str]:
    """New rules. One that speaks of a new field is about what nobody can have written yet."""
    known = {each["rule"] for each in before.get(VALIDATIONS, ())}
    new = set(_fields(after)) - set(_fields(before))
    for rule in after.get(VALIDATIONS, ()):
        if rule["rule"] not in known and not new & set(WORD.findall(rule["rule"])):
            yield f"{path} has a new rule: {rule['message']}"


def _fields(schema: Schema) -> Iterator[str]:
    """Names of all fields at and below *schema*."""
    yield from schema.get("properties", {})
    for _, child, _ in _children(schema, schema):
        yield from _fields(child)


def _children(before: Schema, after: Schema) -> Iterator[tuple[str, Schema, Schema | None]]:
    for name, field in before.get("properties", {}).items():
        yield f".{name}", field, after.get("properties", {}).get(name)
    for keyword, step in (("items", "[]"), ("additionalProperties", ".<key>")):
        if keyword in before:
            yield step, before[keyword], after.get(keyword)


def _defaults(before: Schema, after: Schema, path: str) -> Iterator[str]:
    if _default(before) != _default(after):
        yield path
    for step, older, newer in _children(before, after):
        if newer is not None:
            yield from _defaults(older, newer, f"{path}{step}")


def _default(schema: Schema) -> tuple[Any, Sequence[str]]:
    return schema.get("default"), DEFAULT.findall(schema.get("description", ""))


def _schemas(spec: Schema) -> dict[str, Schema]:
    return {each["name"]: _whole(each) for each in spec["versions"]}


def _whole(version: Schema) -> Schema:
    found: Schema = version["schema"]["openAPIV3Schema"]
    return found


def _stored(spec: Schema) -> str:
    return next(str(each["name"]) for each in spec["versions"] if each["storage"])


def _said(value: Any) -> str:
    return "not there" if value is None else str(value)
