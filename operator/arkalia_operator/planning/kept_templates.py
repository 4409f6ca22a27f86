"""A pod template packed into an annotation, and sent again as it was.

An operator that would render another template cannot render the old one any more. So each apply of
a template takes a copy of it along, and an object whose template is held is repaired from it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from arkalia_contract import labels
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.planning.ownership import owned, template_digest

LONGEST: Final = 1 << 20
"""Bytes of an unpacked template, at most: an object in etcd has 1.5 MiB."""
LEVEL: Final = 6


def packed(manifest: Manifest) -> Manifest:
    """*manifest* with a copy of its pod template."""
    text = orjson.dumps(manifest["spec"]["template"], option=orjson.OPT_SORT_KEYS)
    copy = base64.b64encode(zlib.compress(text, LEVEL)).decode()
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), labels.TEMPLATE: copy}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def with_kept_template(manifest: Manifest, live: Mapping[str, Any], digest: str) -> Manifest:
    """*manifest*, which has none, with the template that *live* was sent: its *digest* is known.

    Where no copy of it is left, what the operator still owns of the live one stays.
    """
    annotations = live["metadata"].get("annotations") or {}
    template = unpacked(annotations.get(labels.TEMPLATE, ""))
    if template is None or template_digest(template) != digest:
        template = _told(owned(live).get("spec", {}).get("template") or {})
    return packed({**manifest, "spec": {**manifest["spec"], "template": template}})


def unpacked(copy: str) -> Manifest | None:
    """The template; None where it cannot be read."""
    try:
        inflating = zlib.decompressobj()
        text = inflating.decompress(base64.b64decode(copy, validate=True), LONGEST)
        found = orjson.loads(text)
    except (binascii.Error, zlib.error, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _told(value: Any) -> Any:
    """*value* without what is owned and not stored."""
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_told(each) for each in value]
    return value
