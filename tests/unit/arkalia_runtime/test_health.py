"""Health: what the checks find, and what the four paths say about it."""

import asyncio
import logging
import time

import pytest

from arkalia_runtime.health import Check, Health, UnhealthyError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem

REFUSED = "connection refused"
SECRET = "password=hunter2"


async def fine():
    return "reached"


async def broken():
    raise UnhealthyError(REFUSED)


async def faulty():
    raise KeyError(SECRET)


async def silent():
    await asyncio.sleep(60)


class Counted:
    """A check that knows how often it ran."""

    def __init__(self, seconds=0.0):
        self.runs = 0
        self.seconds = seconds

    async def __call__(self):
        self.runs += 1
        await asyncio.sleep(self.seconds)
        return "counted"


def a_health(*checks, timeout_seconds=1.0, cache_seconds=0.0):
    return Health(checks, Metrics("m", "1"), timeout_seconds, cache_seconds)


def ready_gauge(health):
    return health._metrics.registry.get_sample_value("arkalia_ready")


async def status(health):
    return (await health.health_check()).status


async def test_service_is_healthy_when_it_has_no_checks():
    assert await status(a_health()) == "healthy"


async def test_service_is_healthy_when_every_check_is():
    assert await status(a_health(Check("a", fine), Check("b", fine))) == "healthy"


async def test_service_is_unhealthy_when_a_required_check_fails():
    assert await status(a_health(Check("a", fine), Check("b", broken))) == "unhealthy"


async def test_service_is_degraded_when_it_can_do_without_what_fails():
    health = a_health(Check("a", fine), Check("b", broken, required=False))

    assert await status(health) == "degraded"
    await health.require_ready()


async def test_result_says_what_each_check_found():
    report = await a_health(Check("a", fine), Check("b", broken)).health_check()

    found = [(each.name, each.healthy, each.message) for each in report.checks]
    assert found == [("a", True, "reached"), ("b", False, "connection refused")]
    assert all(0 <= each.duration_seconds < 1 for each in report.checks)


async def test_check_fails_when_it_gives_no_answer_in_time():
    report = await a_health(Check("slow", silent), timeout_seconds=0.01).health_check()

    assert [(each.healthy, each.message) for each in report.checks] == [
        (False, "no answer within 0.01 s")
    ]


async def test_unforeseen_error_goes_to_the_log_and_only_its_name_to_the_asker(caplog):
    report = await a_health(Check("odd", faulty)).health_check()

    assert [each.message for each in report.checks] == ["KeyError; the log says more"]
    assert SECRET in caplog.text


async def test_checks_run_at_the_same_time():
    health = a_health(*(Check(str(n), Counted(0.1)) for n in range(10)))
    start = time.monotonic()

    await health.health_check()

    assert time.monotonic() - start < 0.5


async def test_result_is_used_again_while_it_is_fresh():
    counted = Counted()
    health = a_health(Check("c", counted), cache_seconds=60)

    await health.health_check()
    await health.health_check()

    assert counted.runs == 1


async def test_checks_run_again_when_the_result_is_stale():
    counted = Counted()
    health = a_health(Check("c", counted), cache_seconds=0)

    await health.health_check()
    await health.health_check()

    assert counted.runs == 2


async def test_askers_at_the_same_time_share_one_run():
    counted = Counted(0.05)
    health = a_health(Check("c", counted), cache_seconds=60)

    await asyncio.gather(*(health.health_check() for _ in range(20)))

    assert counted.runs == 1


async def test_asker_who_leaves_does_not_take_the_answer_from_the_next():
    health = a_health(Check("c", Counted(0.05)), cache_seconds=60)
    leaving = asyncio.create_task(health.health_check())
    staying = asyncio.create_task(health.health_check())
    await asyncio.sleep(0.01)

    leaving.cancel()

    assert (await staying).status == "healthy"


async def test_service_is_not_ready_when_a_required_check_fails():
    health = a_health(Check("db", broken), Check("cache", broken, required=False))

    with pytest.raises(Problem) as caught:
        await health.require_ready()

    assert (caught.value.status_code, caught.value.detail) == (503, "db: connection refused")
    assert ready_gauge(health) == 0


async def test_service_is_not_ready_when_it_drains():
    health = a_health()
    await health.health_check()
    assert ready_gauge(health) == 1

    health.drain()

    with pytest.raises(Problem, match="stopping"):
        await health.require_ready()
    assert await status(health) == "healthy"
    assert ready_gauge(health) == 0


async def test_change_of_health_is_logged_once(caplog):
    health = a_health(Check("db", broken))

    with caplog.at_level(logging.WARNING):
        await health.health_check()
        await health.health_check()

    assert [record.getMessage() for record in caplog.records] == [
        "Health changed from healthy to unhealthy."
    ]
