"""Consistency: an answer with itself, and with other answers."""

import pytest

from arkalia_sandozia.clauses import clauses
from arkalia_sandozia.consistency import agreement, contradictions


def contrary(answer):
    found = contradictions(list(clauses(answer)))
    return [(answer[each.first.start : each.second.end]) for each in found]


@pytest.mark.parametrize(
    "answer",
    [
        "helloria uses 42 % CPU. In short: helloria uses 63 % CPU.",
        "zeroia is ready. So zeroia is not ready.",
        "Taskia deleted volumes. Taskia never deleted volumes.",
        "The backup of taskia failed. The backup of taskia succeeded.",
    ],
)
def test_answer_that_contradicts_itself_is_found(answer):
    assert len(contrary(answer)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "helloria uses 42 % CPU. In short: helloria uses 42 % CPU.",
        "Before, helloria used 42 % CPU. Now helloria uses 63 % CPU.",
        "helloria uses 42 % CPU. zeroia uses 63 % CPU.",
        "helloria has 3 replicas. helloria had 5 restarts.",
        "If zeroia is ready, go on. zeroia is not ready.",
        "The p50 latency is 12 ms, the p95 latency is 80 ms.",
    ],
)
def test_different_things_and_times_are_no_contradiction(answer):
    assert contrary(answer) == []


def test_search_for_contradictions_ends_with_its_time():
    answer = list(clauses("zeroia is ready. So zeroia is not ready."))

    assert contradictions(answer, lambda: False) == []


def test_samples_that_say_the_same_agree():
    answer = list(clauses("helloria uses 42 % CPU and is ready."))

    same = agreement(answer, ["The CPU of helloria: 42 %. It is ready."] * 3)
    other = agreement(answer, ["helloria uses 8 % CPU.", "helloria uses 77 % CPU."])

    assert same.contradicted == 0
    assert other.contradicted > 0.5
    assert other.unsupported > same.unsupported


def test_samples_are_laid_beside_the_answer_as_long_as_there_is_time():
    left = iter([True, True, False])

    found = agreement(list(clauses("It is 5.")), ["It is 5."] * 9, lambda: next(left))

    assert len(found.found) == 1
