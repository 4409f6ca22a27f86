"""The pod of a component."""

import pytest

from arkalia_operator.desired.templates import revision
from builders import a_component, a_module, a_system, only, rendered
from pod_security import violations


def template(component=None, settings=None, **spec):
    module = a_module(components=[component or a_component()])
    system = a_system(**{"modules": {"alpha": settings or {}}} | spec)
    return only(rendered(system, module).manifests, "Deployment")["spec"]["template"]


def container(component=None, settings=None, **spec):
    return template(component, settings, **spec)["spec"]["containers"][0]


def test_pod_passes_the_level_restricted():
    assert violations(template()) == []


def test_pod_has_no_token_and_no_variables_of_other_services():
    spec = template()["spec"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == "luna-alpha"


def test_root_file_system_is_read_only_and_scratch_is_not():
    pod = template()["spec"]
    mounts = {each["mountPath"]: each for each in pod["containers"][0]["volumeMounts"]}

    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert mounts["/etc/arkalia"]["readOnly"] is True
    assert "readOnly" not in mounts["/tmp"]
    assert [each["name"] for each in pod["volumes"]] == ["arkalia", "scratch"]
    assert pod["volumes"][-1]["emptyDir"] == {"sizeLimit": "64Mi"}


def test_component_that_serves_https_is_asked_over_https():
    secure = container(a_component(scheme="HTTPS"))

    assert secure["ports"][0]["name"] == "https"
    assert {
        (secure[each]["httpGet"]["port"], secure[each]["httpGet"]["scheme"])
        for each in ("startupProbe", "livenessProbe", "readinessProbe")
    } == {("https", "HTTPS")}


def test_pods_of_a_component_spread_over_nodes_where_they_can():
    [spread] = template()["spec"]["topologySpreadConstraints"]

    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == "main"


def test_container_is_called_as_its_module_and_runs_its_image():
    found = container(images={"pullPolicy": "Always"})

    assert found["name"] == "alpha"
    assert found["image"] == "images.example.com/arkalia/alpha:0.1.0"
    assert found["imagePullPolicy"] == "Always"


def test_pull_secrets_are_named():
    pod = template(images={"pullSecrets": ["one", "two"]})

    assert pod["spec"]["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]


def test_pull_secrets_are_left_out_where_there_are_none():
    assert "imagePullSecrets" not in template()["spec"]


def test_command_and_arguments_are_the_components():
    found = container(a_component(command=["celery"], args=["worker"]))

    assert (found["command"], found["args"]) == (["celery"], ["worker"])


def test_component_with_a_port_is_asked_for_its_health():
    probe = {"path": "/alive", "periodSeconds": 7, "timeoutSeconds": 3, "failureThreshold": 2}

    found = container(a_component(probes={"liveness": probe}))

    assert found["livenessProbe"] == {
        "httpGet": {"path": "/alive", "port": "http"},
        "periodSeconds": 7,
        "timeoutSeconds": 3,
        "failureThreshold": 2,
    }
    assert found["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert found["startupProbe"]["failureThreshold"] == 60
    assert found["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]


def test_component_without_a_port_has_no_port_and_no_probe():
    found = container(a_component(port=None))

    assert not found.keys() & {"ports", "livenessProbe", "readinessProbe", "startupProbe"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}}),
        ({"requests": {"memory": "64Mi"}}, {"requests": {"memory": "64Mi"}, "limits": {"memory": "1Gi"}}),
        ({"limits": {"cpu": "0.5"}}, {"requests": {"cpu": "100m"}, "limits": {"cpu": "500m"}}),
    ],
)  # fmt: skip
def test_requests_and_limits_of_the_user_replace_the_modules(wanted, expected):
    own = {"requests": {"cpu": "0.1"}, "limits": {"memory": "1024Mi"}}

    found = container(a_component(resources=own), {"resources": wanted})

    assert found["resources"] == expected


def test_resources_are_left_out_where_nobody_says_any():
    assert "resources" not in container()


def test_grace_period_is_the_components():
    pod = template(a_component(terminationGracePeriodSeconds=0))

    assert pod["spec"]["terminationGracePeriodSeconds"] == 0


def test_placement_becomes_fields_of_the_pod():
    pod = template(placement={"nodeSelector": {"pool": "a"}, "affinity": {"podAffinity": None}})

    assert pod["spec"]["nodeSelector"] == {"pool": "a"}
    assert pod["spec"]["affinity"] == {}


def test_pod_template_of_the_user_comes_last_and_in_stored_form():
    settings = {
        "podTemplate": {
            "spec": {"volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "2048Mi"}}]}
        }
    }

    assert template(settings=settings)["spec"]["volumes"][1]["emptyDir"] == {"sizeLimit": "2Gi"}


@pytest.mark.parametrize(
    "settings",
    [
        {"config": {"a": 1}},
        {"env": {"A": "1"}},
        {"resources": {"limits": {"cpu": "1"}}},
        {"podTemplate": {"metadata": {"annotations": {"note": "x"}}}},
    ],
)
def test_revision_changes_with_anything_that_makes_the_pods_roll(settings):
    assert revision(template()) != revision(template(settings=settings))


def test_revision_does_not_change_with_the_number_of_pods():
    assert revision(template()) == revision(template(settings={"replicas": 5}))


def test_revision_is_not_the_users_to_choose():
    chosen = {"podTemplate": {"metadata": {"annotations": {"arkalia.io/revision": "mine"}}}}

    assert revision(template(settings=chosen)) != "mine"


@pytest.mark.parametrize(
    ("component", "told"),
    [(a_component(), [{"name": "ARKALIA_PORT", "value": "8000"}]), (a_component("worker"), [])],
)
def test_container_is_told_the_port_that_it_has(component, told):
    module = a_module(
        components=list({"main": a_component(), component["name"]: component}.values())
    )
    deployments = [
        each
        for each in rendered(a_system(), module).manifests
        if each["kind"] == "Deployment"
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == component["name"]
    ]

    [pod] = [each["spec"]["template"]["spec"] for each in deployments]

    env = pod["containers"][0]["env"]
    assert [each for each in env if each["name"] == "ARKALIA_PORT"] == told


def test_container_that_fails_leaves_the_end_of_its_log_as_last_words():
    assert container()["terminationMessagePolicy"] == "FallbackToLogsOnError"
