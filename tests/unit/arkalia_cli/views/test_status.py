"""Systems as trees and as JSON."""

import pytest

from arkalia_cli import attendance
from arkalia_cli.attendance import Operator
from arkalia_cli.system import System
from arkalia_cli.views import status
from arkalia_operator.api.first_status import NOT_LOOKED_AT
from unit.arkalia_cli.rendering import rendered
from unit.arkalia_cli.systems import a_condition, a_module, a_system, with_conditions


def shown(*bodies):
    return rendered(status.text([attended(each) for each in bodies], "Namespace arkalia"))


def attended(body, operators=None, fitting=None, waited=1.0):
    return attendance.attended(System.from_body(body), operators, fitting, waited)


def test_ready_system_shows_its_aspects_and_modules():
    system = a_system(modules=[a_module("helloria"), a_module("taskia", replicas=3)])
    system["status"]["modules"][1]["readyReplicas"] = 3

    assert (
        shown(system)
        == """\
✔ luna (arkalia) 0.1.0  SystemReady  All modules run and serve.
├── ✔ accepted  SpecAccepted  Every part of the spec is understood.
├── ✔ identity  Issued  All certificates are there.
├── ✔ data  Provisioned  Prepared for every module: postgresql.
└── ✔ modules 2/2
    ├── ✔ helloria 1/1
    └── ✔ taskia 3/3"""
    )


def test_what_nobody_asked_for_is_neither_good_nor_bad():
    unasked = a_condition("LLMReady", "False", "NotConfigured", "No model is named.")

    shows = shown(a_system(conditions=with_conditions(unasked)))

    assert "└── ○ llm  NotConfigured  No model is named." in shows.splitlines()


def test_what_several_modules_wait_for_is_said_once():
    waiting = [
        a_module(name, ready=False, reason="WaitingForData", message="PostgreSQL is not ready.")
        for name in ("reflexia", "taskia")
    ]

    shows = shown(a_system(modules=waiting)).splitlines()

    assert [each[each.index("WaitingForData") :] for each in shows if "0/1" in each] == [
        "WaitingForData  PostgreSQL is not ready.",
        "WaitingForData",
    ]


def test_module_that_fails_shows_its_reason_and_what_explains_it():
    why = ("ImageCannotBePulled", "helloria: not found")
    conditions = with_conditions(
        a_condition("Ready", "False", *why),
        a_condition("Stalled", "True", *why),
        a_condition("ModulesReady", "False", *why),
    )
    module = a_module("helloria", ready=False, reason=why[0], message="not found")

    assert (
        shown(a_system(conditions=conditions, modules=[module]))
        == """\
✖ luna (arkalia) 0.1.0  ImageCannotBePulled  helloria: not found
├── ✔ accepted  SpecAccepted  Every part of the spec is understood.
├── ✔ identity  Issued  All certificates are there.
├── ✔ data  Provisioned  Prepared for every module: postgresql.
├── ✖ modules 0/1
│   └── ✖ helloria 0/1  ImageCannotBePulled  not found
└── `arkalia explain ImageCannotBePulled` tells what to do"""
    )


def test_modules_are_counted_as_kubectl_counts_them():
    system = a_system(modules=[a_module("helloria"), a_module("zeroia", ready=False)])
    system["status"]["modulesReady"] = "2/2"  # it serves, and something of it is to be mended

    assert "modules 2/2" in shown(system)


def test_system_on_its_way_is_marked_as_working_and_not_as_broken():
    why = ("RollingOut", "helloria: 0 of 1 pods")
    conditions = with_conditions(
        a_condition("Ready", "Unknown", *why),
        a_condition("Reconciling", "True", "RollingOut", "Pods are replaced."),
        a_condition("ModulesReady", "Unknown", *why),
    )
    system = a_system(conditions=conditions, modules=[a_module("helloria", ready=False)])

    text = shown(system)

    assert text.startswith("… luna (arkalia) 0.1.0  RollingOut")
    assert "… reconciling  RollingOut  Pods are replaced." in text
    assert "… helloria 0/1" in text
    assert "✖" not in text


def test_ignored_field_is_shown_and_the_system_stays_good():
    ignored = a_condition("FieldsIgnored", "True", "UnknownField", "spec.loglevel is dropped.")

    text = shown(a_system(conditions=with_conditions(ignored)))

    assert text.startswith("✔ luna")
    assert "… fields ignored  UnknownField  spec.loglevel is dropped." in text


@pytest.mark.parametrize(
    ("kind", "reason", "shown_as"),
    [("Contended", "FieldContended", "contended"), ("Drifted", "DriftReported", "drifted")],
)
def test_change_by_somebody_else_is_not_shown_as_good(kind, reason, shown_as):
    told = a_condition(kind, "True", reason, "spec.replicas of Deployment luna-taskia.")

    assert f"… {shown_as}  {reason}" in shown(a_system(conditions=with_conditions(told)))


def test_stalled_system_says_so_in_its_own_words():
    stalled = a_condition("Stalled", "True", "RolloutStalled", "No progress in ten minutes.")

    text = shown(a_system(conditions=with_conditions(stalled)))

    assert "✖ stalled  RolloutStalled  No progress in ten minutes." in text


def test_spec_that_is_not_accepted_is_a_line_of_its_own():
    why = ("UnknownModule", "spec.modules.nosuch: there is no such module")
    conditions = with_conditions(
        a_condition("Accepted", "False", *why),
        a_condition("Ready", "False", *why),
        a_condition("Stalled", "True", *why),
    )

    text = shown(a_system(conditions=conditions))

    assert "├── ✖ accepted  UnknownModule\n" in text  # why stands in the line above
    assert "stalled" not in text


def test_status_about_an_older_spec_is_not_taken_for_the_present_one():
    text = shown(a_system(generation=2))

    assert text.startswith("… luna")
    assert "It has not looked at generation 2 yet" in text


def test_system_that_was_made_a_moment_ago_is_waited_for():
    assert (
        shown(unseen())
        == """\
… luna (arkalia)
└── … operator  It has not looked at this system yet: wait a moment."""
    )


def unseen(**metadata):
    """A system as the API server gives it before any operator has written its status."""
    system = a_system(**metadata)
    system["status"] = NOT_LOOKED_AT
    return system


def test_system_that_no_operator_takes_says_why_and_what_to_do():
    picky = Operator("ops", "arkalia-operator", "0.1.0", 1, selector="tier=gold")

    text = rendered(status.text([attended(unseen(), [picky], [])], "here"), width=300)

    assert text.splitlines() == [
        "… luna (arkalia)",
        "└── ✖ operator  No operator has looked at this system for 1s: arkalia-operator in ops takes "
        "only systems that fit the selector `tier=gold`. Give it the labels (`kubectl --namespace arkalia label "
        "arkaliasystem luna tier=gold --overwrite`), or change its `systemSelector`.",
    ]


def test_system_that_operators_have_left_is_not_taken_for_a_fresh_one():
    picky = Operator("ops", "arkalia-operator", "0.1.0", 1, selector="tier=gold")

    text = rendered(status.text([attended(a_system(), [picky], [])], "here"), width=300)

    assert "✖ operator  No operator looks after this system any more: arkalia-operator" in text


def test_that_no_operator_runs_is_said_once():
    down = Operator("ops", "arkalia-operator", "0.1.0", 0)

    text = rendered(status.text([attended(a_system(), [down], [down])], "here"))

    assert text.count("✖ operator") == 1
    assert text.startswith("✖ operator")


def test_condition_of_a_newer_operator_is_shown_under_its_own_name():
    backup = a_condition("BackupReady", "False", "TargetMissing", "There is no bucket.")

    text = shown(a_system(conditions=with_conditions(backup)))

    assert "✖ backup  TargetMissing  There is no bucket." in text


def test_no_system_is_said_with_the_place_that_was_looked_at():
    assert shown() == "Namespace arkalia has no ArkaliaSystem."


def test_json_holds_what_the_tree_shows_and_more():
    system = System.from_body(a_system(modules=[a_module("helloria", image="a/helloria:1")]))

    [data] = status.data([attendance.attended(system, None, None, 1.0)])["systems"]

    assert (data["name"], data["ready"], data["version"]) == ("luna", True, "0.1.0")
    assert data["conditions"][0]["reason"] == "SystemReady"
    assert data["modules"] == [
        {
            "name": "helloria", "ready": True, "readyReplicas": 1, "replicas": 1,
            "reason": "AsExpected", "message": "", "image": "a/helloria:1",
        }
    ]  # fmt: skip


def test_programs_are_told_who_looks_after_a_system_and_why_nobody_does():
    ours = Operator("ops", "arkalia-operator", "0.1.0", 1)

    told = status.data([attended(a_system(), [ours], [ours]), attended(a_system(), [], [])])
    kept, left = told["systems"]

    assert (kept["operators"], kept["unattended"]) == (["ops/arkalia-operator"], None)
    assert left["operators"] == []
    assert set(left["unattended"]) == {"message", "advice"}


def test_system_is_ready_only_in_its_present_generation():
    assert System.from_body(a_system()).ready
    assert not System.from_body(a_system(generation=2)).ready
