from math import inf

import pytest

from arkalia_operator import metrics
from arkalia_operator.cluster.drifts import Drifts, Seen
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.planning.actions import Apply
from arkalia_operator.planning.drift import Drift
from arkalia_operator.planning.observed import ObjectKey

LUNA = SystemKey("ns", "luna")
KEY = ObjectKey("Service", "ns", "luna-helloria")
ACTION = Apply(KEY, {}, b"digest", creates=False, why="drifted")
CHANGED = Apply(KEY, {}, b"another", creates=False, why="changed")
SEEN, OTHERWISE = Seen(b"owned", 1), Seen(b"owned", 2)
PORT = Drift("spec.port", "robot", "1", "2")
LABEL = Drift("metadata.labels.a", "kubectl", "1", "2")


@pytest.fixture
def drifts(clock):
    return Drifts(clock)


def fight(drifts, rounds, found=(PORT,)):
    """What was decided in each of so many rounds: whether the object was left."""
    return [one_round(drifts, found) for _ in range(rounds)]


def one_round(drifts, found):
    left = drifts.leave(LUNA, ACTION, found, SEEN, repairs=True)
    if not left:
        drifts.repaired(LUNA, KEY)
    return left


def test_a_drift_is_repaired_and_told_once(drifts):
    assert fight(drifts, 1) == [False]

    (told,) = drifts.take(LUNA).repaired

    assert (told.key, told.fields, told.contended) == (KEY, (PORT,), False)
    assert drifts.take(LUNA).repaired == ()
    assert drifts.left(LUNA) == ()


def test_what_was_recreated_is_told_once_after_any_number_of_plans(drifts):
    drifts.recreated(LUNA, KEY)

    drifts.begin(LUNA, frozenset())

    assert drifts.take(LUNA).recreated == (KEY,)
    assert drifts.take(LUNA).recreated == ()


def test_repairs_that_fail_are_no_rounds_and_are_not_told(drifts):
    decided = [drifts.leave(LUNA, ACTION, (PORT,), SEEN, repairs=True) for _ in range(20)]

    assert not any(decided)
    assert drifts.take(LUNA).repaired == ()


def test_write_of_another_plan_is_no_repair_of_what_failed_before(drifts):
    drifts.leave(LUNA, ACTION, (PORT,), SEEN, repairs=True)

    drifts.begin(LUNA, frozenset({KEY}))
    drifts.repaired(LUNA, KEY)

    assert drifts.take(LUNA).repaired == ()


def test_a_drift_that_is_only_reported_is_left_until_it_is_another_one(drifts):
    assert drifts.leave(LUNA, ACTION, (PORT,), SEEN, repairs=False)

    (left,) = drifts.left(LUNA)

    assert left.fields == (PORT,)
    assert not left.contended
    assert drifts.stands(LUNA, ACTION, SEEN)
    assert not drifts.stands(LUNA, ACTION, OTHERWISE)
    assert not drifts.stands(LUNA, CHANGED, SEEN)
    assert drifts.take(LUNA).repaired == ()


def test_a_field_that_is_fought_about_is_left_after_five_repairs(drifts):
    assert fight(drifts, 6) == [False] * 5 + [True]

    (left,) = drifts.left(LUNA)

    assert left.contended
    assert "spec.port was changed by robot" in str(left)


def test_while_it_is_left_nobody_looks_at_it_whatever_others_write(drifts, clock):
    fight(drifts, 6)

    clock.now = 299

    assert drifts.stands(LUNA, ACTION, OTHERWISE)


def test_another_wish_ends_the_rest(drifts):
    fight(drifts, 6)

    assert not drifts.stands(LUNA, CHANGED, SEEN)


def test_after_the_rest_one_repair_is_tried_and_the_next_rest_is_longer(drifts, clock):
    fight(drifts, 6)
    clock.now = 301
    looked_at_again = not drifts.stands(LUNA, ACTION, SEEN)

    again = fight(drifts, 2)
    clock.now = 301 + 599

    assert looked_at_again
    assert again == [False, True]
    assert drifts.stands(LUNA, ACTION, SEEN)


def test_field_that_nobody_fights_about_any_more_is_repaired_after_the_rest(drifts, clock):
    fight(drifts, 6)
    drifts.take(LUNA)
    clock.now = 300

    assert fight(drifts, 1) == [False]

    drifts.begin(LUNA, frozenset())
    assert len(drifts.take(LUNA).repaired) == 1
    assert drifts.left(LUNA) == ()


def test_system_is_looked_at_again_when_the_rest_is_over(drifts, clock):
    drifts.leave(LUNA, ACTION, (PORT,), SEEN, repairs=False)
    without_a_fight = drifts.wait(LUNA)
    fight(drifts, 6)
    clock.now = 100

    assert without_a_fight == inf
    assert drifts.wait(LUNA) == 200
    assert drifts.wait(SystemKey("ns", "another")) == inf


def test_rest_is_as_long_as_it_was_set(clock):
    drifts = Drifts(clock, rest_seconds=10)
    fight(drifts, 6)
    first = drifts.wait(LUNA)
    clock.now = 10
    fight(drifts, 2)

    assert (first, drifts.wait(LUNA)) == (10, 20)


def test_a_rest_has_an_end(drifts, clock):
    for _ in range(40):
        fight(drifts, 6)

    clock.now = 3601

    assert not drifts.stands(LUNA, ACTION, SEEN)


def test_a_fight_that_has_ended_counts_from_the_beginning(drifts, clock):
    fight(drifts, 6)

    clock.now = 300 * 2 + 61

    assert fight(drifts, 5) == [False] * 5


def test_repairs_with_time_between_are_no_fight(drifts, clock):
    decided = []
    for _ in range(20):
        clock.now += 61
        decided += fight(drifts, 1)

    assert not any(decided)


def test_fields_are_counted_apart(drifts):
    fight(drifts, 5)

    assert fight(drifts, 1, (LABEL,)) == [False]
    assert fight(drifts, 1, (LABEL, PORT)) == [True]


def test_what_is_not_due_any_more_is_not_left_any_more(drifts):
    drifts.leave(LUNA, ACTION, (PORT,), SEEN, repairs=False)

    drifts.begin(LUNA, frozenset({KEY}))
    still = drifts.left(LUNA)
    drifts.begin(LUNA, frozenset())

    assert still
    assert drifts.left(LUNA) == ()
    assert not drifts.stands(LUNA, ACTION, SEEN)


def test_nothing_is_known_of_a_system_without_drift(drifts):
    drifts.begin(LUNA, frozenset())

    assert not drifts.stands(LUNA, ACTION, SEEN)
    assert drifts.take(LUNA).repaired == ()


def test_drifts_are_counted_by_kind_and_what_was_done_whoever_did_it(drifts):
    counter = metrics.DRIFTS.labels("Service", "repaired")
    before = counter._value.get()

    fight(drifts, 6)

    assert counter._value.get() - before == 5
    assert metrics.DRIFTS.labels("Service", "contended")._value.get() >= 1


def test_what_is_remembered_has_a_bound(drifts, monkeypatch):
    monkeypatch.setattr("arkalia_operator.cluster.drifts.REMEMBERED", 3)

    for number in range(9):
        system = SystemKey("ns", f"s{number}")
        action = Apply(ObjectKey("Service", "ns", f"s{number}"), {}, b"", creates=False, why="x")
        drifts.leave(system, action, (PORT,), SEEN, repairs=True)
        drifts.repaired(system, action.key)

    assert len(drifts._systems) == 3
    assert len(drifts._fights) == 3


def test_each_report_is_told_once_and_again_when_more_has_drifted(drifts):
    def look(*found):
        drifts.leave(LUNA, ACTION, found, SEEN, repairs=False)
        return [each.fields for each in drifts.take(LUNA).reported]

    assert [look(PORT), look(PORT), look(PORT, LABEL), look(PORT)] == [
        [(PORT,)], [], [(PORT, LABEL)], [(PORT,)],
    ]  # fmt: skip
