"""values.schema.json from values.yaml: types from the values, everything else from the comments.

A `# --` line describes the value below it (helm-docs reads the same line); a `# @schema` line
holds keywords of JSON Schema as a YAML mapping. A misspelt value is an error: objects are closed
unless a keyword opens them or their default is empty. The generators that the Helm community uses
cannot be had as Go modules everywhere, so that this page of Python does it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

CHARTS: Final = ("arkalia", "arkalia-crds")
DIALECT: Final = "http://json-schema.org/draft-07/schema#"
DESCRIPTION: Final = "# --"
KEYWORDS: Final = "# @schema"
TYPES: Final = {
    "tag:yaml.org,2002:str": "string",
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:seq": "array",
    "tag:yaml.org,2002:map": "object",
}
Schema = dict[str, Any]


def texts(root: Path) -> dict[str, str]:
    """The schemas of the charts below *root*, by path."""
    return {f"charts/{chart}/values.schema.json": _text(root, chart) for chart in CHARTS}


def _text(root: Path, chart: str) -> str:
    values = (root / "charts" / chart / "values.yaml").read_text(encoding="utf-8")
    return json.dumps(schema(values, chart), indent=2) + "\n"


def schema(values: str, chart: str) -> Schema:
    """The JSON Schema of the text of the values.yaml of *chart*."""
    lines = values.splitlines()
    root = _object(yaml.compose(values, Loader=yaml.SafeLoader), lines)
    return {"$schema": DIALECT, "title": f"Values of the chart {chart}"} | root


def _object(node: Any, lines: Sequence[str]) -> Schema:
    properties = {key.value: _property(key, value, lines) for key, value in node.value}
    return {
        "type": "object",
        "additionalProperties": not properties,
        **({"properties": properties} if properties else {}),
    }


def _property(key: Any, value: Any, lines: Sequence[str]) -> Schema:
    comment = _comment(lines[: key.start_mark.line])
    inferred = (
        _object(value, lines) if isinstance(value, yaml.MappingNode) else {"type": TYPES[value.tag]}
    )
    return {"description": _description(comment)} | inferred | _keywords(comment)


def _comment(before: Sequence[str]) -> list[str]:
    """The comment lines directly above a key, top first."""
    block: list[str] = []
    for line in reversed(before):
        if not line.strip().startswith("#"):
            break
        block.insert(0, line.strip())
    return block


def _description(comment: Sequence[str]) -> str:
    described = (line for line in comment if not line.startswith(KEYWORDS))
    return " ".join(line.removeprefix(DESCRIPTION).removeprefix("#").strip() for line in described)


def _keywords(comment: Sequence[str]) -> Schema:
    merged: Schema = {}
    for line in comment:
        if line.startswith(KEYWORDS):
            merged |= yaml.safe_load(line.removeprefix(KEYWORDS))
    return merged
