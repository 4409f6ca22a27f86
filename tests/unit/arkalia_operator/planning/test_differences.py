"""What one rendering of a system has otherwise than another."""

from dataclasses import replace

import pytest

from arkalia_operator.desired import desired_state
from arkalia_operator.planning.differences import compared, paths
from builders import a_module, a_system, an_access, modules_with, rendered


def items(before, after):
    return {(each.operation, str(each.key)): each for each in compared(before.manifests, after)}


def test_same_renderings_differ_in_nothing():
    assert items(rendered(), rendered()) == {}


def test_new_module_is_created_and_one_that_is_off_deleted():
    one, both = rendered(None, a_module()), rendered(None, a_module(), a_module("gamma"))

    assert {each for each, _ in items(one, both)} == {"create"}
    assert ("delete", "Deployment luna-gamma") in items(both, one)


def test_changed_field_is_named_and_its_pods_are_replaced():
    found = items(rendered(), rendered(a_system(environment="staging"), a_module()))

    [changed] = found.values()
    assert changed.paths == ("spec.template.spec.containers[alpha].env[ARKALIA_ENV].value",)
    assert str(changed) == (
        "change Deployment luna-alpha: spec.template.spec.containers[alpha].env[ARKALIA_ENV].value; "
        "its pods are replaced"
    )


def test_change_beside_the_pods_replaces_none():
    more = a_system(modules={"alpha": {"replicas": 3}})
    found = items(rendered(), rendered(more, a_module()))

    changed = found["change", "Deployment luna-alpha"]
    assert (changed.paths, changed.restarts) == (("spec.replicas",), False)
    assert str(found["create", "PodDisruptionBudget luna-alpha"]) == (
        "create PodDisruptionBudget luna-alpha"
    )


def test_reason_is_told_where_it_is_known():
    [changed] = items(rendered(), rendered(a_system(environment="staging"), a_module())).values()

    assert str(replace(changed, reason="spec.environment")).endswith("replaced (spec.environment)")


def test_long_list_of_fields_is_cut():
    env = {f"A{number}": "b" for number in range(10)}
    [changed] = items(
        rendered(), rendered(a_system(modules={"alpha": {"env": env}}), a_module())
    ).values()

    assert " and 2 more" in str(changed)


def test_nothing_of_a_system_that_is_not_understood_is_deleted():
    assert items(rendered(), rendered(a_system(version="9.9.9"), a_module())) == {}


def test_objects_of_a_held_module_stay():
    both = rendered(None, a_module(), a_module("gamma"))
    wrong = a_system(modules={"gamma": {"podTemplate": {"spec": {"hostNetwork": True}}}})
    held = rendered(wrong, a_module(), a_module("gamma"))

    assert "gamma" in held.resolution.held
    assert items(both, held) == {}


def test_data_is_never_deleted():
    need = a_module(needs={"postgresql": True})
    before = desired_state(a_system(), modules_with(need), access=an_access())
    after = desired_state(a_system(), modules_with(a_module()))

    found = items(before, after)

    assert ("delete", "StatefulSet luna-postgresql") in found
    assert not [each for _, each in found if each.startswith("PersistentVolumeClaim")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2, "b": 3}, ["a", "b"]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
        ({"a": [1]}, {"a": [2]}, ["a"]),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "v": 2}]}, ["a[x].v"]),
        ({"a": [{"v": 1}]}, {"a": [{"v": 2}]}, ["a"]),
        ({"a": None}, {"a": ""}, []),
        ({"arkalia.io/revision": "1"}, {"arkalia.io/revision": "2"}, []),
    ],
)
def test_paths_lead_to_the_fields_that_differ(old, new, expected):
    assert list(paths(old, new)) == expected
