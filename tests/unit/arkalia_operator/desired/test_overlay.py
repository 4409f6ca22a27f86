"""A podTemplate is merged as Kubernetes would, and what is the operator's survives it."""

import copy

import pytest

from arkalia_operator.desired.overlay import overlay

SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
OWN = {
    "name": "alpha",
    "image": "example.com/alpha:1",
    "env": [
        {"name": "ARKALIA_POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "ARKALIA_ENV", "value": "production"},
        {"name": "LOG", "value": "json"},
    ],
    "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
    "securityContext": SECURITY,
    "readinessProbe": {"httpGet": {"path": "/health/ready", "port": "http"}},
    "resources": {"limits": {"memory": "256Mi"}},
    "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
}
RENDERED = {
    "metadata": {
        "labels": {"arkalia.io/module": "alpha"},
        "annotations": {"arkalia.io/config-hash": "1"},
    },
    "spec": {
        "serviceAccountName": "luna-alpha",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True},
        "terminationGracePeriodSeconds": 30,
        "containers": [OWN],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}],
    },
}


def merged(template):
    return overlay(RENDERED, template, SECURITY)


def container(**fields):
    """The module's own container under a podTemplate that says *fields* of it."""
    result = merged({"spec": {"containers": [{"name": "alpha"} | fields]}})
    return result["spec"]["containers"][0]


def sidecar(**fields):
    result = merged({"spec": {"containers": [{"name": "proxy"} | fields]}})
    return result["spec"]["containers"][1]


@pytest.mark.parametrize(
    "template", [{}, {"spec": {}}, {"metadata": {}}, {"spec": {"containers": []}}]
)
def test_template_is_unchanged_by_a_pod_template_that_says_nothing(template):
    assert merged(template) == RENDERED


def test_rendered_template_is_not_touched_by_the_merge():
    before = copy.deepcopy(RENDERED)

    merged({"spec": {"containers": [{"name": "alpha", "image": "x"}], "volumes": None}})

    assert before == RENDERED


@pytest.mark.parametrize(
    "stolen",
    [
        {"serviceAccountName": "admin"},
        {"serviceAccount": "admin"},
        {"automountServiceAccountToken": True},
        {"securityContext": {"runAsNonRoot": False, "runAsUser": 0}},
        {"securityContext": None},
    ],
)
def test_protected_field_of_the_pod_stays_as_it_is(stolen):
    assert merged({"spec": stolen}) == RENDERED


@pytest.mark.parametrize(
    "stolen",
    [
        {"ports": [{"containerPort": 8000, "hostPort": 80}, {"containerPort": 9}]},
        {"ports": None},
        {"securityContext": {"privileged": True}},
        {"readinessProbe": None},
        {"readinessProbe": {"exec": {"command": ["true"]}}},
        {"env": [{"name": "ARKALIA_ENV", "value": "mine"}]},
        {"env": [{"name": "ARKALIA_POD", "value": "mine"}]},
    ],
)
def test_protected_field_of_the_own_container_stays_as_it_is(stolen):
    assert container(**stolen) == OWN


def test_variables_of_the_operator_survive_the_end_of_all_others():
    assert container(env=None)["env"] == OWN["env"][:2]


@pytest.mark.parametrize("labels", [{"arkalia.io/module": "beta"}, None])
def test_own_labels_and_annotations_stay(labels):
    stolen = {"labels": labels, "annotations": {"arkalia.io/config-hash": "2"}}

    assert merged({"metadata": stolen}) == RENDERED


def test_further_labels_and_annotations_are_added():
    result = merged({"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}})

    assert result["metadata"] == {
        "labels": {"arkalia.io/module": "alpha", "team": "a"},
        "annotations": {"arkalia.io/config-hash": "1", "note": "b"},
    }


def test_field_of_the_pod_is_replaced():
    result = merged({"spec": {"terminationGracePeriodSeconds": 5, "hostname": "h"}})

    assert (result["spec"]["terminationGracePeriodSeconds"], result["spec"]["hostname"]) == (5, "h")


def test_null_removes_a_field():
    assert (
        "terminationGracePeriodSeconds"
        not in merged({"spec": {"terminationGracePeriodSeconds": None}})["spec"]
    )


def test_map_merges_into_a_map():
    assert container(resources={"limits": {"cpu": "1"}})["resources"] == {
        "limits": {"memory": "256Mi", "cpu": "1"}
    }


def test_map_takes_the_place_of_what_is_no_map():
    assert container(image={"a": 1})["image"] == {"a": 1}


def test_list_without_a_key_is_replaced():
    assert container(command=["a", "b"])["command"] == ["a", "b"]


def test_item_of_a_keyed_list_merges_into_the_one_with_its_key():
    [volume] = merged(
        {"spec": {"volumes": [{"name": "scratch", "emptyDir": {"medium": "Memory"}}]}}
    )["spec"]["volumes"]

    assert volume == {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi", "medium": "Memory"}}


def test_item_with_a_new_key_comes_last():
    mounts = container(volumeMounts=[{"name": "scratch", "mountPath": "/var"}])["volumeMounts"]

    assert [each["mountPath"] for each in mounts] == ["/tmp", "/var"]


def test_further_variable_comes_last():
    names = [each["name"] for each in container(env=[{"name": "MORE", "value": ""}])["env"]]

    assert names == ["ARKALIA_POD", "ARKALIA_ENV", "LOG", "MORE"]


def test_ports_with_the_same_number_and_another_protocol_are_two():
    ports = sidecar(ports=[{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}])[
        "ports"
    ]

    assert len(ports) == 2


def test_ports_with_the_same_number_and_the_default_protocol_are_one():
    ports = sidecar(ports=[{"containerPort": 53}, {"containerPort": 53, "protocol": "TCP"}])[
        "ports"
    ]

    assert ports == [{"containerPort": 53, "protocol": "TCP"}]


def test_list_of_other_things_under_the_name_of_a_keyed_list_is_replaced():
    result = merged({"spec": {"unknown": {"env": ["a"], "ports": [{"containerPort": []}]}}})

    assert result["spec"]["unknown"] == {"env": ["a"], "ports": [{"containerPort": []}]}


def test_further_container_is_restricted():
    assert sidecar(image="x")["securityContext"] == SECURITY


def test_further_container_may_say_more_about_its_security():
    context = sidecar(
        securityContext={"runAsUser": 7, "capabilities": {"add": ["NET_BIND_SERVICE"]}}
    )

    assert context["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        "runAsUser": 7,
    }


def test_further_container_keeps_its_own_probes_and_ports():
    probe = {"exec": {"command": ["true"]}}

    assert sidecar(readinessProbe=probe)["readinessProbe"] == probe


def test_init_container_is_restricted_too():
    result = merged({"spec": {"initContainers": [{"name": "prepare"}]}})

    assert result["spec"]["initContainers"] == [{"name": "prepare", "securityContext": SECURITY}]


def test_component_without_probes_may_get_one():
    bare = copy.deepcopy(RENDERED)
    del bare["spec"]["containers"][0]["readinessProbe"]
    probe = {"exec": {"command": ["true"]}}

    result = overlay(
        bare, {"spec": {"containers": [{"name": "alpha", "readinessProbe": probe}]}}, {}
    )

    assert result["spec"]["containers"][0]["readinessProbe"] == probe
