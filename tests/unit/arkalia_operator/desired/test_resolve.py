"""Which modules a system has, and what is held because it cannot be understood."""

import pytest

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired.resolve import Defaults, Modules, resolve
from arkalia_operator.desired.resolved import Problem
from builders import REGISTRY, VERSION, a_component, a_module, a_system, modules_with

LUNA = {"helloria": a_module("helloria"), "taskia": a_module("taskia")}


def resolution(*modules, foreign=(), broken=None, **spec):
    builtin = modules or LUNA.values()
    return resolve(a_system(**spec), modules_with(*builtin, foreign=foreign, broken=broken))


def names(found):
    return [each.name for each in found.modules]


def test_empty_spec_has_every_built_in_module_in_the_order_of_names():
    found = resolution()

    assert names(found) == ["helloria", "taskia"]
    assert found.problems == ()


def test_disabled_module_is_neither_rendered_nor_held():
    found = resolution(modules={"taskia": {"enabled": False}})

    assert names(found) == ["helloria"]
    assert not found.held


def test_module_takes_version_image_and_settings_from_the_system():
    [_, module] = resolution(modules={"taskia": {"replicas": 4}}).modules

    assert module.version == VERSION
    assert module.image == f"{REGISTRY}/taskia:{VERSION}"
    assert module.settings.replicas == 4


def test_foreign_module_joins_only_if_it_is_listed():
    weather = a_module("weather")

    assert names(resolution(foreign=[weather])) == ["helloria", "taskia"]
    assert names(resolution(foreign=[weather], modules={"weather": {}})) == [
        "helloria",
        "taskia",
        "weather",
    ]


def test_foreign_module_never_takes_the_place_of_a_built_in_one():
    impostor = a_module("helloria", image={"repository": "evil.example.com/helloria"})

    [module, _] = resolution(foreign=[impostor], modules={"helloria": {}}).modules

    assert module.image == f"{REGISTRY}/helloria:{VERSION}"


def test_version_of_the_spec_chooses_the_catalogue():
    old, new = a_module("helloria"), a_module("zeroia")
    available = Modules(
        {"0.1.0": {"helloria": old}, "0.2.0": {"zeroia": new}}, {}, {}, Defaults("0.2.0", "")
    )

    found = [resolve(a_system(**spec), available) for spec in ({"version": "0.1.0"}, {})]

    assert [(each.version, names(each)) for each in found] == [
        ("0.1.0", ["helloria"]),
        ("0.2.0", ["zeroia"]),
    ]


def test_unknown_version_holds_everything():
    found = resolution(version="9.9.9")

    assert (found.version, found.modules, found.hold_all) == ("9.9.9", (), True)
    [problem] = found.problems
    assert problem.reason == Reason.VERSION_NOT_SUPPORTED
    assert problem.message == (
        "spec.version 9.9.9 is not known to this operator: write one of 0.1.0, "
        "or install an operator that knows it"
    )


def test_unknown_version_hides_no_other_mistake():
    modules = {"hellorai": {}, "taskia": {"podTemplate": {"spec": None}}}
    data = {"redis": {"queue": {"storage": {"size": "1e99"}}}}

    found = resolution(version="9.9.9", modules=modules, data=data)

    assert [each.reason for each in found.problems] == [
        Reason.VERSION_NOT_SUPPORTED,
        Reason.INVALID_SPEC,
        Reason.INVALID_SPEC,
        Reason.MODULE_NOT_FOUND,
    ]
    assert found.hold_all


def test_unknown_version_is_told_alone_where_no_version_is_known():
    found = resolve(a_system(version="9.9.9"), Modules({}, {}, {}, Defaults(VERSION, REGISTRY)))

    assert [each.reason for each in found.problems] == [Reason.VERSION_NOT_SUPPORTED]


def test_unknown_module_that_resembles_none_gets_no_proposal():
    [problem] = resolution(modules={"weather": {}}).problems

    assert "did you mean" not in problem.message


def test_unknown_module_is_held_as_a_stranger():
    found = resolution(modules={"hellorai": {}})

    assert names(found) == ["helloria", "taskia"]
    assert found.strangers == ("hellorai",)
    assert found.held["hellorai"].problem.reason == Reason.MODULE_NOT_FOUND
    assert found.held["hellorai"].problem.message == (
        "spec.modules.hellorai: no built-in module and no ArkaliaModule in namespace arkalia has "
        "this name; built in are helloria, taskia; did you mean helloria?"
    )


def test_broken_module_is_held_with_what_is_wrong_in_it():
    found = resolution(modules={"weather": {}}, broken={"weather": "spec.image: Field required"})

    [problem] = found.problems
    assert problem.reason == Reason.MODULE_INVALID
    assert problem.message == "ArkaliaModule weather: spec.image: Field required"


def test_unknown_module_that_is_switched_off_is_no_problem():
    assert resolution(modules={"hellorai": {"enabled": False}}).problems == ()


def test_module_with_a_problem_in_its_settings_is_held_and_known():
    found = resolution(modules={"taskia": {"podTemplate": {"spec": None}}})

    assert names(found) == ["helloria"]
    assert found.held["taskia"].problem.reason == Reason.INVALID_SPEC
    assert [each.name for each in found.known] == ["helloria", "taskia"]
    assert found.strangers == ()


def test_problem_of_the_system_holds_everything():
    deep = {}
    for _ in range(40):
        deep = {"nodeAffinity": deep}

    found = resolution(placement={"affinity": deep})

    assert found.hold_all
    assert found.problems[0].message == (
        "spec.placement.affinity nests more than 32 objects and lists inside each other: "
        "write it flatter"
    )


@pytest.mark.parametrize(
    ("foreign", "object_name"),
    [
        (a_module("taskia-worker"), "luna-taskia-worker"),
        (a_module("taskia-dashboard"), "luna-taskia-dashboard"),
        (a_module("tas", components=[a_component(), a_component("kia")]), None),
    ],
)
def test_module_whose_objects_would_be_called_as_another_ones_is_held(foreign, object_name):
    taskia = a_module("taskia", components=[a_component(), a_component("worker")])

    found = resolution(taskia, foreign=[foreign], modules={foreign.name: {}})

    if object_name is None:
        assert found.problems == ()
    else:
        assert names(found) == ["taskia"]
        assert found.held[foreign.name].problem.reason == Reason.MODULE_INVALID
        assert found.held[foreign.name].problem.message == (
            f"ArkaliaModule {foreign.name}: an object of it would be called {object_name}, as one "
            "of module taskia: give the ArkaliaModule another name"
        )


def test_built_in_module_keeps_its_names_whatever_the_alphabet_says():
    builtin, foreign = (
        a_module("z-worker"),
        a_module("z", components=[a_component(), a_component("worker")]),
    )

    found = resolution(builtin, foreign=[foreign], modules={"z": {}})

    assert names(found) == ["z-worker"]
    assert found.held.keys() == {"z"}


def test_what_the_spec_names_and_is_not_there_is_told_and_holds_nothing():
    trouble = Problem(Reason.CONFIG_MAP_MISSING, "there is no such ConfigMap")

    found = resolve(a_system(), modules_with(*LUNA.values()), trouble)

    assert found.problems == (trouble,)
    assert names(found) == ["helloria", "taskia"]
    assert not found.hold_all
