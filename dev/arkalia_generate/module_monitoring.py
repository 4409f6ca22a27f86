"""What the operator makes for Prometheus and Grafana for the example system, as plain files.

The source is `spec.monitoring` of each module.yaml, rendered by the operator's own code, so what
promtool tests here is what a cluster gets. Prometheus reads the files without an operator too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import desired_state, kinds, monitoring
from arkalia_operator.desired.resolve import Defaults, Modules

VERSION: Final = "0.0.0"
"""Rules and dashboards do not depend on the version."""
HEAD: Final = """\
# GENERATED from workloads/{module}/module.yaml by `python -m arkalia_generate`: do not edit.
# This is what docs/examples/empty/system.yaml gets; rules_test.yaml beside it tests it.
"""


def texts(root: Path) -> dict[str, str]:
    """Rules and dashboard of every module below *root* that has them, by path."""
    return {
        f"manifests/monitoring/{manifest['metadata']['labels'][labels.MODULE]}/{name}": text
        for manifest in desired_state(_system(root), _modules(root)).manifests
        for name, text in _files(manifest)
    }


def _files(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    metadata = manifest["metadata"]
    if manifest["kind"] == kinds.PROMETHEUS_RULE.name:
        body = yaml.safe_dump(manifest["spec"], sort_keys=False, allow_unicode=True, width=1000)
        yield "rules.yaml", HEAD.format(module=metadata["labels"][labels.MODULE]) + body
    elif monitoring.DASHBOARD_LABEL.items() <= metadata["labels"].items():
        yield "dashboard.json", next(iter(manifest["data"].values())) + "\n"


def _system(root: Path) -> ArkaliaSystem:
    body = _read(root / "docs/examples/empty/system.yaml")
    return ArkaliaSystem.from_body(
        body | {"metadata": body["metadata"] | {"uid": "", "generation": 1}}
    )


def _modules(root: Path) -> Modules:
    found = [ArkaliaModule.from_body(_read(path)) for path in root.glob("workloads/*/module.yaml")]
    builtin = {VERSION: {module.name: module for module in found}}
    return Modules(builtin, foreign={}, broken={}, defaults=Defaults(VERSION, registry=""))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
