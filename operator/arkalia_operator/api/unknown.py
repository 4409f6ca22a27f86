"""Fields that somebody wrote and the API server dropped, since the schema does not know them. Pure.

A strict client is refused with such a field (kubectl's default), and so is server-side apply. Where
somebody switched that off, the API server stores the rest and says nothing more. What is left is
the annotation in which `kubectl apply`, and Argo CD with it, keep what was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from arkalia_operator.api.structural import PRESERVED, Schema, structural_schema

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
OF_AN_OBJECT: Final = ("apiVersion", "kind", "metadata", "spec", "status")
"""Fields beside `spec`. Who writes a `status` is not told so: exported manifests all have one."""


def unknown_fields(body: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, ...]:
    """Paths of the fields that were written into *body* and are not fields of *model*, its spec.

    Each with the name that was perhaps meant.
    """
    written = _last_applied(body)
    beside = [_told(name, name, OF_AN_OBJECT) for name in written if name not in OF_AN_OBJECT]
    spec = written.get("spec")
    if spec == (body.get("spec") or {}):
        return tuple(beside)  # nothing was dropped: by far the most frequent case
    return (*beside, *_unknown(spec, _schema(model), "spec"))


def _last_applied(body: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = body["metadata"].get("annotations") or {}
    try:
        written = json.loads(annotations.get(LAST_APPLIED, "{}"))
    except (ValueError, RecursionError):
        return {}
    return written if isinstance(written, dict) else {}


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return structural_schema(model)


def _unknown(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(each, schema.get("items", {PRESERVED: True}), f"{path}[{index}]")
    elif isinstance(value, dict) and not schema.get(PRESERVED):
        for name, each in value.items():
            yield from _unknown_field(name, each, schema, path)


def _unknown_field(name: str, value: Any, schema: Schema, path: str) -> Iterator[str]:
    fields = schema.get("properties", {})
    field = fields.get(name, schema.get("additionalProperties"))
    if field is None:
        yield _told(f"{path}.{name}", name, tuple(fields))
    else:
        yield from _unknown(value, field, f"{path}.{name}")


def _told(path: str, name: str, known: tuple[str, ...]) -> str:
    meant = get_close_matches(name, known, 1)
    return f"{path} (did you mean {meant[0]}?)" if meant else path
