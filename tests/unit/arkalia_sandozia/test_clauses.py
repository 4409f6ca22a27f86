"""Clauses: what a text claims, piece by piece."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.clauses import clauses


def read(text):
    return list(clauses(text))


def test_each_claim_of_a_sentence_is_a_clause_of_its_own():
    found = read("helloria uses 42 % CPU, 120 MiB of memory and is ready.")

    assert [len(each.quantities) for each in found] == [1, 1, 0]
    assert found[2].states == (("ready", 1),)


def test_clause_without_a_name_carries_what_its_sentence_is_about():
    _, memory = read("helloria uses 42 % CPU, memory is 120 MiB")

    assert "helloria" in memory.carried


def test_sentence_that_goes_on_with_it_carries_the_one_before():
    _, second, third = read("zeroia is ready. It uses 3 % CPU. Everything else is fine.")

    assert "zeroia" in second.carried
    assert "zeroia" not in third.carried


def test_items_of_a_list_carry_its_heading():
    found = read("helloria:\n- CPU: 42 %\n- memory: 120 MiB\n\nAll other modules: 3 %")

    assert "helloria" in found[1].carried
    assert "helloria" in found[2].carried


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("it is ready", ("ready", 1)),
        ("it is not ready", ("ready", -1)),
        ("it isn't ready", ("ready", -1)),
        ("it isn\u2019t ready", ("ready", -1)),
        ("it is unready", ("ready", -1)),
        ("it is not unready", ("ready", 1)),
        ("Ready: False", ("ready", -1)),
        ("Ready: True", ("ready", 1)),
        ("backup failed", ("succeeded", -1)),
        ("le backup n'a pas réussi", ("succeeded", -1)),
    ],
)
def test_state_has_a_sign(text, state):
    [found] = read(text)

    assert state in found.states


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the pod luna-helloria-6c5d is up", ["luna-helloria-6c5d"]),
        ("it runs v1.2.3 on worker-2", ["v1.2.3", "worker-2"]),
        ("we asked Ada about it", ["Ada"]),
        ("Nothing was asked", []),
        ("the CPU and the p95 of it", []),
    ],
)
def test_names_are_known_by_their_form(text, names):
    assert [name for each in read(text) for name, _, _ in each.names] == names


def test_question_asks():
    first, second = read("Is it ready? It is ready.")

    assert first.asks
    assert not second.asks


def test_share_of_all_requests_is_a_percentile():
    [found] = read("95 % of the requests have a latency of 80 ms")

    assert "p95" in found.keys
    assert [each.text for each in found.quantities] == ["80 ms"]
    assert "p95" in read("the 95th percentile")[0].keys


def test_share_of_requests_that_fail_is_a_share():
    [found] = read("5.6 % of the requests fail")

    assert [each.value for each in found.quantities] == [pytest.approx(0.056)]


@given(st.text(max_size=300))
def test_every_place_lies_in_the_text_and_in_order(text):
    found = read(text)

    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    for each in found:
        for name, start, end in each.names + each.words:
            assert text[start:end] == name
        assert all(each.start <= one.start < one.end <= each.end for one in each.quantities)
