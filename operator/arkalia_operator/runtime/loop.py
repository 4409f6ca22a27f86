"""Workers that take systems from the queue and reconcile them. Nothing that happens ends it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from arkalia_operator import logs, metrics
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.errors import ApiError
from arkalia_operator.runtime.queue import Queue, QueueClosedError
from arkalia_operator.runtime.reconcile import Outcome

LOGGER = logging.getLogger(__name__)

ERROR: Final = "error"
"""Result of a reconcile, as controller-runtime counts it."""
LONGEST_RECONCILE_SECONDS: Final = 240.0
"""Every request in it has its own limit; this one is for what nobody thought of."""


class Reconciles(Protocol):
    """What the loop runs."""

    async def reconcile(self, key: SystemKey) -> Outcome:
        """Bring the system one step nearer."""

    async def tell_failure(self, key: SystemKey, error: BaseException) -> None:
        """Say in the status that the operator itself failed."""


class Loop:
    """Reconciles one system after the other, several at a time, never one twice at a time."""

    def __init__(self, queue: Queue[SystemKey], reconciler: Reconciles) -> None:
        self._queue = queue
        self._reconciler = reconciler

    async def run(self, workers: int) -> None:
        """Work with so many *workers* until the queue is closed."""
        metrics.MOST_WORKERS.labels(metrics.NAME).set(workers)
        async with asyncio.TaskGroup() as group:
            for number in range(workers):
                group.create_task(self._work(), name=f"worker {number}")

    async def _work(self) -> None:
        while True:
            try:
                key = await self._queue.get()
            except QueueClosedError:
                return
            try:
                with _measured(), logs.about(*key, secrets.token_hex(4)):
                    result = await self._attempt(key)
            finally:
                self._queue.done(key)
            metrics.RECONCILES.labels(metrics.NAME, result).inc()
            if result == ERROR:
                metrics.RECONCILE_ERRORS.labels(metrics.NAME).inc()

    async def _attempt(self, key: SystemKey) -> str:
        """Reconcile, and decide when again; gives the result as it is counted."""
        try:
            async with asyncio.timeout(LONGEST_RECONCILE_SECONDS):
                outcome = await self._reconciler.reconcile(key)
        except ApiError as error:
            LOGGER.warning("%s; again in %.1f s", error, self._queue.retry(key))
            return ERROR
        except Exception as error:
            await self._crashed(key, error)
            return ERROR
        self._after(key, outcome)
        return outcome.result

    def _after(self, key: SystemKey, outcome: Outcome) -> None:
        if outcome.result == "requeue":
            self._queue.retry(key)
            return
        self._queue.forget(key)
        if outcome.result == "requeue_after":
            self._queue.add_after(key, outcome.after)

    async def _crashed(self, key: SystemKey, error: Exception) -> None:
        """An error that nobody foresaw: tell it everywhere, and go on with the others."""
        metrics.RECONCILE_PANICS.labels(metrics.NAME).inc()
        delay = self._queue.retry(key)
        LOGGER.exception("The reconcile failed unexpectedly; again in %.1f s", delay)
        try:
            await self._reconciler.tell_failure(key, error)
        except Exception:
            LOGGER.exception("The failure could not be written into the status.")


@contextmanager
def _measured() -> Iterator[None]:
    with (
        metrics.ACTIVE_WORKERS.labels(metrics.NAME).track_inprogress(),
        metrics.RECONCILE_TIME.labels(metrics.NAME).time(),
    ):
        yield
