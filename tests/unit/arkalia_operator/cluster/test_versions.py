import pytest

from arkalia_operator.cluster.versions import Tombstones, number


@pytest.mark.parametrize(("text", "expected"), [("17", 17), ("", 0), ("abc", 0)])
def test_a_resource_version_is_a_number(text, expected):
    assert number(text) == expected


def test_a_tombstone_covers_what_is_not_newer_than_the_end():
    stones = Tombstones()

    stones.bury("a", 10)

    assert stones.covers("a", 9, "u")
    assert stones.covers("a", 10, "u")
    assert not stones.covers("a", 11, "u")
    assert not stones.covers("b", 1, "u")


def test_a_tombstone_of_a_uid_covers_all_news_of_it():
    stones = Tombstones()

    stones.bury("a", 0, "old")

    assert stones.covers("a", 99, "old")
    assert not stones.covers("a", 1, "new")


def test_tombstones_are_bounded():
    stones = Tombstones(limit=3)

    for name in "abcd":
        stones.bury(name, 1)

    assert len(stones) == 3
    assert not stones.covers("a", 1, "u")
