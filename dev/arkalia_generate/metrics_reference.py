"""docs/reference/metrics.md: every metric with type, labels and meaning, from its definition.

What a service shows is read from the service itself, so that a metric which somebody adds stands
here without anybody's thinking of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, get_type_hints

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from arkalia_generate import edge_monitoring
from arkalia_generate.edge_monitoring import Declared
from arkalia_operator import metrics as operator_metrics
from arkalia_runtime.calls.measures import Measures as OfCalls
from arkalia_runtime.database import Database
from arkalia_runtime.events import measures as of_events
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.parts import assembled
from arkalia_runtime.redis import Redis
from arkalia_runtime.settings import ServiceSettings

HEAD: Final = """\
<!-- GENERATED from the metric definitions by `make generate`: do not edit. -->

# Metrics

Names and units follow Prometheus; a counter ends in `_total`. Beside these, every process has
the `process_*` and `python_*` metrics of prometheus_client.
"""
TABLE: Final = """
| metric | type | labels | meaning |
|---|---|---|---|
"""
OPERATOR: Final = """\
Served on `/metrics` of the operator's health port. Defined in
`operator/arkalia_operator/metrics.py`."""
SERVICES: Final = """\
Served on `/metrics` of each service; the certificate's end only where it serves HTTPS."""
EDGE: Final = """\
Served on `/metrics` of the port `metrics` of each pod of `spec.exposure.edge`. Counted in
`workloads/edge/metrics.lua`; it has no `process_*`."""
ANY_SERVICE: Final = "helloria"
"""Whose distribution gives the version of a service that has no parts."""

Collectors = Iterable[MetricWrapperBase]
Measured = Iterable[MetricWrapperBase | Declared]


def texts(root: Path) -> dict[str, str]:
    """Path and content of the reference."""
    sections = [("The operator", OPERATOR, _of_operator()), *_of_runtime()]
    known = {_name(metric) for _, _, metrics in sections for metric in metrics}
    for module in sorted(path.parent.name for path in root.glob("workloads/*/module.yaml")):
        own = [metric for metric in _of_module(module) if _name(metric) not in known]
        if own:
            sections.append((f"Module `{module}`", "Beside those above.", own))
    written = [*(_section(*each) for each in sections), _of_edge(root)]
    return {"docs/reference/metrics.md": HEAD + "".join(written)}


def _of_edge(root: Path) -> str:
    return _section("The edge", EDGE, edge_monitoring.declared(root))


def _of_operator() -> list[MetricWrapperBase]:
    return [each for each in vars(operator_metrics).values() if isinstance(each, MetricWrapperBase)]


def _of_runtime() -> Iterator[tuple[str, str, Collectors]]:
    yield "Every service", SERVICES, list(_of_every_service())
    calls = CollectorRegistry()
    OfCalls(calls)
    yield "Services that call others", "From the first call on.", list(_of_registry(calls))
    settings = ServiceSettings(version="0.0.0")
    database, queue, cache = Metrics("", ""), Metrics("", ""), Metrics("", "")
    Database.of(settings).measure(database)
    yield "Services with PostgreSQL", "The connections of one pod.", _beside(database)
    Redis.of(settings, "queue").measure(queue)
    Redis.of(settings, "cache").measure(cache)
    yield "Services with Redis", "For each of its roles.", [*_beside(queue), *_beside(cache)]
    events = CollectorRegistry()
    of_events.Told().register(events)
    of_events.Heard("").register(events)
    yield "Services with events", "Told by an outbox, heard by a reader.", _of_registry(events)


def _of_every_service() -> Collectors:
    app = assembled(ANY_SERVICE, ServiceSettings(version="0.0.0"))
    app.state.metrics.certificate(float)
    return _of_registry(app.state.metrics.registry)


def _of_module(module: str) -> Collectors:
    package = f"arkalia_{module.replace('-', '_')}"
    create = import_module(f"{package}.app").create
    app = create(get_type_hints(create)["settings"](version="0.0.0"))
    yield from _of_registry(app.state.metrics.registry)
    # Components beside the main one have no app; what they measure stands in one class.
    if find_spec(f"{package}.measures"):
        measures = import_module(f"{package}.measures").Measures
        if "registry" in inspect.signature(measures).parameters:
            registry = CollectorRegistry()
            measures(registry)
            yield from _of_registry(registry)


def _beside(metrics: Metrics) -> list[MetricWrapperBase]:
    """What is in *metrics* beside what is always there."""
    always = {_name(metric) for metric in _of_registry(Metrics("", "").registry)}
    return [each for each in _of_registry(metrics.registry) if _name(each) not in always]


def _of_registry(registry: CollectorRegistry) -> Collectors:
    # prometheus_client has no public list of what is registered.
    found = [each for each in registry._collector_to_names if isinstance(each, MetricWrapperBase)]
    return sorted(found, key=_name)


def _section(title: str, text: str, metrics: Measured) -> str:
    rows = sorted(_row(metric) for metric in metrics)
    return f"\n## {title}\n\n{text}\n{TABLE}{''.join(rows)}"


def _name(metric: MetricWrapperBase) -> str:
    [family] = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def _row(metric: MetricWrapperBase | Declared) -> str:
    if isinstance(metric, Declared):
        label = f"`{metric.label}`" if metric.label else ""
        return f"| `{metric.name}` | {metric.kind} | {label} | {metric.meaning} |\n"
    [family] = metric.describe()
    # Nor is there one of a metric's labels before the first sample.
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{_name(metric)}` | {family.type} | {labels} | {family.documentation} |\n"
