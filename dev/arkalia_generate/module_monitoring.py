"""What the operator makes for Prometheus and Grafana for the example system, as plain files.

The source is `spec.monitoring` of each module, rendered by the operator's own code, so what
promtool tests here is what a cluster gets. Prometheus reads the files without an operator too. The
tests of what all modules have lie beside it; those of a module's own rules in its `rules_test.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from arkalia_contract import labels
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.catalogue.generate import bodies, grounds
from arkalia_operator.desired import desired_state, kinds, monitoring
from arkalia_operator.desired.resolve import Defaults, Modules

VERSION: Final = "0.0.0"
"""Rules and dashboards do not depend on the version."""
HEAD: Final = """\
# GENERATED from workloads/{module}/module.yaml by `python -m arkalia_generate`: do not edit.
# This is what docs/examples/empty/system.yaml gets; rules_test.yaml beside it tests it.
"""
OWN_TESTS: Final = "rules_test.yaml"
TESTS_HEAD: Final = """\
# GENERATED from {sources} by
# `python -m arkalia_generate`: do not edit.
"""


def texts(root: Path) -> dict[str, str]:
    """Rules with their tests, and dashboard, of every module below *root* that has them, by path."""
    return {
        f"manifests/monitoring/{_module(manifest)}/{name}": text
        for manifest in desired_state(example(root), modules(root)).manifests
        for name, text in _files(manifest, root)
    }


def _module(manifest: dict[str, Any]) -> str:
    name: str = manifest["metadata"]["labels"].get(labels.MODULE, "")
    return name


def _files(manifest: dict[str, Any], root: Path) -> Iterator[tuple[str, str]]:
    metadata, module = manifest["metadata"], _module(manifest)
    if manifest["kind"] == kinds.PROMETHEUS_RULE.name:
        body = yaml.safe_dump(manifest["spec"], sort_keys=False, allow_unicode=True, width=1000)
        yield "rules.yaml", HEAD.format(module=module) + body
        yield OWN_TESTS, _tests(module, root)
    elif monitoring.DASHBOARD_LABEL.items() <= metadata["labels"].items():
        yield "dashboard.json", next(iter(manifest["data"].values())) + "\n"


def _tests(module: str, root: Path) -> str:
    home = root / "workloads" / module
    needs = _read(home / "module.yaml")["spec"].get("needs", ())
    shared = [path.with_name(f"{path.stem}_test.yaml") for path in grounds(root, needs)]
    sources = [path for path in (*shared, home / OWN_TESTS) if path.exists()]
    texts = [path.read_text(encoding="utf-8").replace("$(module)", module) for path in sources]
    tests = [test for text in texts for test in yaml.safe_load(text)["tests"]]
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    head = TESTS_HEAD.format(sources=", ".join(str(path.relative_to(root)) for path in sources))
    return head + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=1000)


def example(root: Path, **spec: Any) -> ArkaliaSystem:
    """The system of docs/examples/empty, with *spec*."""
    body = _read(root / "docs/examples/empty/system.yaml")
    return ArkaliaSystem.from_body(
        body | {"metadata": body["metadata"] | {"uid": "", "generation": 1}, "spec": spec}
    )


def modules(root: Path) -> Modules:
    """The modules of the catalogue."""
    found = [ArkaliaModule.from_body(body) for body in bodies(root).values()]
    builtin = {VERSION: {module.name: module for module in found}}
    return Modules(builtin, foreign={}, broken={}, defaults=Defaults(VERSION, registry=""))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
