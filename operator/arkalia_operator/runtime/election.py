"""Which of several operators works: one that holds the Lease leads, until it does not any more.

All of them know the cluster, so who takes over begins at once. A process that stops leading goes
on as one that waits: it does not have to end for that, because the client sends no write for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from arkalia_operator import metrics
from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.lease import Lease
from arkalia_operator.errors import ApiError
from arkalia_operator.runtime.supervision import cancel

LOGGER = logging.getLogger(__name__)

Lead = Callable[[], Coroutine[Any, Any, None]]


class StillLeadingError(RuntimeError):
    """What only a leader does has not ended, so the process must."""


class Election:
    """Takes the lease, keeps it, and leads while it is held."""

    def __init__(self, lease: Lease, name: str) -> None:
        self._lease = lease
        self._leading: Final = metrics.LEADER.labels(name)
        self._age: Final = metrics.LEASE_AGE.labels(name)
        self._resigned = False
        self._leading.set(0)
        self.alive_at = 0.0
        """When it last asked the API server, with or without an answer (loop time)."""

    @property
    def age(self) -> float | None:
        """Seconds since the lease was renewed; None while another operator holds it."""
        return self._lease.age()

    def measure(self) -> None:
        """Write the age of the lease into its metric."""
        self._age.set(self.age or 0.0)

    async def run(self, lead: Lead) -> None:
        """Run *lead* whenever the lease is held, and cancel it when it is lost. Never ends."""
        while True:
            await self._win()
            LOGGER.info("This operator leads: %s.", self._lease.identity)
            self._leading.set(1)
            try:
                await self._serve(lead)
            finally:
                self._leading.set(0)
            LOGGER.warning("This operator does not lead any more.")

    async def resign(self) -> None:
        """Let somebody else lead, at once and for good."""
        self._resigned = True
        try:
            await self._lease.release()
        except ApiError as error:
            LOGGER.warning("The lease was not given back, it expires: %s", error)

    async def _win(self) -> None:
        others = ""
        while not await self._attempt():
            if self._lease.holder != others:
                others = self._lease.holder
                LOGGER.info("Another operator leads: %s.", others)
            await asyncio.sleep(jittered(self._lease.terms.retry_seconds))

    async def _serve(self, lead: Lead) -> None:
        """Lead and renew. What ends *lead* by itself is raised."""
        leading = asyncio.create_task(lead(), name="leading")
        keeping = asyncio.create_task(self._keep(), name="keeping the lease")
        try:
            ended, _ = await asyncio.wait({leading, keeping}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            if leading in await cancel([leading, keeping]):
                # Led again beside it, a system would be written by two.
                raise StillLeadingError

    async def _keep(self) -> None:
        """Renew until the lease is not held any more."""
        terms = self._lease.terms
        pause, clock = terms.renew_seconds, asyncio.get_running_loop().time
        while self._lease.remaining() > 0:
            await asyncio.sleep(pause)
            began = clock()
            held = await self._attempt()
            pause = terms.renew_seconds if held else began + terms.retry_seconds - clock()

    async def _attempt(self) -> bool:
        self.alive_at = asyncio.get_running_loop().time()
        if self._resigned:
            return False
        try:
            return await self._lease.attempt()
        except ApiError as error:
            LOGGER.warning("Who leads cannot be told, it is asked again: %s", error)
            return False
