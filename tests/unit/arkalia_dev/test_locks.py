import threading

import pytest

from arkalia_dev.errors import DevError
from arkalia_dev.locks import locked


def test_second_command_is_told_who_is_busy(tmp_path):
    with locked(tmp_path / "lock"), pytest.raises(DevError) as failure:
        locked(tmp_path / "lock", "Somebody works here.").__enter__()

    assert "Somebody works here." in str(failure.value)


def test_second_command_waits_when_it_is_not_told(tmp_path):
    order = []

    def second():
        with locked(tmp_path / "lock"):
            order.append("second")

    with locked(tmp_path / "lock"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(timeout=0.2)
        order.append("first")
    waiting.join(timeout=5)

    assert order == ["first", "second"]


def test_waiting_has_an_end(tmp_path):
    with locked(tmp_path / "lock"), pytest.raises(DevError) as failure:
        locked(tmp_path / "lock", longest_wait=0.2).__enter__()

    assert "too long" in str(failure.value)


def test_lock_can_be_removed_by_its_holder(tmp_path):
    lock = tmp_path / "lock"
    with locked(lock):
        lock.unlink()

    with locked(lock, "busy"):
        assert lock.exists()
