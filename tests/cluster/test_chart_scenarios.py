"""Every scenario of the chart is installed, tested by its own `helm test`, and taken away again."""

import pytest
import yaml

from arkalia_operator.desired.kinds import POD
from cluster.chart_release import (
    CHART,
    CRD_CHART,
    ChartRelease,
    RefusedByHelmError,
    development_values,
    for_oneself,
    laid_over,
)
from cluster.development import environment
from cluster.kinds import DEFINITION
from cluster.waiting import eventually

SCENARIOS = {
    path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text("utf-8")) or {}
    for path in sorted(CHART.glob("ci/*-values.yaml"))
}
ON_THIS_CLUSTER = {
    # Nothing can be pulled from example.com: the images of this checkout, under their tag.
    "corporate": {"global": {"imageRegistry": "localhost/arkalia"}, "image": {"digest": ""}},
    # The Prometheus operator's kinds are served for tests/cluster/test_monitoring_kinds.py alone.
    "monitoring": {
        "serviceMonitor": {"renderMode": "skipIfMissing"},
        "prometheusRule": {"renderMode": "skipIfMissing"},
    },
}
"""What a scenario needs otherwise here."""


def values_of(scenario, namespace):
    here = ON_THIS_CLUSTER.get(scenario, {})
    return laid_over(development_values(), SCENARIOS[scenario], here, for_oneself(namespace))


@pytest.fixture
def release(kube, namespace, scenario):
    mine = ChartRelease(kube, environment(), namespace, f"try-{scenario}"[:20].rstrip("-"))
    yield mine
    mine.uninstall()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_is_installed_works_and_goes(kube, operator, release, scenario):
    values = values_of(scenario, release.namespace)

    release.install(CHART, values, "--wait", "--timeout=4m")

    eventually(release.deployment)
    if values.get("helmTest", {}).get("enabled", True):
        assert "ok     the operator may read its resources" in release.test()


def test_release_that_is_uninstalled_leaves_nothing_in_its_namespace(kube, operator, namespace):
    gone = ChartRelease(kube, environment(), namespace, "gone")
    gone.install(CHART, values_of("own-names", namespace), "--wait", "--timeout=4m")
    kinds = {each["kind"] for each in gone.objects()}

    gone.uninstall()

    left = kube.find(POD, namespace, {"app.kubernetes.io/instance": "gone"})
    running = [each for each in left if "deletionTimestamp" not in each["metadata"]]
    assert kinds >= {"Deployment", "NetworkPolicy", "Role", "ResourceQuota", "Service"}
    assert running == []


def test_second_release_does_not_take_the_definitions_of_the_first(kube, operator, namespace):
    second = ChartRelease(kube, environment(), namespace, "second")
    before = [each["metadata"]["annotations"] for each in definitions(kube)]

    with pytest.raises(RefusedByHelmError, match=r"arkalia\w+\.arkalia\.io.* exists and cannot be"):
        second.install(CRD_CHART, {})

    assert [each["metadata"]["annotations"] for each in definitions(kube)] == before


def definitions(kube):
    found = kube.find(DEFINITION)
    return [each for each in found if each["spec"]["group"] == "arkalia.io"]
