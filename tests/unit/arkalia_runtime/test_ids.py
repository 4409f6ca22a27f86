"""Ids: those that are made later come later."""

import time

from arkalia_runtime.ids import new_id


def test_ids_are_of_version_7_and_sort_by_time():
    first = new_id()
    time.sleep(0.002)
    second = new_id()

    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first < second
    assert abs((first.int >> 80) / 1000 - time.time()) < 60
