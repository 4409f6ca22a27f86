"""What holds for every test."""

import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, is_hypothesis_test, settings

from volume import SOAK

# libyaml reads as the parser in Python does, ten times as fast.
yaml.SafeLoader = yaml.CSafeLoader

# Machines that run several things at once are slow for a moment; no property is about time.
settings.register_profile(
    "arkalia",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(SOAK, parent=settings.get_profile("arkalia"))
settings.load_profile("arkalia")

SETUPS_LOST = pytest.StashKey[Counter[Path]]()
ENOUGH = 2
"""Times in a row that the set-up of a file's tests may fail: one test, and that one again."""

FIRST = {"arkalia_taskia", "arkalia_runtime"}
"""Folders of tests that start processes and wait for them."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Where nothing but long suites is asked for, a property is tried with thousands of examples."""
    if config.option.markexpr == SOAK:
        settings.load_profile(SOAK)
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.register(AtOnce(terminal))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Begin with the files that take longest, so that no worker of xdist is left with one."""
    items.sort(key=lambda item: FIRST.isdisjoint(item.path.parts))
    if config.option.markexpr == SOAK:
        for item in items:
            if item.get_closest_marker("volume"):
                item.add_marker(SOAK)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Fail at once where what the tests of a file share could not be made.

    Each of them would wait as long for it as the first one did.
    """
    if item.session.stash.setdefault(SETUPS_LOST, Counter())[item.path] >= ENOUGH:
        message = f"the set-up of {item.path.name} failed {ENOUGH} times in a row: see there"
        pytest.fail(message, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "setup":
        lost = item.session.stash[SETUPS_LOST]
        lost[item.path] = lost[item.path] + 1 if report.failed else 0
    return report


class AtOnce:
    """Names a test that failed while the others still run: who ends the run early wants to know."""

    def __init__(self, terminal):
        self._terminal = terminal

    def pytest_runtest_logreport(self, report):
        if report.outcome in {"failed", "rerun"}:
            said = str(report.longrepr).strip().splitlines() or [""]
            why = next((each[1:].strip() for each in said if each.startswith("E ")), said[-1])
            words = f"{report.outcome}: {report.nodeid} ({report.when}) {why}"
            self._terminal.write_line(f"\n{words}")


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
