"""A route is opened by its scopes, all of them."""

from pathlib import Path

import pytest
import yaml

from arkalia_helloria.access.judging import ENROLMENT, is_for_enrolment, is_public, missing
from arkalia_helloria.callers import Caller
from unit.arkalia_helloria.access.accounts import a_route

ROOT = Path(__file__).resolve().parents[4]


def lacks(granted, *asked):
    return list(missing(Caller("u", frozenset(), frozenset(granted)), a_route(*asked)))


@pytest.mark.parametrize(
    ("granted", "asked", "lacking"),
    [
        (["chat"], ["chat"], []),
        (["*"], ["chat", "tasks"], []),
        (["chat*"], ["chat.read"], []),
        (["chat"], ["chat", "tasks", "users"], ["tasks", "users"]),
        ([], [], []),
        ([], ["chat"], ["chat"]),
    ],
)
def test_every_scope_of_the_route_is_needed(granted, asked, lacking):
    assert lacks(granted, *asked) == lacking


def test_only_the_scope_public_makes_a_route_public():
    assert is_public(a_route("public"))
    assert not is_public(a_route())
    assert not is_public(a_route("publications"))


def test_who_must_set_up_a_second_factor_may_ask_for_what_that_takes():
    described = yaml.safe_load((ROOT / "workloads/security/module.yaml").read_text("utf-8"))
    paths = {each["path"] for each in described["spec"]["routes"]}

    open_to_them = {
        path for path in paths if is_for_enrolment(a_route(path=path, module="security"))
    }

    assert open_to_them == ENROLMENT
    assert "/auth/password" in paths - open_to_them
    assert not is_for_enrolment(a_route(path="/auth/mfa", module="taskia"))
