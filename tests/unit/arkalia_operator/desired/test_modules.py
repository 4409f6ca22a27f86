"""What runs a module: its ServiceAccount, ConfigMap, Deployments and Services."""

import pytest

from builders import a_component, a_module, a_system, only, rendered


def kinds(desired, name):
    return {each["kind"] for each in desired.manifests if each["metadata"]["name"] == name}


def deployment(component=None, settings=None, **spec):
    module = a_module(components=[component or a_component()], **spec)
    system = a_system(modules={"alpha": settings or {}})
    return only(rendered(system, module).manifests, "Deployment")["spec"]


def test_module_has_one_account_without_a_token_and_one_config():
    desired = rendered(a_system(modules={"alpha": {"config": {"rate": 5}}}))

    account = only(desired.manifests, "ServiceAccount")
    config = only(desired.manifests, "ConfigMap")

    assert account["automountServiceAccountToken"] is False
    assert config["data"]["settings.toml"] == "rate = 5\n"
    assert account["metadata"]["name"] == config["metadata"]["name"] == "luna-alpha"


def test_every_component_has_a_deployment_and_those_with_a_port_a_service():
    module = a_module(
        components=[a_component(), a_component("worker"), a_component("ui", port=9000)]
    )

    desired = rendered(a_system(), module)

    assert {"Deployment", "Service"} <= kinds(desired, "luna-alpha")
    assert kinds(desired, "luna-alpha-worker") == {"Deployment"}
    assert {"Deployment", "Service"} <= kinds(desired, "luna-alpha-ui")


def test_service_leads_to_the_named_port_of_its_component():
    module = a_module(components=[a_component(port=8042)])

    service = only(rendered(a_system(), module).manifests, "Service")

    assert service["spec"] == {
        "ports": [{"name": "http", "port": 8042, "protocol": "TCP", "targetPort": "http"}],
        "selector": {
            "arkalia.io/system": "luna",
            "arkalia.io/module": "alpha",
            "app.kubernetes.io/component": "main",
        },
    }


def test_fixed_number_of_pods_stands_in_the_deployment():
    assert deployment(settings={"replicas": 3})["replicas"] == 3


def test_zero_pods_are_a_number_too():
    assert deployment(settings={"replicas": 0})["replicas"] == 0


def test_number_of_pods_is_left_out_where_an_autoscaler_owns_it():
    assert "replicas" not in deployment(scaling={"maxReplicas": 5})


def test_singleton_keeps_its_one_pod_in_a_scaled_module():
    assert deployment(a_component(singleton=True), scaling={"maxReplicas": 5})["replicas"] == 1


def test_new_pods_are_ready_before_old_ones_stop():
    assert deployment()["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_singleton_stops_before_its_successor_starts():
    assert deployment(a_component(singleton=True))["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("field", "value"), [("progressDeadlineSeconds", 300), ("revisionHistoryLimit", 3)]
)
def test_deployment_says_how_long_a_rollout_may_take_and_what_is_kept(field, value):
    assert deployment()[field] == value
