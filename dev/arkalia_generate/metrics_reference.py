"""docs/reference/metrics.md: every metric with type, labels and meaning, from its definition."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from arkalia_operator import metrics as operator_metrics
from arkalia_runtime.metrics import Metrics

HEAD: Final = """\
<!-- GENERATED from the metric definitions by `make generate`: do not edit. -->

# Metrics

Names and units follow Prometheus; a counter ends in `_total`. Beside these, every process has
the `process_*` and `python_*` metrics of prometheus_client.
"""
OPERATOR: Final = """
## The operator

Served on `/metrics` of the operator's health port. Defined in
`operator/arkalia_operator/metrics.py`.
"""
SERVICES: Final = """
## Every service

Served on `/metrics` of each service. Defined in `workloads/runtime/arkalia_runtime/metrics.py`.
"""
TABLE: Final = """
| metric | type | labels | meaning |
|---|---|---|---|
"""


def texts(_root: Path) -> dict[str, str]:
    """Path and content of the reference."""
    text = (
        f"{HEAD}{OPERATOR}{_table(_of_module())}"
        f"{SERVICES}{_table(_of_registry(Metrics('module', 'version').registry))}"
    )
    return {"docs/reference/metrics.md": text}


def _of_module() -> Iterable[MetricWrapperBase]:
    return (each for each in vars(operator_metrics).values() if isinstance(each, MetricWrapperBase))


def _of_registry(registry: CollectorRegistry) -> Iterable[MetricWrapperBase]:
    # prometheus_client has no public list of what is registered.
    return (each for each in registry._collector_to_names if isinstance(each, MetricWrapperBase))


def _table(metrics: Iterable[MetricWrapperBase]) -> str:
    return TABLE + "".join(sorted(_row(metric) for metric in metrics))


def _row(metric: MetricWrapperBase) -> str:
    [family] = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    # Nor is there one of a metric's labels before the first sample.
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {family.type} | {labels} | {family.documentation} |\n"
