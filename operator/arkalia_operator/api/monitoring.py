"""`spec.monitoring`: what is created for Prometheus and Grafana."""

from __future__ import annotations

from pydantic import Field

from arkalia_operator.api.base import ApiModel, Labels


class Monitoring(ApiModel):
    """Objects for the Prometheus operator and Grafana, while their kinds are served."""

    service_monitors: bool = True
    """Whether each module gets a ServiceMonitor."""

    alert_rules: bool = True
    """Whether each module that has rules and a ServiceMonitor gets a PrometheusRule: without
    scrapes, alerts on the silence of pods would never end."""

    dashboards: bool = True
    """Whether each module that has a dashboard gets it as a ConfigMap for Grafana's sidecar."""

    labels: Labels = Field(default_factory=dict)
    """Labels added to ServiceMonitors and PrometheusRules, for example `release: prometheus`."""
