"""The edge in Grafana."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired.edge.alerts import chosen, failing
from arkalia_operator.desired.manifest import Manifest

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
WINDOW: Final = "$__rate_interval"
HEIGHT: Final = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    title: str
    description: str
    expression: str
    """What is drawn; `<edge>` stands for the matchers of the edge's series."""
    legend: str
    unit: str
    place: tuple[int, int, int]
    """Column, row and width."""
    kind: str = "timeseries"


PANELS: Final = (
    Panel(
        "Pods", "Pods that answer Prometheus.", "sum(up{<edge>})", "", "short", (0, 0, 4), "stat"
    ),
    Panel(
        "Answers",
        "Answers a second, by class of the status.",
        f"sum by (class) (rate(arkalia_edge_requests_total{{<edge>}}[{WINDOW}]))",
        "{{class}}",
        "reqps",
        (4, 0, 10),
    ),
    Panel(
        "Server errors",
        "Share of the answers with a status of 500 or more.",
        failing("<edge>", WINDOW),
        "errors",
        "percentunit",
        (14, 0, 10),
    ),
    Panel(
        "Refused",
        "What the edge refused itself, a second, by cause.",
        f"sum by (cause) (rate(arkalia_edge_refusals_total{{<edge>}}[{WINDOW}]))",
        "{{cause}}",
        "reqps",
        (0, 8, 10),
    ),
    Panel(
        "Addresses denied",
        "Addresses that came onto the deny list within an hour.",
        "sum(increase(arkalia_edge_denied_addresses_total{<edge>}[1h]))",
        "addresses",
        "short",
        (10, 8, 7),
    ),
    Panel(
        "Sent to HTTPS",
        "Requests by plain HTTP, a second.",
        f"sum(rate(arkalia_edge_redirects_total{{<edge>}}[{WINDOW}]))",
        "redirects",
        "reqps",
        (17, 8, 7),
    ),
    Panel(
        "Connections",
        "Open connections of clients, by what they do.",
        "sum by (state) (arkalia_edge_connections{<edge>})",
        "{{state}}",
        "short",
        (0, 16, 10),
    ),
    Panel(
        "Certificates",
        "Time until the certificates end.",
        "min by (shown) (arkalia_edge_certificate_expires_timestamp_seconds{<edge>} - time())",
        "{{shown}}",
        "s",
        (10, 16, 7),
    ),
    Panel(
        "Settings taken",
        "1 while each pod does what it was told last.",
        "min by (pod) (arkalia_edge_configuration_accepted{<edge>})",
        "{{pod}}",
        "short",
        (17, 16, 7),
    ),
)


def text(system: ArkaliaSystem) -> str:
    """The whole dashboard, as JSON."""
    chooser = {"name": "datasource", "label": "Data source", "type": "datasource"}
    told = {
        "title": f"Arkalia {system.namespace}/{system.name} edge",
        "tags": ["arkalia", "edge"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{**chooser, "query": "prometheus"}]},
        "panels": [_panel(each, chosen(system)) for each in PANELS],
    }
    return json.dumps(told, indent=1, sort_keys=True)


def _panel(panel: Panel, edge: str) -> Manifest:
    column, row, width = panel.place
    target = {
        "refId": "A",
        "legendFormat": panel.legend,
        "expr": panel.expression.replace("<edge>", edge),
    }
    return {
        "title": panel.title,
        "description": panel.description,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"x": column, "y": row, "w": width, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}},
        "targets": [target],
    }
