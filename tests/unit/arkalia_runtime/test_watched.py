"""Files that are replaced while something runs."""

import logging

import pytest

from arkalia_runtime.watched import UnreadableError, Watched
from unit.arkalia_runtime.authority import mount


def watched(folder, look_seconds=0):
    file = folder / "number"
    return Watched([file], lambda: int(file.read_text()), look_seconds)


def test_value_is_that_of_the_file(tmp_path):
    mount(tmp_path, number="1")

    assert watched(tmp_path).current() == 1


def test_value_follows_when_the_file_is_replaced(tmp_path):
    mount(tmp_path, number="1")
    number = watched(tmp_path)
    number.current()

    mount(tmp_path, number="2")

    assert number.current() == 2


def test_file_is_not_read_again_when_it_is_the_same(tmp_path):
    mount(tmp_path, number="1")
    reads = []
    number = Watched([tmp_path / "number"], lambda: reads.append(1) or len(reads), 0)

    assert [number.current() for _ in range(3)] == [1, 1, 1]


def test_nobody_looks_again_before_the_time(tmp_path):
    mount(tmp_path, number="1")
    number = watched(tmp_path, look_seconds=60)
    number.current()

    mount(tmp_path, number="2")

    assert number.current() == 1
    assert number.current(look=True) == 2


@pytest.mark.parametrize("bad", ["", "one"])
def test_value_is_kept_when_the_next_file_cannot_be_used(tmp_path, bad, caplog):
    mount(tmp_path, number="1")
    number = watched(tmp_path)
    number.current()

    mount(tmp_path, number=bad)

    with caplog.at_level(logging.WARNING):
        assert [number.current() for _ in range(3)] == [1, 1, 1]
    [record] = caplog.records
    assert f"{tmp_path}/number cannot be used" in record.getMessage()


def test_value_is_kept_when_the_file_goes(tmp_path):
    mount(tmp_path, number="1")
    number = watched(tmp_path)
    number.current()

    (tmp_path / "number").unlink()

    assert number.current() == 1


def test_fault_is_told_when_there_has_been_no_usable_file(tmp_path):
    with pytest.raises(UnreadableError, match=r"number cannot be used: .*No such file"):
        watched(tmp_path).current()


def test_value_is_there_when_the_file_comes_late(tmp_path):
    number = watched(tmp_path)
    with pytest.raises(UnreadableError):
        number.current()

    mount(tmp_path, number="3")

    assert number.current() == 3
