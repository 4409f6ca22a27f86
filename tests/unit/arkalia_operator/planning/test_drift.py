"""Who changed which field: `managed` is a model of server-side apply that takes no part of the code
under test, and what it says of a real API server is checked by the story of the same name."""

import copy

import pytest

from applied_objects import managed
from arkalia_operator.planning.drift import Drifted, drifted, is_nothing_but_drift
from arkalia_operator.planning.observed import ObjectKey

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "luna",
        "namespace": "ns",
        "labels": {"a": "1"},
        "annotations": {"b": "2"},
    },
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"a": "1"}},
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "helloria",
                        "image": "one",
                        "command": ["run"],
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "ports": [{"containerPort": 8000, "name": "https"}],
                    }
                ]
            }
        },
    },
}
CONTAINER = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"helloria"}')


@pytest.fixture
def live():
    return managed(DEPLOYMENT)


def container(live):
    return live["spec"]["template"]["spec"]["containers"][0]


def take(live, steps, manager="kubectl-edit", time="2026-01-01T00:00:00Z", **entry):
    """*manager* has written the field at *steps*, which is the operator's own no more."""
    lose(live, steps)
    fields = {}
    for step in reversed(steps):
        fields = {step: fields}
    told = {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}
    live["metadata"]["managedFields"].append(told | entry)


def lose(live, steps):
    """The operator does not have the field any more; what it has nothing of is not recorded."""
    at = [live["metadata"]["managedFields"][0]["fieldsV1"]]
    for step in steps[:-1]:
        at.append(at[-1][step])
    for fields, step in zip(reversed(at), reversed(steps), strict=True):
        if step == steps[-1] or not fields[step]:
            del fields[step]


def told(live, manifest=DEPLOYMENT):
    return [str(each) for each in drifted(manifest, live)]


@pytest.mark.parametrize(
    "steps",
    [
        (*CONTAINER, "f:env", 'k:{"name":"A"}', "f:value"),
        (*CONTAINER, "f:env", 'k:{"name":"A"}'),
        (*CONTAINER, "f:env"),
        CONTAINER,
        CONTAINER[:-1],
    ],
    ids=len,
)
def test_value_of_a_variable_is_not_told(steps):
    secret = copy.deepcopy(DEPLOYMENT)
    (main,) = secret["spec"]["template"]["spec"]["containers"]
    main["env"][0]["value"] = "swordfish"
    live = managed(secret)
    take(live, steps)

    (found,) = drifted(secret, live)

    assert "swordfish" not in str(found)
    assert "…" in found.wanted


def test_an_object_as_it_was_applied_has_not_drifted(live):
    assert told(live) == []


def test_a_value_in_other_words_of_the_api_server_has_not_drifted(live):
    live["spec"]["replicas"] = "2"

    assert told(live) == []


def test_a_changed_field_is_told_with_who_changed_it_and_from_what_to_what(live):
    container(live)["image"] = "two"
    take(live, (*CONTAINER, "f:image"))

    assert told(live) == [
        "spec.template.spec.containers[helloria].image was changed by kubectl-edit "
        'from "one" to "two"'
    ]


def test_of_several_who_have_a_field_the_last_one_is_named(live):
    container(live)["image"] = "two"
    take(live, (*CONTAINER, "f:image"), time="2026-01-03T00:00:00Z")
    early = copy.deepcopy(live["metadata"]["managedFields"][-1])
    early |= {"manager": "early", "time": "2026-01-02T00:00:00Z"}
    live["metadata"]["managedFields"].append(early)

    (found,) = drifted(DEPLOYMENT, live)

    assert found.manager == "kubectl-edit"


def test_of_a_removed_field_the_last_writer_is_told(live):
    del live["metadata"]["labels"]["a"]
    lose(live, ("f:metadata", "f:labels", "f:a"))
    live["metadata"]["managedFields"] += [
        {"manager": "robot", "operation": "Update", "time": "2026-01-02T00:00:00Z"},
        {"manager": "kubelet", "subresource": "status", "time": "2026-01-03T00:00:00Z"},
    ]

    (found,) = drifted(DEPLOYMENT, live)

    assert str(found) == 'metadata.labels was changed by robot from {"a":"1"} to {}'
    assert not found.taken


def test_where_nobody_is_known_somebody_did_it(live):
    del live["metadata"]["labels"]["a"]
    lose(live, ("f:metadata", "f:labels", "f:a"))

    (found,) = drifted(DEPLOYMENT, live)

    assert found.manager == "somebody"


def test_a_removed_item_of_a_list_is_named_by_its_key(live):
    del container(live)["env"][1]
    lose(live, (*CONTAINER, "f:env", 'k:{"name":"B"}'))

    (found,) = drifted(DEPLOYMENT, live)

    assert found.path == "spec.template.spec.containers[helloria].env[B]"
    assert found.found == "nothing"


def test_a_changed_item_is_told_by_its_field_alone(live):
    container(live)["env"][1]["value"] = "3"
    take(live, (*CONTAINER, "f:env", 'k:{"name":"B"}', "f:value"))

    (found,) = drifted(DEPLOYMENT, live)

    assert found.path == "spec.template.spec.containers[helloria].env[B].value"
    assert (found.wanted, found.found) == ("…", "…")


def test_a_key_with_a_default_of_the_api_server_means_the_same_item(live):
    """A port's protocol is TCP where nobody says."""
    container(live)["ports"][0]["name"] = "other"
    take(live, (*CONTAINER, "f:ports", 'k:{"containerPort":8000,"protocol":"TCP"}', "f:name"))

    (found,) = drifted(DEPLOYMENT, live)

    assert found.path == "spec.template.spec.containers[helloria].ports[8000,TCP].name"
    assert found.found == '"other"'


def test_a_list_or_map_with_one_owner_is_told_as_a_whole(live):
    container(live)["command"] = ["sleep"]
    take(live, (*CONTAINER, "f:command"))
    live["spec"]["selector"] = {"matchLabels": {"a": "2"}}
    take(live, ("f:spec", "f:selector"))

    assert {(each.path, each.found) for each in drifted(DEPLOYMENT, live)} == {
        ("spec.template.spec.containers[helloria].command", '["sleep"]'),
        ("spec.selector", '{"matchLabels":{"a":"2"}}'),
    }


def test_an_owner_of_the_whole_has_each_field_of_it(live):
    live["metadata"]["labels"] = {"a": "2"}
    lose(live, ("f:metadata", "f:labels", "f:a"))
    whole = {"manager": "tool", "operation": "Apply", "fieldsV1": {"f:metadata": {"f:labels": {}}}}
    live["metadata"]["managedFields"].append(whole)

    (found,) = drifted(DEPLOYMENT, live)

    assert (found.manager, found.taken) == ("tool", True)


@pytest.mark.parametrize(("there", "seen"), [(["a", "b"], '"b"'), (["a"], "nothing")])
def test_an_item_of_a_set_is_named_by_its_value(there, seen):
    manifest = {"kind": "X", "metadata": {"finalizers": ["a", "b"]}}
    live = {"metadata": {"finalizers": there}}
    ours = {"f:metadata": {"f:finalizers": {'v:"a"': {}}}}
    entry = {"manager": "arkalia-operator", "operation": "Apply", "fieldsV1": ours}
    live["metadata"]["managedFields"] = [entry]

    (found,) = drifted(manifest, live)

    assert (found.path, found.found) == ("metadata.finalizers[b]", seen)


@pytest.mark.parametrize("there", [None, [], "text", 7])
def test_what_stands_in_the_place_of_an_object_is_no_object(live, there):
    live["spec"] = there
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"] = {"f:replicas": {}}

    found = drifted(DEPLOYMENT, live)

    assert {each.found for each in found} == {"nothing"}


def test_a_plain_value_that_is_recorded_as_an_object_has_no_field_to_lose(live):
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"] = {"f:old": {}}

    assert drifted(DEPLOYMENT, live) == ()


def test_a_long_value_is_cut(live):
    container(live)["image"] = "x" * 500
    take(live, (*CONTAINER, "f:image"))

    (found,) = drifted(DEPLOYMENT, live)

    assert len(found.found) == 120
    assert found.found.endswith("…")


def test_a_message_names_a_few_fields(live):
    for number in range(5):
        live["metadata"]["labels"][f"l{number}"] = "x"
    manifest = copy.deepcopy(DEPLOYMENT)
    manifest["metadata"]["labels"] |= {f"l{number}": "y" for number in range(5)}

    message = str(Drifted(ObjectKey("Deployment", "ns", "luna"), drifted(manifest, live)))

    assert message.startswith("Deployment luna: metadata.labels.l0 was changed by")
    assert message.endswith("; and 2 more")


def test_what_others_have_taken_over_is_nothing_but_drift(live):
    container(live)["image"] = "two"
    take(live, (*CONTAINER, "f:image"))

    assert is_nothing_but_drift(DEPLOYMENT, live)


def test_another_wish_is_more_than_drift(live):
    container(live)["image"] = "two"
    take(live, (*CONTAINER, "f:image"))
    wish = copy.deepcopy(DEPLOYMENT)
    wish["spec"]["replicas"] = 3

    assert not is_nothing_but_drift(wish, live)


def test_a_field_that_nobody_has_may_be_a_new_wish(live):
    wish = copy.deepcopy(DEPLOYMENT)
    wish["spec"]["minReadySeconds"] = 3

    assert not is_nothing_but_drift(wish, live)
