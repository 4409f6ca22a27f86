"""Alerts and dashboards agree with the metrics that exist, with their runbooks and with their tests.

`manifests/monitoring/<component>/` stands for the component of that name: the operator, the edge or a
module.
"""

import importlib
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import get_type_hints

import prometheus_client
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from arkalia_generate import edge_monitoring
from arkalia_operator import metrics

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "manifests/monitoring"
COMPONENTS = sorted(path.name for path in MONITORING.iterdir() if path.is_dir())
NO_MODULES = {"operator", "edge"}
RUNBOOKS = "https://github.com/arkalia-luna-system/arkalia-luna-pro/blob/main/docs/runbooks"
SEVERITIES = {"critical", "warning", "info"}
RUNBOOK_PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]

OF_PROMETHEUS = {"up"}
SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "summary": ("",)}
NOT_EXPRESSIONS = (
    r'"[^"]*"',  # the values of matchers
    r"\{[^}]*\}",  # matchers
    r"\[[^]]*\]",  # ranges
    r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)",
    r"\boffset\s+\S+",
)
NAME = re.compile(r"(?<![\w.:])[a-zA-Z_:][\w:]*+(?!\s*\()")
WORDS = {"and", "or", "unless", "bool", "inf", "nan", "by", "on"}


def read(component, name):
    return (MONITORING / component / name).read_text(encoding="utf-8")


def rules(component):
    groups = yaml.safe_load(read(component, "rules.yaml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(component):
    dashboard = json.loads(read(component, "dashboard.json"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(component):
    """Every expression of the rules and the dashboard."""
    drawn = [target["expr"] for panel in panels(component) for target in panel["targets"]]
    return [rule["expr"] for rule in rules(component)] + drawn


def names_in(expression):
    for pattern in NOT_EXPRESSIONS:
        expression = re.sub(pattern, " ", expression)
    return set(NAME.findall(expression)) - WORDS


def samples(families):
    return {
        f"{family.name}{suffix}"
        for family in families
        for suffix in SAMPLES.get(family.type, ("",))
    }


def exposed_by(component):
    """The names under which Prometheus gets the component's metrics."""
    if component == "operator":
        return samples(prometheus_client.REGISTRY.collect())
    if component == "edge":  # tests/unit/edge compares what is declared with what is told
        return {metric.name for metric in edge_monitoring.declared(ROOT)}
    create = importlib.import_module(f"arkalia_{component.replace('-', '_')}.app").create
    app = create(get_type_hints(create)["settings"]())
    app.state.metrics.certificate(lambda: 0.0)  # as the process does that serves HTTPS
    return samples(app.state.metrics.registry.collect()) | exposed_by_others(component)


def exposed_by_others(component):
    """The metrics of a module's components without an app, started by its `component`."""
    package = f"arkalia_{component.replace('-', '_')}"
    if importlib.util.find_spec(f"{package}.component") is None:
        return set()
    measures = importlib.import_module(f"{package}.measures")
    return samples(measures.Measures(prometheus_client.CollectorRegistry()).registry.collect())


def recorded():
    return {
        rule["record"] for component in COMPONENTS for rule in rules(component) if "record" in rule
    }


def cases(component):
    tests = yaml.safe_load(read(component, "rules_test.yaml"))["tests"]
    return [case for test in tests for case in test.get("alert_rule_test", [])]


def asked_by(ground):
    """The metrics that the rules of *ground* ask for."""
    expressions = [rule["expr"] for rule in ground["monitoring"]["rules"]]
    return {name for expression in expressions for name in names_in(expression)}


def promtool(*arguments, cwd):
    answer = subprocess.run(
        ["promtool", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
    return answer.returncode, answer.stdout + answer.stderr


ALERTS = [
    pytest.param(rule, id=f"{component}-{rule['alert']}")
    for component in COMPONENTS
    for rule in rules(component)
    if "alert" in rule
]
GROUNDS = {
    path.stem.removeprefix("ground").removeprefix("-"): yaml.safe_load(path.read_text("utf-8"))
    for path in (ROOT / "workloads/runtime").glob("ground*.yaml")
    if not path.stem.endswith("_test")
}
"""What modules have by what they need; what all have by the need of nothing."""
OF_GROUNDS = {
    need: {rule["alert"] for rule in ground["monitoring"]["rules"] if "alert" in rule}
    for need, ground in GROUNDS.items()
}
OF_MODULES = set().union(*OF_GROUNDS.values())


def test_every_folder_stands_for_a_component():
    described = {path.parent.name for path in ROOT.glob("workloads/*/module.yaml")}

    assert set(COMPONENTS) == {"operator", "edge", *described}


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_metric_that_is_asked_for_exists(component):
    known = exposed_by(component) | recorded() | OF_PROMETHEUS
    asked = {name for query in queries(component) for name in names_in(query)}

    assert asked - known - asked_by(GROUNDS["postgresql"]) == set()


@pytest.mark.parametrize("need", GROUNDS)
def test_every_metric_that_is_asked_for_by_need_exists_in_some_module(need):
    # globalstate needs PostgreSQL and has no outbox: it is the record itself.
    modules = set(COMPONENTS) - NO_MODULES
    known = recorded() | OF_PROMETHEUS | set().union(*map(exposed_by, modules))

    assert asked_by(GROUNDS[need]) - known == set()


def test_every_metric_of_the_operator_is_used_by_an_alert_or_a_panel():
    own = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    asked = {name for query in queries("operator") for name in names_in(query)}
    unused = [metric for metric in own if not samples(metric.collect()) & asked]

    assert own != []
    assert [metric.describe()[0].name for metric in unused] == []


def test_every_metric_of_the_edge_is_used_by_an_alert_or_a_panel():
    asked = {name for query in queries("edge") for name in names_in(query)}

    assert exposed_by("edge") - asked == set()


def test_queries_of_the_operator_name_its_loop():
    named = {
        name
        for query in queries("operator")
        for name in re.findall(r'\b(?:name|controller)="([^"]*)"', query)
    }

    assert named == {metrics.NAME}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (pod) (rate(a_total{code=~"5..", x="b"}[5m])) > 0.05', {"a_total"}),
        ("a and on (namespace, pod) b unless c offset 15m", {"a", "b", "c"}),
        ("histogram_quantile(0.95, sum by (le) (rate(d_bucket[1h])))", {"d_bucket"}),
        ("absent(up == 1) or vector(0)", {"up"}),
    ],
)
def test_names_are_found_in_an_expression(expression, names):
    assert names_in(expression) == names


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_says_how_bad_it_is_and_what_to_do(alert):
    annotations = alert["annotations"]

    assert alert["labels"]["severity"] in SEVERITIES
    assert "for" in alert
    assert annotations["summary"].endswith(".")
    assert "{{" not in annotations["summary"], "a summary is the same for all: details belong below"
    assert annotations["description"].endswith(".")
    assert annotations["runbook_url"] == f"{RUNBOOKS}/{alert['alert']}.md"


@pytest.mark.parametrize("alert", ALERTS)
def test_runbook_of_the_alert_goes_from_meaning_to_mitigation(alert):
    runbook = ROOT / "docs/runbooks" / f"{alert['alert']}.md"
    headings = re.findall(r"^#+ (.+)$", runbook.read_text(encoding="utf-8"), re.MULTILINE)

    assert headings == [alert["alert"], *RUNBOOK_PARTS]


@pytest.mark.parametrize("component", COMPONENTS)
def test_alert_carries_the_name_of_its_component(component):
    prefix = "Arkalia" + component.title().replace("-", "")
    own = {rule.get("alert", prefix) for rule in rules(component)} - OF_MODULES

    assert [alert for alert in own if not alert.startswith(prefix)] == []


def test_alert_of_many_modules_says_so_in_its_name():
    assert [alert for alert in OF_MODULES if not alert.startswith("ArkaliaModule")] == []


@pytest.mark.parametrize("component", sorted(set(COMPONENTS) - NO_MODULES))
def test_every_module_has_the_alerts_of_its_needs_with_its_own_name(component):
    module = yaml.safe_load((ROOT / f"workloads/{component}/module.yaml").read_text("utf-8"))
    wanted = set().union(*(OF_GROUNDS.get(need, ()) for need in ("", *module["spec"]["needs"])))
    shared = [rule for rule in rules(component) if rule.get("alert") in OF_MODULES]

    assert {rule["alert"] for rule in shared} == wanted
    assert {rule["labels"]["module"] for rule in shared} == {component}


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_alert_is_tested_firing_and_quiet(component):
    alerts = {rule["alert"] for rule in rules(component) if "alert" in rule}
    firing = {case["alertname"] for case in cases(component) if case["exp_alerts"]}
    quiet = {case["alertname"] for case in cases(component) if not case["exp_alerts"]}

    assert firing == alerts
    assert quiet == alerts


@pytest.mark.parametrize("component", COMPONENTS)
def test_rules_are_sound(component):
    code, said = promtool("check", "rules", "--lint=all", "rules.yaml", cwd=MONITORING / component)

    assert code == 0, said


@pytest.mark.parametrize("component", COMPONENTS)
def test_rules_do_what_their_tests_say(component):
    code, said = promtool("test", "rules", "rules_test.yaml", cwd=MONITORING / component)

    assert code == 0, said


@pytest.mark.parametrize("component", COMPONENTS)
def test_queries_of_the_dashboard_are_sound(component, tmp_path):
    drawn = [target["expr"] for panel in panels(component) for target in panel["targets"]]
    records = [
        {"record": f"panel_{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(drawn)
    ]
    groups = {"groups": [{"name": "panels", "rules": records}]}
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")

    code, said = promtool("check", "rules", "panels.yaml", cwd=tmp_path)

    assert code == 0, said


@pytest.mark.parametrize("component", COMPONENTS)
def test_panel_says_what_it_shows_and_takes_the_chosen_data_source(component):
    for panel in panels(component):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("component", COMPONENTS)
def test_dashboard_can_be_provisioned(component):
    dashboard = json.loads(read(component, "dashboard.json"))

    assert "id" not in dashboard, "Grafana gives it; a fixed one overwrites somebody else's"
    assert dashboard["editable"] is False
    assert "arkalia" in dashboard["tags"]


@pytest.mark.parametrize("component", sorted(NO_MODULES))
def test_panels_lie_side_by_side(component):
    dashboard = json.loads(read(component, "dashboard.json"))
    cells = [
        (x, y)
        for panel in dashboard["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_chart_carries_the_alerts_of_the_operator_unchanged():
    answer = subprocess.run(
        ["helm", "template", "arkalia", str(ROOT / "charts/arkalia"), "--values", "-"],
        input="prometheusRule: {enabled: true, renderMode: alwaysRender}",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    objects = [each for each in yaml.load_all(answer.stdout, Loader=yaml.CSafeLoader) if each]
    spec = next(each["spec"] for each in objects if each["kind"] == "PrometheusRule")

    assert spec == yaml.safe_load(read("operator", "rules.yaml"))
