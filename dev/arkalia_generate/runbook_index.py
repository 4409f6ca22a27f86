"""docs/runbooks/index.md: every alert with its severity, its summary and the way to its runbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

HEAD: Final = """\
<!-- GENERATED from manifests/monitoring/*/rules.yaml by `make generate`: do not edit. -->

# Runbooks

One page for each alert: what it means, what it does to users, how to find the cause, what to do.

| alert | severity | what it says |
|---|---|---|
"""


def texts(root: Path) -> dict[str, str]:
    """The index, by path."""
    return {"docs/runbooks/index.md": HEAD + "".join(sorted(map(_row, _alerts(root))))}


def _alerts(root: Path) -> Iterator[dict[str, Any]]:
    for path in root.glob("manifests/monitoring/*/rules.yaml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def _row(rule: dict[str, Any]) -> str:
    name, severity = rule["alert"], rule["labels"]["severity"]
    return f"| [{name}]({name}.md) | {severity} | {rule['annotations']['summary']} |\n"
