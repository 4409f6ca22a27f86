"""Who looks after a system, and why nobody does."""

import pytest

from arkalia_cli.attendance import Operator, attended
from arkalia_cli.system import System
from unit.arkalia_cli.systems import a_system

NEW = a_system(labels={"tier": "iron"}) | {"status": {}}
LONG = 300.0


def an_operator(name="ark", ready=1, **more):
    return Operator("ops", name, "0.1.0", ready, **more)


def trouble(*operators, body=NEW, waited=LONG):
    """What is said where none of *operators* has a selector that fits, unless it has none."""
    fitting = [each for each in operators if not each.selector]
    return attended(System.from_body(body), operators, fitting, waited).trouble


def test_system_of_an_operator_that_runs_is_attended():
    assert trouble(an_operator(), body=a_system()) is None


def test_one_of_several_operators_is_enough():
    assert trouble(an_operator(selector="tier=gold"), an_operator("other"), body=a_system()) is None


@pytest.mark.parametrize(
    ("operators", "why", "what_to_do"),
    [
        ([], "none is installed", "Install the chart"),
        (
            [an_operator(ready=0)],
            "ark in ops takes it, and does not run",
            "describe deployment ark",
        ),
        (
            [an_operator(ready=0), an_operator("other", ready=0)],
            "ark in ops and other in ops take it, and do not run",
            "describe deployment ark",
        ),
        (
            [an_operator(namespaces=("a", "b"))],
            "ark in ops watches only the namespaces a, b",
            "add arkalia to `watchNamespaces` of the chart of ark in ops",
        ),
        (
            [an_operator(selector="tier==gold,zone=eu")],
            "takes only systems that fit the selector `tier==gold,zone=eu`",
            "`kubectl --namespace arkalia label arkaliasystem luna tier=gold zone=eu --overwrite`",
        ),
        (
            [an_operator(selector="tier in (gold, silver)")],
            "takes only systems that fit the selector `tier in (gold, silver)`",
            "Give it labels that fit `tier in (gold, silver)`",
        ),
        (
            [an_operator(namespaces=("a",)), an_operator("other", selector="tier=gold")],
            "ark in ops watches only the namespaces a, and other in ops takes only systems",
            "label arkaliasystem luna tier=gold",
        ),
        (
            [an_operator(namespaces=("a",)), an_operator("old", ready=0)],
            "this system for 5m: old in ops takes it, and does not run.",
            "describe deployment old",
        ),
        (
            [an_operator("old", ready=0, namespaces=("a",)), an_operator(namespaces=("b",))],
            "old in ops watches only the namespaces a, and does not run, and ark in ops watches",
            "chart of ark in ops",
        ),
        (
            [an_operator("old", ready=0, selector="tier=gold"), an_operator(namespaces=("b",))],
            "old in ops takes only systems that fit the selector `tier=gold`, and does not run",
            "label arkaliasystem luna tier=gold",
        ),
        ([an_operator()], "though ark in ops takes it", "--namespace ops logs deployment/ark"),
    ],
    ids=[
        "none", "down", "all down", "namespaces", "labels", "a set", "nearest",
        "the one that takes it is down", "a distant one is down", "the nearest is down", "silent",
    ],
)  # fmt: skip
def test_new_system_that_nobody_looks_at_is_told_why_and_what_to_do(operators, why, what_to_do):
    told = trouble(*operators)

    assert told.message.startswith("No operator has looked at this system for 5m")
    assert why in told.message
    assert what_to_do in told.advice


def test_one_that_is_down_is_no_matter_where_another_one_takes_the_system():
    assert trouble(an_operator("old", ready=0), an_operator(), body=a_system()) is None


def test_operator_that_runs_is_given_a_moment():
    assert trouble(an_operator(), waited=5.0) is None


def test_system_that_was_looked_after_is_not_said_to_be_new():
    told = trouble(an_operator(selector="tier=gold"), body=a_system())

    assert told.message.startswith("No operator looks after this system any more: ark in ops takes")


def test_user_who_may_not_see_operators_is_told_what_to_ask_for():
    told = attended(System.from_body(NEW), None, None, LONG).trouble

    assert "you may not see which operators there are" in told.message
    assert "`watchNamespaces` has arkalia" in told.advice
    assert "the labels tier=iron" in told.advice


@pytest.mark.parametrize(("body", "waited"), [(NEW, 5.0), (a_system(), LONG)])
def test_user_who_may_not_see_operators_is_not_alarmed_without_cause(body, waited):
    assert attended(System.from_body(body), None, None, waited).trouble is None
