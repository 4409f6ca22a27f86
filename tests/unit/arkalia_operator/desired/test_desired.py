"""Whatever a valid spec says, the rendered state keeps these promises."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkalia_operator.desired import RANK, desired_state, ground
from arkalia_operator.desired.resolve import resolve
from builders import a_component, a_module, a_system, modules_with, only, rendered
from pod_security import violations
from random_specs import AVAILABLE, SYSTEMS, WILD_TEMPLATES

MEANS_SOMETHING_EMPTY = {
    "emptyDir", "podSelector", "namespaceSelector", "labelSelector", "resources", "requests", "limits", "secret",
    "securityContext", "windowsOptions", "metadata", "labels", "nodeSelector",
}  # fmt: skip
"""Fields whose empty value says something, or that a podTemplate gave so."""

SOME = settings(max_examples=60)


def deployments(desired):
    return [each for each in desired.manifests if each["kind"] == "Deployment"]


def templates(desired):
    return [each["spec"]["template"] for each in deployments(desired)]


def empties(value, name=""):
    """Names of fields that hold nothing."""
    if value is None or (value in ({}, []) and name not in MEANS_SOMETHING_EMPTY):
        yield name
    if isinstance(value, dict):
        for key, each in value.items():
            yield from empties(each, key)
    if isinstance(value, list):
        for each in value:
            yield from empties(each, name)


@SOME
@given(SYSTEMS, AVAILABLE)
def test_names_of_a_kind_are_unique_and_at_most_63_characters_long(system, available):
    names = Counter(
        (each["kind"], each["metadata"]["name"])
        for each in desired_state(system, available).manifests
    )

    assert set(names.values()) <= {1}
    assert max((len(name) for _, name in names), default=0) <= 63


@SOME
@given(SYSTEMS, AVAILABLE)
def test_every_object_is_labelled_and_owned_by_its_system(system, available):
    for each in desired_state(system, available).manifests:
        metadata = each["metadata"]

        assert metadata["namespace"] == system.namespace
        assert metadata["labels"]["arkalia.io/system"] == system.name
        assert metadata["labels"].get("arkalia.io/module", system.name) in metadata["name"]
        assert [owner["uid"] for owner in metadata["ownerReferences"]] == [system.uid]


@SOME
@given(SYSTEMS, AVAILABLE)
def test_every_pod_passes_the_level_restricted(system, available):
    found = [
        each for pod in templates(desired_state(system, available)) for each in violations(pod)
    ]

    assert found == []


@SOME
@given(SYSTEMS, AVAILABLE)
def test_every_pod_keeps_what_is_the_operators(system, available):
    for each in deployments(desired_state(system, available)):
        labels, pod = each["metadata"]["labels"], each["spec"]["template"]
        variables = {each["name"]: each for each in pod["spec"]["containers"][0]["env"]}

        assert each["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert labels.items() <= pod["metadata"]["labels"].items()
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["serviceAccountName"].startswith(f"{system.name}-")
        assert "serviceAccount" not in pod["spec"]
        assert variables["ARKALIA_ENV"]["value"] == system.spec.environment


@SOME
@given(SYSTEMS, AVAILABLE)
def test_every_service_selects_the_pods_of_one_component(system, available):
    desired = desired_state(system, available)
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in desired.manifests
        if each["kind"] in ("Deployment", "StatefulSet")
    }

    for service in (each for each in desired.manifests if each["kind"] == "Service"):
        selected = [
            name
            for name, pod in pods.items()
            if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        ]

        headless = service["spec"].get("clusterIP") == "None"
        name = service["metadata"]["name"]
        assert selected == [name.removesuffix("-pods") if headless else name]


@SOME
@given(SYSTEMS, AVAILABLE)
def test_no_object_holds_a_field_that_says_nothing(system, available):
    for each in desired_state(system, available).manifests:
        told = {key: value for key, value in each.items() if key != "data"}
        if each["kind"] == "PrometheusRule":  # whatever the module's author wrote
            told.pop("spec")

        assert list(empties(told)) == []


@SOME
@given(SYSTEMS, AVAILABLE)
def test_objects_stand_in_the_order_of_their_kinds(system, available):
    ranks = [RANK[each["kind"]] for each in desired_state(system, available).manifests]

    assert ranks == sorted(ranks)


@SOME
@given(SYSTEMS, AVAILABLE)
def test_every_wanted_module_is_rendered_or_held_with_a_reason(system, available):
    resolution = desired_state(system, available).resolution

    if resolution.hold_all:
        assert resolution.problems
    else:
        told = {each.name for each in resolution.modules} | resolution.held.keys()
        off = {name for name, each in system.spec.modules.items() if not each.enabled}
        assert told == ({"alpha", "gamma"} | system.spec.modules.keys()) - off
        assert len(resolution.problems) == len(resolution.held)


@SOME
@given(WILD_TEMPLATES)
def test_any_pod_template_is_merged_or_refused_with_its_place(template):
    system = a_system(modules={"alpha": {"podTemplate": template}})

    desired = desired_state(system, modules_with(a_module()))

    problems = [each.message for each in desired.resolution.problems]
    assert all(each.startswith("spec.modules.alpha.podTemplate") for each in problems)
    assert bool(problems) != bool(desired.manifests)
    assert [each for pod in templates(desired) for each in violations(pod)] == []


@pytest.mark.parametrize("depth", [10, 5000])
@pytest.mark.parametrize("field", ["config", "podTemplate"])
def test_depth_of_a_field_that_is_passed_through_never_matters(field, depth):
    value = {}
    for _ in range(depth):
        value = {"spec": value}

    desired = rendered(a_system(modules={"alpha": {field: value}}))

    assert desired.manifests or "inside each other" in desired.resolution.problems[0].message


def test_autoscaled_deployments_are_told_with_their_least_number_of_pods():
    module = a_module(
        components=[a_component(), a_component("worker"), a_component("clock", singleton=True)],
        scaling={"minReplicas": 2},
    )

    desired = rendered(a_system(), module)

    assert desired.autoscaled == {"luna-alpha": 2, "luna-alpha-worker": 2}


def test_module_that_cannot_be_rendered_leaves_the_others_as_they_are():
    spec = {"modules": {"alpha": {"podTemplate": {"spec": {"hostNetwork": True}}}}}

    desired = rendered(a_system(**spec), a_module(), a_module("gamma"))

    assert {each["metadata"]["name"] for each in desired.manifests} == {"luna-gamma"}
    assert desired.resolution.held.keys() == {"alpha"}


@given(st.permutations(["alpha", "gamma", "delta"]))
def test_order_in_which_modules_are_written_does_not_matter(names):
    systems = [a_system(modules={name: {} for name in order}) for order in (names, sorted(names))]
    available = modules_with(a_module(), a_module("gamma"), foreign=[a_module("delta")])

    first, second = (desired_state(system, available).manifests for system in systems)

    assert first == second


def test_only_the_objects_of_a_module_carry_its_name():
    desired = rendered(a_system(), a_module(), a_module("gamma"))

    account = only(desired.manifests, "ServiceAccount", "luna-gamma")

    assert account["metadata"]["labels"]["arkalia.io/module"] == "gamma"


def test_ground_is_what_of_the_modules_neither_certificates_nor_data_decide():
    system, module = a_system(), a_module(needs={"postgresql": True})

    found = ground(system, resolve(system, modules_with(module))).manifests

    whole = rendered(system, module).manifests
    assert [each["kind"] for each in found] == ["ServiceAccount", "ConfigMap", "Service"]
    assert all(each in whole for each in found)


def test_system_that_is_held_as_a_whole_has_no_ground():
    system, available = a_system(), modules_with(a_module())
    resolution = resolve(system, available)

    problem = resolve(a_system(version="9.9.9"), available).problem

    assert ground(system, resolution).manifests
    assert not ground(system, replace(resolution, problem=problem)).manifests
