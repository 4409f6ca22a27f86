"""How long the next try waits."""

from itertools import pairwise

import pytest

from arkalia_security.slowing import ADDRESS, NAME, PAIR, subjects, wait_seconds

RULES = pytest.mark.parametrize("rule", [PAIR, ADDRESS, NAME], ids=lambda rule: rule.kind)


@RULES
def test_first_failures_cost_nothing(rule):
    assert {wait_seconds(rule, failures) for failures in range(rule.free + 1)} == {0}


@RULES
def test_each_further_failure_waits_twice_as_long_up_to_a_bound(rule):
    waits = [wait_seconds(rule, rule.free + each) for each in range(1, 40)]

    assert waits[0] == 1
    assert waits[-1] == rule.longest_seconds
    assert all(later == min(2 * wait, rule.longest_seconds) for wait, later in pairwise(waits))


def test_everywhere_is_never_locked_for_long():
    assert NAME.longest_seconds < PAIR.longest_seconds


def test_subjects_of_a_try_come_in_one_order():
    assert [rule for rule, _ in subjects("a", "b")] == [rule for rule, _ in subjects("c", "d")]
    assert len({text for _, text in subjects("a", "b")}) == 3
