"""docs/reference/chart-values.md: every value of the charts, from the same comments as their schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_generate.values_schema import CHARTS, Schema, schema

PAGE: Final = "docs/reference/chart-values.md"
HEAD: Final = """\
<!-- GENERATED from charts/*/values.yaml by `make generate`: do not edit. -->

# The charts' values

What can be set with `--set` or in a values file. Each chart carries the same as `values.schema.json`, so that Helm refuses a misspelt value and one of a wrong type before anything is changed. How the charts are used: [install](../how-to/install.md).
"""
SECTION: Final = """
## {chart}

| value | type | default | meaning |
|---|---|---|---|
{rows}"""


def texts(root: Path) -> dict[str, str]:
    """The page, by path."""
    return {PAGE: HEAD + "".join(_section(root, chart) for chart in CHARTS)}


def _section(root: Path, chart: str) -> str:
    text = (root / "charts" / chart / "values.yaml").read_text(encoding="utf-8")
    return SECTION.format(chart=chart, rows="".join(rows(text)))


def rows(values: str) -> Iterator[str]:
    """A line for each value of the text of a values.yaml."""
    yield from _rows(schema(values, "any"), yaml.safe_load(values) or {}, "")


def _rows(described: Schema, values: dict[str, Any], path: str) -> Iterator[str]:
    for name, each in described.get("properties", {}).items():
        if each.get("properties"):
            yield from _rows(each, values[name], f"{path}{name}.")
        else:
            yield _row(f"{path}{name}", each, values[name])


def _row(path: str, described: Schema, value: Any) -> str:
    default = json.dumps(value, ensure_ascii=False)
    cells = (f"`{path}`", _type(described), f"`{default}`", described["description"])
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _type(described: Schema) -> str:
    if "enum" in described:
        return ", ".join(f"`{each}`" for each in described["enum"])
    kinds = described["type"]
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)
