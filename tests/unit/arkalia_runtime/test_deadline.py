"""How long the request that is being answered may still take."""

import pytest

from arkalia_runtime import deadline


@pytest.mark.parametrize("given", ["", "soon", "-1", "1e9", "nan", "inf", "1.", ".5", "5s", " 1"])
def test_there_is_no_deadline_when_the_header_says_nothing_usable(given):
    deadline.begin(given)

    assert deadline.left(10) == 10


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ("5", 5),
        ("0.25", 0.25),
        ("2.718281828459045", 2.72),
        ("1234567", 10),
        ("9" * 400, 10),
    ],
)
def test_no_more_is_left_than_the_caller_waits(given, most):
    deadline.begin(given)

    assert most - 0.2 < deadline.left(10) <= most


def test_nothing_is_left_when_it_has_passed():
    deadline.begin("0")

    assert deadline.left(10) == 0
    assert deadline.is_over()


@pytest.mark.parametrize("given", ["", "5"])
def test_it_is_not_over_while_time_is_left(given):
    deadline.begin(given)

    assert not deadline.is_over()
