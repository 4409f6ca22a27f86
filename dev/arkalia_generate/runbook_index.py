"""docs/runbooks/index.md: every alert with its severity, its summary and the way to its runbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_generate import edge_monitoring, module_monitoring

HEAD: Final = """\
<!-- GENERATED from manifests/monitoring/*/rules.yaml by `make generate`: do not edit. -->

# Runbooks

One page for each alert: what it means, what it does to users, how to find the cause, what to do.
In commands, words in capitals stand for what the alert's labels tell: `NAMESPACE`, `SYSTEM`, `MODULE`, `POD`.

| alert | severity | what it says |
|---|---|---|
"""


def texts(root: Path) -> dict[str, str]:
    """The index, by path."""
    rows = {_row(rule) for rule in alerts(root)}
    return {"docs/runbooks/index.md": HEAD + "".join(sorted(rows))}


def alerts(root: Path) -> Iterator[dict[str, Any]]:
    """Every alert rule; modules share most of theirs, so a name can come again."""
    for text in _rules(root).values():
        for group in yaml.safe_load(text)["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def _rules(root: Path) -> dict[str, str]:
    """The rules by path; those of modules as they are about to be written."""
    present = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in root.glob("manifests/monitoring/*/rules.yaml")
    }
    written = module_monitoring.texts(root) | edge_monitoring.texts(root)
    return present | {path: text for path, text in written.items() if path.endswith("/rules.yaml")}


def _row(rule: dict[str, Any]) -> str:
    name, severity = rule["alert"], rule["labels"]["severity"]
    return f"| [{name}]({name}.md) | {severity} | {rule['annotations']['summary']} |\n"
