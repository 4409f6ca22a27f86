"""How long the request that is being answered may still take."""

import pytest

from arkalia_runtime import deadline


@pytest.mark.parametrize(
    "given", ["", "soon", "-1", "1e9", "nan", "inf", "1.2345", "1234567", " 1"]
)
def test_there_is_no_deadline_when_the_header_says_nothing_usable(given):
    deadline.begin(given)

    assert deadline.left(10) == 10


@pytest.mark.parametrize(("given", "most"), [("5", 5), ("0.25", 0.25), ("999999", 10)])
def test_no_more_is_left_than_the_caller_waits(given, most):
    deadline.begin(given)

    assert most - 0.2 < deadline.left(10) <= most


def test_nothing_is_left_when_it_has_passed():
    deadline.begin("0")

    assert deadline.left(10) == 0
