"""Measures once a second how late the event loop is, and how old what is known is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from arkalia_operator import metrics

PULSE_SECONDS: Final = 1.0


class Pulse:
    """The lag of the event loop."""

    def __init__(self, measure: Callable[[], None]) -> None:
        self._measure = measure
        self.lag = 0.0
        """Seconds that the loop was late at the last beat."""

    async def run(self) -> None:
        """Beat until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + PULSE_SECONDS
            await asyncio.sleep(PULSE_SECONDS)
            self.lag = max(0.0, clock() - due)
            metrics.LOOP_LAG.set(self.lag)
            self._measure()
