"""Names of children are readable, short enough, and of one module only."""

import pytest

from arkalia_operator.desired import names

LONGEST = ("s" * 24, "m" * 30, "c" * 20)


def test_objects_of_a_module_carry_system_and_module():
    assert names.module("luna", "helloria") == "luna-helloria"


def test_main_component_carries_the_name_of_its_module():
    assert names.component("luna", "taskia", "main") == "luna-taskia"


def test_other_component_adds_its_own_name():
    assert names.component("luna", "taskia", "worker") == "luna-taskia-worker"


def test_dashboard_says_what_it_is():
    assert names.dashboard("luna", "helloria") == "luna-helloria-dashboard"


def test_longest_name_is_cut_to_63_characters():
    name = names.component(*LONGEST)

    assert len(name) == 63
    assert name.startswith(f"{LONGEST[0]}-{LONGEST[1][:29]}")


def test_names_that_are_cut_at_the_same_place_still_differ():
    system, module, component = LONGEST

    assert names.component(system, module, component) != names.component(system, module, "d" * 20)


@pytest.mark.parametrize("length", [62, 63, 64, 65])
def test_name_is_cut_only_if_it_is_longer_than_63_characters(length):
    system = "s" * (length - len("-m"))

    assert len(names.module(system, "m")) == min(length, 63)


def test_cut_name_has_no_two_hyphens_before_its_digest():
    name = names.component("s" * 24, f"{'m' * 28}-x", "c" * 20)

    assert "--" not in name


def test_all_names_of_a_module_are_those_that_its_objects_have():
    found = names.all_of("luna", "taskia", iter(["main", "worker"]))

    assert found == {"luna-taskia", "luna-taskia-worker", "luna-taskia-dashboard"}


def test_authority_of_a_system_says_what_it_is():
    assert names.authority("luna") == "luna-authority"
