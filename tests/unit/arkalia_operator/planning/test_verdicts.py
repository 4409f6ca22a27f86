"""Verdicts agree with each other, and their times move only when their status flips."""

from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.verdicts import (
    Verdict,
    agreeing,
    broken,
    conditions,
    summed_up,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def a_verdict(status="True", kind=ConditionType.MODULES_READY, message="As it is."):
    return Verdict(kind, status, Reason.AS_EXPECTED, message)


@pytest.mark.parametrize(
    ("ready", "reconciling", "stalled"),
    [("True", "False", "False"), ("Unknown", "True", "False"), ("False", "False", "True")],
)
def test_ready_reconciling_and_stalled_agree(ready, reconciling, stalled):
    found = agreeing(ready, Reason.ROLLING_OUT, "Half way.")

    assert [(str(each.type), each.status) for each in found] == [
        ("Ready", ready),
        ("Reconciling", reconciling),
        ("Stalled", stalled),
    ]


def test_condition_that_does_not_hold_says_what_that_means():
    _, reconciling, stalled = agreeing("True", Reason.SYSTEM_READY, "All modules run and serve.")

    assert (reconciling.reason, reconciling.message) == (
        Reason.CONVERGED,
        "The operator waits for a change of the spec or the cluster.",
    )
    assert (stalled.reason, stalled.message) == (Reason.AS_EXPECTED, "Nothing stands in the way.")


@pytest.mark.parametrize(("ready", "telling"), [("Unknown", "Reconciling"), ("False", "Stalled")])
def test_condition_that_holds_tells_the_same_as_ready(ready, telling):
    found = {str(each.type): each for each in agreeing(ready, Reason.ROLLING_OUT, "Half way.")}

    assert (found[telling].reason, found[telling].message) == (Reason.ROLLING_OUT, "Half way.")


@pytest.mark.parametrize(("doomed", "status"), [(True, "False"), (False, "Unknown")])
def test_what_is_broken_is_false_only_if_it_is_doomed(doomed, status):
    assert broken(ConditionType.READY, Reason.APPLY_FAILED, "No.", doomed=doomed).status == status


@pytest.mark.parametrize(
    ("facts", "ready", "reason"),
    [
        (["True", "True"], "True", Reason.SYSTEM_READY),
        (["True", "Unknown"], "Unknown", Reason.AS_EXPECTED),
        (["Unknown", "False"], "False", Reason.AS_EXPECTED),
        (["False", "True"], "False", Reason.AS_EXPECTED),
    ],
)
def test_worst_fact_decides(facts, ready, reason):
    found = summed_up([a_verdict(each) for each in facts])[0]

    assert (found.status, found.reason) == (ready, reason)


def test_all_equally_bad_facts_are_told_each_once_and_the_first_gives_the_reason():
    facts = [
        a_verdict("Unknown", message="Not yet."),
        Verdict(ConditionType.DATA_READY, "False", Reason.SECRET_MISSING, "First."),
        *[a_verdict("False", message="Second.")] * 2,
    ]

    ready = summed_up(facts)[0]

    assert (ready.reason, ready.message) == (Reason.SECRET_MISSING, "First.; Second.")


def test_new_condition_begins_now():
    [found] = conditions([a_verdict()], [], 4, NOW)

    assert (found.last_transition_time, found.observed_generation) == (NOW, 4)


@pytest.mark.parametrize(("status", "time"), [("True", NOW), ("False", LATER), ("Unknown", LATER)])
def test_time_moves_only_when_the_status_flips(status, time):
    before = conditions([a_verdict(message="Then.")], [], 4, NOW)

    [found] = conditions([a_verdict(status, message="Now.")], before, 5, LATER)

    assert found.last_transition_time == time
    assert (found.message, found.observed_generation) == ("Now.", 5)


def test_time_of_another_condition_does_not_count():
    before = conditions([a_verdict(kind=ConditionType.ACCEPTED)], [], 4, NOW)

    [found] = conditions([a_verdict()], before, 5, LATER)

    assert found.last_transition_time == LATER


def test_message_that_is_longer_than_people_read_is_cut():
    [found] = conditions([a_verdict(message="x" * 40_000)], [], 1, NOW)

    assert len(found.message) == 4096
