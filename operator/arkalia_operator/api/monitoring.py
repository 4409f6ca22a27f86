"""`spec.monitoring`: what is created for Prometheus and Grafana, and where traces are sent."""

from __future__ import annotations

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Labels, rule, rules


class Tracing(ApiModel):
    """Where the modules send their traces (OpenTelemetry)."""

    endpoint: str = Field(
        max_length=512,
        json_schema_extra=rules(
            rule(
                "self.matches('^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$')",
                "must be where OTLP over HTTP is received, without user and password: write for "
                "example http://otel-collector.observability.svc:4318",
            )
        ),
    )
    """Receiver of OTLP over HTTP, for example `http://otel-collector.observability.svc:4318`. A
    module whose `config` has a `tracing_endpoint` sends there instead."""

    sampling: float = Field(default=0.1, ge=0, le=1)
    """Share of the traces that begin in the system which is sent, for example 0.1 for one in ten. For
    a trace that begins outside, its caller decides."""


class Monitoring(ApiModel):
    """Objects for the Prometheus operator and Grafana, while their kinds are served."""

    service_monitors: bool = True
    """Whether each module, and the edge, gets a ServiceMonitor."""

    alert_rules: bool = True
    """Whether each module that has rules and a ServiceMonitor, and the edge, gets a PrometheusRule: without
    scrapes, alerts on the silence of pods would never end."""

    dashboards: bool = True
    """Whether each module that has a dashboard, and the edge, gets it as a ConfigMap for Grafana's sidecar."""

    labels: Labels = Field(default_factory=dict)
    """Labels added to ServiceMonitors and PrometheusRules, for example `release: prometheus`."""

    tracing: Tracing | None = None
    """Traces of the modules. Default: none are sent."""
