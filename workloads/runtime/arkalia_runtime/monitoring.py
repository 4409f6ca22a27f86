"""The monitoring core: how the service is, and what it measures of itself.

`health_check()` tells what the checks found. `process()` takes numbers that the service has
measured, shows each under its name in `/metrics`, and answers how usual it is: `deviation` is the
distance from the running mean in standard deviations. Beside that the core watches the event loop.
"""

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge

from arkalia_runtime import background
from arkalia_runtime.health import Health, HealthReport
from arkalia_runtime.metrics import Metrics

BEAT_SECONDS: Final = 1.0
"""How often the loop's lag is measured."""

BEATS_SHOWN: Final = 15
"""The longest lag of so many beats is shown: the time between two scrapes."""

WEIGHT: Final = 0.05
"""Of a new number in the mean: about the last forty count."""

MOST_VALUES: Final = 64
"""Names for which numbers are taken: each is a time series."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Reading:
    """A number, seen against those before it."""

    value: float
    mean: float
    """Exponentially weighted mean, with this number."""
    deviation: float
    """How far the number is from the mean before it, in standard deviations; 0 while all before
    were equal."""


class MonitoringCore:
    """Watches one service."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._lag = metrics.loop_lag
        self._readings: dict[str, tuple[float, float]] = {}
        """Mean and variance by name."""
        self._shown = Gauge(
            "arkalia_measured_value",
            "A number that the service measured of itself, by its name.",
            ("name",),
            registry=metrics.registry,
        )

    async def health_check(self) -> HealthReport:
        """What the service's checks found."""
        return await self._health.health_check()

    async def process(self, values: Mapping[str, float]) -> dict[str, Reading]:
        """Take in *values* by their names. Raises ValueError before any is taken in."""
        for name, value in values.items():
            self._require_usable(name, value)
        return {name: self._taken_in(name, value) for name, value in values.items()}

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Measure the event loop meanwhile."""
        async with background.running(self._measure_lag()):
            yield

    async def _measure_lag(self) -> None:
        lags: deque[float] = deque(maxlen=BEATS_SHOWN)
        while True:
            start = time.perf_counter()
            await asyncio.sleep(BEAT_SECONDS)
            lags.append(max(0.0, time.perf_counter() - start - BEAT_SECONDS))
            self._lag.set(max(lags))

    def _require_usable(self, name: str, value: float) -> None:
        if not NAME.fullmatch(name):
            message = f"{name!r} is no name of a number: lower-case letters, digits and _"
            raise ValueError(message)
        if not math.isfinite(value):
            message = f"{name} is {value}: only finite numbers can be compared"
            raise ValueError(message)
        if name not in self._readings and len(self._readings) >= MOST_VALUES:
            message = f"{name} is one name too many: numbers are taken for {MOST_VALUES} names"
            raise ValueError(message)

    def _taken_in(self, name: str, value: float) -> Reading:
        self._shown.labels(name).set(value)
        mean, variance = self._readings.get(name, (value, 0.0))
        distance = value - mean
        deviation = distance / math.sqrt(variance) if variance > 0 else 0.0
        mean += WEIGHT * distance
        self._readings[name] = mean, (1 - WEIGHT) * (variance + WEIGHT * distance**2)
        return Reading(value, mean, deviation)
