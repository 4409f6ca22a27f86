"""Which release an upgrade starts from."""

import pytest

from cluster.baseline import last


@pytest.mark.parametrize(
    ("tags", "release"),
    [
        ("", ""),
        ("v0.1.0\nv0.2.0\n", "v0.2.0"),
        ("v0.9.0\nv0.10.0\n", "v0.10.0"),
        ("v1.0.0\nv1.1.0-rc.1\n", "v1.0.0"),
        ("version\nv1\nnightly\n", ""),
    ],
)
def test_last_release_is_the_highest_that_is_no_trial(tags, release):
    assert last(tags) == release
