"""Health: named checks, asked together, each within a time limit, and not again for a moment.

Live means that the process answers: no check can end it, since a restart heals no database.
Ready means that it should get requests: every required check is healthy and it is not stopping.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from arkalia_contract import endpoints
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem

logger: Final = logging.getLogger(__name__)


class UnhealthyError(Exception):
    """Raised by a check; its message is shown to whoever asks."""


@dataclass(frozen=True)
class Check:
    """A question about something that the service needs."""

    name: str
    run: Callable[[], Awaitable[str]]
    """Returns a sentence about what it found; raises UnhealthyError, or anything else."""
    required: bool = True
    """Whether the service must not get requests while it fails."""


class CheckResult(BaseModel):
    """What a check found."""

    name: str
    healthy: bool
    required: bool
    message: str
    duration_seconds: float


class HealthReport(BaseModel):
    """What all checks found. Degraded: only checks fail that the service can do without."""

    status: Literal["healthy", "degraded", "unhealthy"]
    checked_at: datetime
    checks: list[CheckResult]


class Alive(BaseModel):
    """The answer of a service that works."""

    status: str


class Health:
    """Answers for the whole service; `health_check()` of the monitoring core asks it."""

    def __init__(
        self,
        checks: Sequence[Check],
        metrics: Metrics,
        timeout_seconds: float,
        cache_seconds: float,
    ) -> None:
        self._checks = tuple(checks)
        self._metrics = metrics
        self._timeout_seconds = timeout_seconds
        self._cache_seconds = cache_seconds
        self._lock = asyncio.Lock()
        self._report: HealthReport | None = None
        self._stale_at = 0.0
        self.draining = False

    def drain(self) -> None:
        """From now on the service is not ready, whatever the checks say."""
        self.draining = True
        self._metrics.ready.set(0)

    async def health_check(self) -> HealthReport:
        """The checks' result, at most `check_cache_seconds` old. Callers at once share one run."""
        async with self._lock:
            if self._report is None or time.monotonic() >= self._stale_at:
                self._remember(await self._examine())
            assert self._report is not None  # noqa: S101 - the line above has set it
            return self._report

    async def require_healthy(self) -> HealthReport:
        """The result; raises a 503 Problem that names the failing checks."""
        report = await self.health_check()
        if report.status == "unhealthy":
            failing = [each for each in report.checks if each.required and not each.healthy]
            detail = "; ".join(f"{each.name}: {each.message}" for each in failing)
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        return report

    async def require_ready(self) -> None:
        """Raises a 503 Problem while the service stops or a required check fails."""
        if self.draining:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The service is stopping.")
        await self.require_healthy()

    async def _examine(self) -> HealthReport:
        results = await asyncio.gather(*(self._result(check) for check in self._checks))
        return HealthReport(status=_status(results), checked_at=datetime.now(UTC), checks=results)

    async def _result(self, check: Check) -> CheckResult:
        start = time.perf_counter()
        healthy, message = await self._asked(check)
        return CheckResult(
            name=check.name,
            healthy=healthy,
            required=check.required,
            message=message,
            duration_seconds=round(time.perf_counter() - start, 6),
        )

    async def _asked(self, check: Check) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return True, await check.run()
        except UnhealthyError as error:
            return False, str(error)
        except TimeoutError:
            return False, f"no answer within {self._timeout_seconds:g} s"
        except Exception as error:
            logger.exception("Health check failed.", extra={"check": check.name})
            return False, f"{type(error).__name__}; the log says more"

    def _remember(self, report: HealthReport) -> None:
        before = self._report.status if self._report else "healthy"
        if report.status != before:
            logger.warning(
                "Health changed from %s to %s.",
                before,
                report.status,
                extra={"checks": [each.model_dump() for each in report.checks]},
            )
        self._report = report
        self._stale_at = time.monotonic() + self._cache_seconds
        self._metrics.ready.set(not self.draining and report.status != "unhealthy")


def routes(health: Health) -> APIRouter:
    """The four health paths of the contract."""
    router = APIRouter(tags=["operation"])

    @router.get(endpoints.HEALTH, summary="Whether the service works")
    async def read_health() -> Alive:
        return Alive(status=(await health.require_healthy()).status)

    @router.get(endpoints.HEALTH_LIVE, summary="Whether the process answers")
    async def read_liveness() -> Alive:
        return Alive(status="alive")

    @router.get(endpoints.HEALTH_READY, summary="Whether the service should get requests")
    async def read_readiness() -> Alive:
        await health.require_ready()
        return Alive(status="ready")

    @router.get(endpoints.HEALTH_DETAILED, summary="What each check found")
    async def read_details() -> HealthReport:
        return await health.health_check()

    return router


def _status(results: Sequence[CheckResult]) -> Literal["healthy", "degraded", "unhealthy"]:
    if all(each.healthy for each in results):
        return "healthy"
    if any(each.required and not each.healthy for each in results):
        return "unhealthy"
    return "degraded"
