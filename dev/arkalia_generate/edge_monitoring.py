"""What the operator makes for Prometheus and Grafana for an edge, as plain files.

Rules and dashboard are code (`arkalia_operator.desired.edge`); what the edge measures is declared
where it is counted, in `workloads/edge/metrics.lua`. The tests of the rules are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_contract import labels
from arkalia_generate.module_monitoring import example, modules
from arkalia_operator.desired import desired_state, kinds, monitoring

HOME: Final = "manifests/monitoring/edge"
HEAD: Final = """\
# GENERATED from operator/arkalia_operator/desired/edge/alerts.py by `python -m arkalia_generate`: do not edit.
# This is what docs/examples/empty/system.yaml gets with `exposure.edge.enabled`.
"""
COUNTED: Final = "workloads/edge/metrics.lua"
DECLARATION: Final = re.compile(r'^    \{"(\w+)", "(\w+)", "(\w*)", "([^"]+)"\},$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric of the edge."""

    name: str
    kind: str
    label: str
    """Empty if it has none."""
    meaning: str


def texts(root: Path) -> dict[str, str]:
    """Rules and dashboard, by path."""
    system = example(root, exposure={"edge": {"enabled": True}})
    found = desired_state(system, modules(root)).manifests
    of_edge = (each for each in found if labels.EDGE in each["metadata"]["labels"])
    return {f"{HOME}/{name}": text for each in of_edge for name, text in _files(each)}


def declared(root: Path) -> list[Declared]:
    """What the edge measures."""
    text = (root / COUNTED).read_text(encoding="utf-8")
    return [Declared(*found) for found in DECLARATION.findall(text)]


def _files(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if manifest["kind"] == kinds.PROMETHEUS_RULE.name:
        body = yaml.safe_dump(manifest["spec"], sort_keys=False, allow_unicode=True, width=1000)
        yield "rules.yaml", HEAD + body
    elif monitoring.DASHBOARD_LABEL.items() <= manifest["metadata"]["labels"].items():
        yield "dashboard.json", next(iter(manifest["data"].values())) + "\n"
