"""What holds for every test."""

import sys

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from volume import SOAK

# Machines that run several things at once are slow for a moment; no property is about time.
settings.register_profile(
    "arkalia",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(SOAK, parent=settings.get_profile("arkalia"))
settings.load_profile("arkalia")

FIRST = {"arkalia_taskia", "arkalia_runtime"}
"""Folders of tests that start processes and wait for them."""


def pytest_configure(config):
    """Where nothing but long suites is asked for, a property is tried with thousands of examples."""
    if config.option.markexpr == SOAK:
        settings.load_profile(SOAK)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Begin with the files that take longest, so that no worker of xdist is left with one."""
    items.sort(key=lambda item: FIRST.isdisjoint(item.path.parts))
    if config.option.markexpr == SOAK:
        for item in items:
            if item.get_closest_marker("volume"):
                item.add_marker(SOAK)


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
