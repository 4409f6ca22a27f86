"""How urgent a request is, by its header."""

import pytest

from arkalia_runtime import urgency


@pytest.mark.parametrize(
    ("header", "level"),
    [
        ("u=0", 0),
        ("u=7", 7),
        ("i, u=5", 5),
        ("u=5;a=b, i", 5),
        ("", 3),
        ("i", 3),
        ("u=8", 3),
        ("u=-1", 3),
        ("u=55", 3),
        ("mu=5", 3),
    ],
)
def test_urgency_is_what_the_header_says_or_the_usual(header, level):
    assert urgency.urgency_of(header) == level


def test_request_is_as_urgent_as_its_header_says():
    urgency.begin("u=6")

    assert urgency.present() == 6
