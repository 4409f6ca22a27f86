"""What Prometheus and Grafana get of a module."""

import json

import pytest

from arkalia_operator.desired.monitoring import filled
from arkalia_operator.desired.resolve import resolve
from builders import a_component, a_module, a_system, modules_with, only, rendered

WATCHED = a_module(
    monitoring={
        "rules": [{"alert": "Down", "expr": 'up{system="$(system)"} == 0', "for": "1m"}],
        "dashboard": {"title": "$(module) of $(namespace)/$(system)", "panels": [{"id": 1}]},
    }
)


def of_kind(kind, module=WATCHED, **spec):
    found = rendered(a_system(**spec), module).manifests
    return [each for each in found if each["kind"] == kind]


def dashboards(module=WATCHED, **spec):
    found = of_kind("ConfigMap", module, **spec)
    return [each for each in found if "grafana_dashboard" in each["metadata"]["labels"]]


def test_module_with_a_port_is_scraped():
    [monitor] = of_kind("ServiceMonitor")

    assert monitor["spec"] == {
        "endpoints": [{"interval": "15s", "path": "/metrics", "port": "http"}],
        "selector": {
            "matchLabels": {"arkalia.io/system": "luna", "arkalia.io/module": "alpha"},
            "matchExpressions": [{"key": "arkalia.io/each-pod", "operator": "DoesNotExist"}],
        },
        "targetLabels": ["arkalia.io/system", "arkalia.io/module"],
    }


def test_module_that_serves_https_is_scraped_by_its_name_and_authority():
    components = [a_component(scheme="HTTPS"), a_component("plain", port=9000)]

    [monitor] = of_kind("ServiceMonitor", a_module(components=components))

    assert monitor["spec"]["endpoints"] == [
        {"interval": "15s", "path": "/metrics", "port": "http"},
        {
            "interval": "15s",
            "path": "/metrics",
            "port": "https",
            "scheme": "https",
            "tlsConfig": {
                "ca": {"configMap": {"name": "luna-trust", "key": "ca.crt"}},
                "serverName": "luna-alpha.arkalia.svc",
            },
        },
    ]


def test_module_without_a_port_has_nothing_to_scrape():
    assert of_kind("ServiceMonitor", a_module(components=[a_component(port=None)])) == []


def test_rules_name_the_system_that_they_watch():
    [rule] = of_kind("PrometheusRule")

    assert rule["spec"]["groups"] == [
        {
            "name": "luna-alpha",
            "rules": [{"alert": "Down", "expr": 'up{system="luna"} == 0', "for": "1m"}],
        }
    ]


def test_numbers_and_switches_of_rules_stay_what_they_are():
    [module] = resolve(a_system(), modules_with(a_module())).modules
    written = {"limit": 3, "on": [True, 1.5]}

    assert filled(written, a_system(), module) == written


def test_dashboard_is_a_config_map_that_grafana_finds():
    [dashboard] = dashboards()

    assert dashboard["metadata"]["name"] == "luna-alpha-dashboard"
    assert json.loads(dashboard["data"]["luna-alpha-dashboard.json"]) == {
        "title": "alpha of arkalia/luna",
        "panels": [{"id": 1}],
    }


@pytest.mark.parametrize("kind", ["PrometheusRule", "Dashboard"])
def test_module_without_rules_or_dashboard_has_no_object_for_them(kind):
    assert (of_kind(kind, a_module()) or dashboards(a_module())) == []


@pytest.mark.parametrize(
    ("field", "kind"),
    [("serviceMonitors", "ServiceMonitor"), ("alertRules", "PrometheusRule")],
)
def test_kind_that_is_switched_off_is_not_rendered(field, kind):
    assert of_kind(kind, monitoring={field: False}) == []


@pytest.mark.parametrize(
    "spec",
    [
        {"monitoring": {"serviceMonitors": False}},
        {"modules": {"alpha": {"replicas": 0}}},
    ],
    ids=["no scrape", "no pods"],
)
def test_alert_on_silence_is_not_rendered_where_nobody_is_asked(spec):
    assert of_kind("PrometheusRule", **spec) == []


def test_alert_on_silence_is_rendered_where_an_autoscaler_keeps_a_pod():
    assert of_kind("PrometheusRule", modules={"alpha": {"scaling": {"maxReplicas": 2}}}) != []


def test_dashboards_that_are_switched_off_are_not_rendered():
    assert dashboards(monitoring={"dashboards": False}) == []


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PrometheusRule"])
def test_labels_of_the_user_are_added_for_prometheus(kind):
    [found] = of_kind(kind, monitoring={"labels": {"release": "prometheus"}})

    assert found["metadata"]["labels"]["release"] == "prometheus"


def test_labels_of_the_user_never_replace_the_operators():
    [found] = of_kind("ServiceMonitor", monitoring={"labels": {"arkalia.io/module": "other"}})

    assert found["metadata"]["labels"]["arkalia.io/module"] == "alpha"


def test_prometheus_finds_each_pod_of_a_module_with_routes_once():
    module = a_module(routes=[{"path": "/"}])
    desired = rendered(a_system(), module).manifests
    selector = only(desired, "ServiceMonitor")["spec"]["selector"]
    [left_out] = selector["matchExpressions"]

    services = [each["metadata"] for each in desired if each["kind"] == "Service"]
    chosen = [
        each["name"]
        for each in services
        if selector["matchLabels"].items() <= each["labels"].items()
        and left_out["key"] not in each["labels"]
    ]
    assert left_out["operator"] == "DoesNotExist"
    assert len(services) == 2
    assert chosen == ["luna-alpha"]
