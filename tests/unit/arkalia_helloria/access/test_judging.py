"""A route is opened by its scopes, all of them."""

import pytest

from arkalia_helloria.access.judging import is_public, missing
from arkalia_helloria.callers import Caller
from unit.arkalia_helloria.access.accounts import a_route


def lacks(granted, *asked):
    return list(missing(Caller("u", frozenset(), frozenset(granted)), a_route(*asked)))


@pytest.mark.parametrize(
    ("granted", "asked", "lacking"),
    [
        (["chat"], ["chat"], []),
        (["*"], ["chat", "tasks"], []),
        (["chat*"], ["chat.read"], []),
        (["chat"], ["chat", "tasks", "users"], ["tasks", "users"]),
        ([], [], []),
        ([], ["chat"], ["chat"]),
    ],
)
def test_every_scope_of_the_route_is_needed(granted, asked, lacking):
    assert lacks(granted, *asked) == lacking


def test_only_the_scope_public_makes_a_route_public():
    assert is_public(a_route("public"))
    assert not is_public(a_route())
    assert not is_public(a_route("publications"))
