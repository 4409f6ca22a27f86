"""The monitoring core: checks, numbers and how usual they are, the lag of the loop."""

import asyncio
import math
import time

import pytest

from arkalia_runtime.health import Check, Health
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.monitoring import BEAT_SECONDS, MOST_VALUES, MonitoringCore


async def fine():
    return "fine"


@pytest.fixture
def metrics():
    return Metrics("zeroia", "1")


@pytest.fixture
def core(metrics):
    return MonitoringCore(Health([Check("it", fine)], metrics, 1, 0), metrics)


async def test_health_check_tells_what_the_checks_found(core):
    report = await core.health_check()

    assert (report.status, report.checks[0].message) == ("healthy", "fine")


async def test_number_is_shown_under_its_name(core, metrics):
    await core.process({"queue_length": 7})

    shown = metrics.registry.get_sample_value("arkalia_measured_value", {"name": "queue_length"})
    assert shown == 7


async def test_number_like_those_before_deviates_little_and_another_much(core):
    for value in (10, 11, 9, 10, 11, 9, 10, 11, 9, 10):
        usual = (await core.process({"load": value}))["load"]

    unusual = (await core.process({"load": 30}))["load"]

    assert abs(usual.deviation) < 2
    assert unusual.deviation > 10
    assert 9 < usual.mean < 11


async def test_first_number_is_the_mean_and_deviates_from_nothing(core):
    reading = (await core.process({"load": 5}))["load"]

    assert (reading.value, reading.mean, reading.deviation) == (5, 5, 0)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("Load", 1, "is no name of a number"),
        ("load", math.nan, "only finite numbers"),
        ("load", math.inf, "only finite numbers"),
    ],
)
async def test_value_is_refused_when_it_cannot_be_shown_or_compared(core, name, value, complaint):
    with pytest.raises(ValueError, match=complaint):
        await core.process({"fine": 1, name: value})

    assert "fine" not in core._readings


async def test_names_are_bounded(core):
    await core.process({f"n{number}": 1 for number in range(MOST_VALUES)})

    with pytest.raises(ValueError, match="one name too many"):
        await core.process({"another": 1})


async def test_lag_of_a_blocked_loop_is_shown(core, metrics):
    async with core.watching():
        await asyncio.sleep(0)
        time.sleep(BEAT_SECONDS + 0.3)  # noqa: ASYNC251 - the loop is blocked on purpose
        await asyncio.sleep(0.1)

    assert metrics.registry.get_sample_value("arkalia_event_loop_lag_seconds") > 0.25
