"""The metrics that say which conditions of which systems hold."""

from datetime import UTC, datetime

import pytest

from arkalia_operator import metrics
from arkalia_operator.api.conditions import Condition, ConditionType, Reason
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.shown import ShownConditions

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LUNA, SOL = SystemKey("shown", "luna"), SystemKey("shown", "sol")


@pytest.fixture
def shown():
    made = ShownConditions()
    yield made
    for key in (LUNA, SOL):
        made.hide(key)


def a_condition(kind, status):
    return Condition(
        type=kind, status=status, reason=Reason.AS_EXPECTED, message="It is so.",
        observed_generation=1, last_transition_time=NOW,
    )  # fmt: skip


def told(key):
    [family] = metrics.CONDITIONS.collect()
    wanted = {"system_namespace": key.namespace, "system": key.name}
    return {
        each.labels["type"]: each.value
        for each in family.samples
        if wanted.items() <= each.labels.items()
    }


def test_condition_is_one_only_while_it_is_true(shown):
    shown.show(LUNA, [a_condition(ConditionType.READY, "Unknown")])
    shown.show(SOL, [a_condition(ConditionType.READY, "True")])
    before = told(LUNA)
    shown.show(LUNA, [a_condition(ConditionType.READY, "True")])

    assert (before, told(LUNA), told(SOL)) == ({"Ready": 0}, {"Ready": 1}, {"Ready": 1})


def test_condition_that_is_told_no_more_is_not_shown_any_more(shown):
    both = [a_condition(kind, "True") for kind in (ConditionType.READY, ConditionType.DATA_READY)]
    shown.show(LUNA, both)

    shown.show(LUNA, both[:1])

    assert told(LUNA) == {"Ready": 1}


def test_system_that_is_gone_is_not_shown_any_more(shown):
    shown.show(LUNA, [a_condition(ConditionType.READY, "True")])
    shown.show(SOL, [a_condition(ConditionType.READY, "True")])

    shown.hide(LUNA)
    shown.hide(LUNA)

    assert (told(LUNA), told(SOL)) == ({}, {"Ready": 1})


def test_who_does_not_lead_any_more_shows_no_system(shown):
    shown.show(LUNA, [a_condition(ConditionType.READY, "True")])
    shown.show(SOL, [a_condition(ConditionType.READY, "True")])

    shown.hide_all()

    assert (told(LUNA), told(SOL)) == ({}, {})
