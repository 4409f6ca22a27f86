"""What holds for every test."""

import sys

import pytest
from hypothesis import is_hypothesis_test, settings

# Machines that run several things at once are slow for a moment; no property is about time.
settings.register_profile("arkalia", deadline=None)
settings.load_profile("arkalia")

FIRST = {"arkalia_taskia", "arkalia_runtime"}
"""Folders of tests that start processes and wait for them."""


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no worker of xdist is left with one."""
    items.sort(key=lambda item: FIRST.isdisjoint(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Measure no coverage in a property: it runs the lines of the examples a thousand times.

    The marker `no_cover` of pytest-cov 7.1 does not reach the workers of xdist.
    """
    measuring = sys.gettrace()
    if measuring is None or not is_hypothesis_test(getattr(item, "obj", None)):
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(measuring)
