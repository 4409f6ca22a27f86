"""What one reconcile costs before the first request: render, compare, judge."""

import statistics
import time
from datetime import UTC, datetime

import pytest

from arkalia_operator import catalogue
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.judge import judge
from arkalia_operator.planning.observed import ChildRecord, Observed
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.plan import key_of, plan

TEN = [f"module-{number}" for number in range(10)]
ROUNDS = 200
OPTIONAL_KINDS = frozenset({"ServiceMonitor", "PrometheusRule"})


@pytest.fixture(scope="module")
def ten_modules():
    """Modules of the real size: the description of helloria under ten names."""
    version, builtin = max(catalogue.load().items())
    modules = {name: ArkaliaModule(name, builtin["helloria"].spec) for name in TEN}
    return Modules({version: modules}, {}, {}, Defaults(version, "images.example.com"))


@pytest.fixture(scope="module")
def system():
    metadata = {"name": "luna", "namespace": "arkalia", "uid": "u-1", "generation": 1}
    return ArkaliaSystem.from_body({"metadata": metadata, "spec": {}})


def converged(system, desired):
    """A cluster in which everything is as *desired*."""
    records = (
        ChildRecord(key_of(m), f"u-{number}", "1", 1, system.uid, fingerprint(m))
        for number, m in enumerate(desired.manifests)
    )
    return Observed({record.key: record for record in records}, served=OPTIONAL_KINDS)


def median_milliseconds(work):
    durations = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations) * 1000


def test_ten_modules_are_rendered(system, ten_modules, figure):
    children = len(desired_state(system, ten_modules).manifests)

    duration = median_milliseconds(lambda: desired_state(system, ten_modules))

    figure("children of ten modules", children, "objects")
    figure("render ten modules", duration, "ms")
    assert duration < 250


def test_converged_system_is_planned(system, ten_modules, figure):
    desired = desired_state(system, ten_modules)
    observed = converged(system, desired)

    duration = median_milliseconds(lambda: plan(system, desired, observed))

    figure("plan a converged system of ten modules", duration, "ms")
    assert duration < 250


def test_converged_system_is_judged(system, ten_modules, figure):
    desired = desired_state(system, ten_modules)
    evidence = Evidence(system, desired, converged(system, desired))

    duration = median_milliseconds(lambda: judge(evidence, datetime(2026, 1, 1, tzinfo=UTC)))

    figure("judge a system of ten modules", duration, "ms")
    assert duration < 250
