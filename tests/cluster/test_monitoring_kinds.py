"""Objects of another operator's kinds follow as soon as its CRDs are served, and go with them.

They come and go for everybody, so the API server is one of the story's own, without nodes
(`cluster.stand_ins`).
"""

import json
import subprocess

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster.development import ROOT, definitions, programs
from cluster.kinds import DEFINITION, Ref
from cluster.systems import GATEWAY, System
from cluster.waiting import eventually

MONITORING = (kinds.SERVICE_MONITOR, kinds.PROMETHEUS_RULE)
GROUP = "monitoring.coreos.com"


@pytest.fixture(scope="module")
def luna(own, own_operator, own_namespace):
    """A Ready system of the gateway alone."""
    return System(own, own_namespace, "luna").declare(modules=GATEWAY).ready()


@pytest.fixture(scope="module")
def served(own, luna):
    """The CRDs of the Prometheus operator, as its own release has them."""
    folder = definitions("prometheus-operator")
    files = [folder / f"{GROUP}_{kind.plural}.yaml" for kind in MONITORING]
    wanted = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    for definition in wanted:
        own.apply(definition)
    yield
    for definition in wanted:
        own.delete(Ref.of(definition))


@pytest.fixture
def followed(luna, served):
    """The system's monitoring objects."""
    return eventually(lambda: objects(luna))


def objects(system):
    """Its monitoring objects by kind. Raises AssertionError while a kind has none."""
    found = {kind.name: system.kube.get(system.child(kind)) for kind in MONITORING}
    assert all(found.values()), f"missing: {[name for name in found if not found[name]]}"
    return found


def test_dashboard_is_there_for_grafanas_sidecar(luna):
    boards = luna.kube.find(kinds.CONFIG_MAP, luna.namespace, {"grafana_dashboard": "1"})

    [board] = boards
    [(name, content)] = board["data"].items()
    assert name == "luna-helloria-dashboard.json"
    assert luna.namespace in yaml.safe_load(content)["title"]


def test_monitor_selects_the_service_of_the_module(followed, own, luna):
    selector = followed["ServiceMonitor"]["spec"]["selector"]["matchLabels"]

    services = own.find(kinds.SERVICE, luna.namespace, selector)

    assert [each["metadata"]["name"] for each in services] == ["luna-helloria"]


def test_rules_name_the_system_that_they_watch(followed, luna):
    [group] = followed["PrometheusRule"]["spec"]["groups"]

    text = yaml.safe_dump(group["rules"])
    assert f'namespace="{luna.namespace}"' in text
    assert "$(" not in text


def test_deleted_monitor_comes_back(followed, own, luna):
    ref = luna.child(kinds.SERVICE_MONITOR)

    own.delete(ref)

    eventually(lambda: newer(own, ref, followed["ServiceMonitor"]))


def newer(own, ref, before):
    now = own.require(ref)
    assert now["metadata"]["uid"] != before["metadata"]["uid"], f"{ref} is the old one"


def test_monitors_and_rules_of_the_chart_are_taken(own, served):
    scenario = ROOT / "charts/arkalia/ci/monitoring-values.yaml"
    told = subprocess.run(
        ["helm", "template", "arkalia", ROOT / "charts/arkalia", "--values", scenario],
        env=dict(programs()), capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    wanted = [each for each in yaml.safe_load_all(told) if each and GROUP in each["apiVersion"]]

    for body in wanted:
        path = Ref(kinds.BY_NAME[body["kind"]], "default", body["metadata"]["name"]).path
        strict = {"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "somebody"}
        answer = own.http.patch(
            path,
            params=strict,
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(body | {"metadata": body["metadata"] | {"namespace": "default"}}),
        )
        assert answer.is_success, answer.text
    assert sorted(body["kind"] for body in wanted) == ["PrometheusRule", "ServiceMonitor"]


def test_operator_goes_on_when_the_kinds_are_no_longer_served(own, own_operator, luna, followed):
    for kind in MONITORING:
        own.delete(Ref(DEFINITION, "", f"{kind.plural}.{GROUP}"))
    eventually(lambda: unserved(own))
    sol = System(own, luna.namespace, "sol").declare().ready()

    assert own_operator.lives
    luna.expect("Ready", "True")
    sol.expect("Ready", "True")


def unserved(own):
    names = {each["metadata"]["name"] for each in own.find(DEFINITION)}
    assert not [name for name in names if name.endswith(GROUP)]
