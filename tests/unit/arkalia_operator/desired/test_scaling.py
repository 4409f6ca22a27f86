"""Autoscalers, and disruption budgets where a pod can be spared."""

import pytest

from builders import a_component, a_module, a_system, only, rendered


def of_kind(kind, settings=None, *components, **spec):
    module = a_module(components=components or [a_component()], **spec)
    found = rendered(a_system(modules={"alpha": settings or {}}), module).manifests
    return {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == kind}


def test_autoscaler_steers_the_deployment_of_its_name():
    module = a_module(
        scaling={"minReplicas": 2, "maxReplicas": 7, "targetCPUUtilizationPercentage": 60}
    )

    found = only(rendered(a_system(), module).manifests, "HorizontalPodAutoscaler")

    assert found["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "luna-alpha"},
        "minReplicas": 2,
        "maxReplicas": 7,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 60},
                },
            }
        ],
    }


def test_every_scalable_component_has_an_autoscaler_of_its_own():
    components = [a_component(), a_component("worker"), a_component("clock", singleton=True)]

    found = of_kind("HorizontalPodAutoscaler", {"scaling": {}}, *components)

    assert found.keys() == {"luna-alpha", "luna-alpha-worker"}


def test_fixed_number_of_pods_has_no_autoscaler():
    assert of_kind("HorizontalPodAutoscaler", {"replicas": 2}, scaling={"maxReplicas": 5}) == {}


@pytest.mark.parametrize(
    ("settings", "budgets"),
    [
        ({"replicas": 0}, 0),
        ({"replicas": 1}, 0),
        ({"replicas": 2}, 1),
        ({"scaling": {"minReplicas": 1, "maxReplicas": 5}}, 0),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 5}}, 1),
    ],
)
def test_budget_exists_only_where_two_pods_are_certain(settings, budgets):
    assert len(of_kind("PodDisruptionBudget", settings)) == budgets


def test_budget_spares_one_pod_at_a_time_and_never_a_broken_one():
    [budget] = of_kind("PodDisruptionBudget", {"replicas": 2}).values()

    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert budget["selector"]["matchLabels"]["app.kubernetes.io/component"] == "main"


def test_singleton_has_no_budget():
    assert of_kind("PodDisruptionBudget", {"replicas": 3}, a_component(singleton=True)) == {}


AUTOSCALER, DEPLOYMENT = ("HorizontalPodAutoscaler", "luna-alpha"), ("Deployment", "luna-alpha")


def test_autoscaler_waits_for_what_its_deployment_waits_for_and_not_for_that():
    module = a_module(
        components=[a_component(), a_component("clock", singleton=True)],
        needs={"postgresql": True},
        scaling={"minReplicas": 2},
    )

    after = rendered(a_system(), module).after

    assert after[AUTOSCALER] == after[DEPLOYMENT] != ()
    assert ("HorizontalPodAutoscaler", "luna-alpha-clock") not in after


def test_autoscaler_of_a_deployment_that_waits_for_nothing_does_not_wait():
    edge = {"enabled": True, "scaling": {"minReplicas": 2}}
    module = a_module(scaling={"minReplicas": 2}, public=True)

    desired = rendered(a_system(exposure={"host": "a.example", "edge": edge}), module)

    assert {"luna-alpha", "luna-edge"} <= set(desired.autoscaled)
    assert desired.after == {}
