"""Numbers: one quantity in whatever unit it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_sandozia.clauses import clauses
from arkalia_sandozia.numbers import Bound, Kind, agrees, comparable, split, unit, value


def quantities(text):
    return [each for clause in clauses(text) for each in clause.quantities]


def one(text):
    [found] = quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("42 %", Kind.SHARE, 0.42),
        ("42.5%", Kind.SHARE, 0.425),
        ("42,5 percent", Kind.SHARE, 0.425),
        ("1.5 GiB", Kind.BYTES, 1.5 * 1024**3),
        ("120Mi", Kind.BYTES, 120 * 1024**2),
        ("3 megabytes", Kind.BYTES, 3e6),
        ("80 ms", Kind.SECONDS, 0.08),
        ("two hours", Kind.SECONDS, 7200),
        ("250m", Kind.CORES, 0.25),
        ("3,618 req/s", Kind.RATE, 3618),
        ("12 requests per second", Kind.RATE, 12),
        ("5,946 tasks", Kind.COUNT, 5946),
        ("seven tasks", Kind.COUNT, 7),
        ("no restarts", Kind.COUNT, 0),
        ("restarts: no", Kind.COUNT, 0),
    ],
)
def test_quantity_is_read_in_its_unit(text, kind, amount):
    found = one(text)

    assert found.kind is kind
    assert found.value == pytest.approx(amount)


@pytest.mark.parametrize("text", ["10.0.0.1", "v1.2.3", "worker-2", "no longer", "9" * 100, "p95"])
def test_what_is_no_quantity_is_not_read_as_one(text):
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("claim", "known", "holds"),
    [
        ("1.5 GiB", "1536 MiB", True),
        ("1.5 GB", "1536 MiB", True),  # many say GB and mean GiB
        ("42 %", "41.7 %", True),
        ("41 %", "41.7 %", False),
        ("42.3 %", "42 %", True),  # within what the known digits allow
        ("about 40 %", "42 %", True),
        ("about 30 %", "42 %", False),
        ("over 80 %", "83 %", True),
        ("over 80 %", "79 %", False),
        ("under 100 ms", "80 ms", True),
        ("at most 5 restarts", "7 restarts", False),
        ("800 ms", "0.8 s", True),
        ("800 s", "800 ms", False),
        ("no restarts", "0 restarts", True),
        ("2026-11-25", "25 November 2026", True),
        ("November 26, 2026", "2026-11-25", False),
        ("10:30", "2026-11-25T10:30:00Z", True),
    ],
)
def test_claim_agrees_with_what_is_known_as_far_as_its_digits_say(claim, known, holds):
    [said], measured = quantities(claim), quantities(known)
    able = [each for each in measured if comparable(said, each)]

    assert able != []
    assert any(agrees(said, each) for each in able) is holds


def test_number_without_a_unit_may_be_a_share():
    assert comparable(one("42 %"), one("cpu 0.42"))
    assert agrees(one("42 %"), one("cpu 0.42"))


def test_quantities_of_different_kinds_are_not_compared():
    assert not comparable(one("42 %"), one("42 MiB"))


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("it takes 5 s", Bound.EXACT),
        ("it takes roughly 5 s", Bound.ABOUT),
        ("it takes more than 5 s", Bound.ABOVE),
        ("it takes at most 5 s", Bound.BELOW),
    ],
)
def test_word_before_a_number_says_how_exactly_it_is_meant(text, bound):
    assert one(text).bound is bound


@pytest.mark.parametrize("name", ["", "x", "mm", "bananas", "kk"])
def test_what_is_no_unit_is_none(name):
    assert unit(name) is None


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_digits_are_read_as_python_writes_them(whole, decimals):
    number = whole / 10**decimals
    text = f"{number:.{decimals}f}"

    assert value(text) == (pytest.approx(number), decimals)
    assert value(f"{number:,.{decimals}f}") == (pytest.approx(number), decimals)


@given(st.text(max_size=60))
def test_no_token_breaks_the_reading_of_numbers(token):
    parts = split(token)

    if parts is not None:
        value(parts[0])
        unit(parts[1])
