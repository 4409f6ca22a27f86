"""The metrics that say which conditions of which systems hold, and which modules are ready."""

from datetime import UTC, datetime

import pytest

from arkalia_operator import metrics
from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus, ModuleStatus
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.conditions import Condition
from arkalia_operator.api.reasons import Reason
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.shown import ShownSystems

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LUNA, SOL = SystemKey("shown", "luna"), SystemKey("shown", "sol")


@pytest.fixture
def shown():
    made = ShownSystems()
    yield made
    for key in (LUNA, SOL):
        made.hide(key)


def a_condition(kind, status):
    return Condition(
        type=kind, status=status, reason=Reason.AS_EXPECTED, message="It is so.",
        observed_generation=1, last_transition_time=NOW,
    )  # fmt: skip


def a_status(*conditions, **modules):
    found = [
        ModuleStatus(
            name=name, ready=ready, replicas=1, ready_replicas=1, image="", reason="", message=""
        )
        for name, ready in modules.items()
    ]
    return ArkaliaSystemStatus(conditions=list(conditions), modules=found)


def told(key, gauge=metrics.CONDITIONS, label="type"):
    [family] = gauge.collect()
    wanted = {"system_namespace": key.namespace, "system": key.name}
    return {
        each.labels[label]: each.value
        for each in family.samples
        if wanted.items() <= each.labels.items()
    }


def test_condition_is_one_only_while_it_is_true(shown):
    shown.show(LUNA, a_status(a_condition(ConditionType.READY, "Unknown")))
    shown.show(SOL, a_status(a_condition(ConditionType.READY, "True")))
    before = told(LUNA)
    shown.show(LUNA, a_status(a_condition(ConditionType.READY, "True")))

    assert (before, told(LUNA), told(SOL)) == ({"Ready": 0}, {"Ready": 1}, {"Ready": 1})


def test_condition_that_is_told_no_more_is_not_shown_any_more(shown):
    both = [a_condition(kind, "True") for kind in (ConditionType.READY, ConditionType.DATA_READY)]
    shown.show(LUNA, a_status(*both))

    shown.show(LUNA, a_status(*both[:1]))

    assert told(LUNA) == {"Ready": 1}


def test_system_that_is_gone_is_not_shown_any_more(shown):
    shown.show(LUNA, a_status(a_condition(ConditionType.READY, "True")))
    shown.show(SOL, a_status(a_condition(ConditionType.READY, "True")))

    shown.hide(LUNA)
    shown.hide(LUNA)

    assert (told(LUNA), told(SOL)) == ({}, {"Ready": 1})


def test_who_does_not_lead_any_more_shows_no_system(shown):
    shown.show(LUNA, a_status(a_condition(ConditionType.READY, "True")))
    shown.show(SOL, a_status(a_condition(ConditionType.READY, "True")))

    shown.hide_all()

    assert (told(LUNA), told(SOL)) == ({}, {})


def test_module_is_one_while_it_is_ready_and_not_shown_once_it_is_gone(shown):
    shown.show(LUNA, a_status(zeroia=True, nyxalia=False))
    both = told(LUNA, metrics.MODULES_READY, "module")
    shown.show(LUNA, a_status(zeroia=False))
    one = told(LUNA, metrics.MODULES_READY, "module")
    shown.hide_all()

    assert (both, one) == ({"zeroia": 1, "nyxalia": 0}, {"zeroia": 0})
    assert told(LUNA, metrics.MODULES_READY, "module") == {}
