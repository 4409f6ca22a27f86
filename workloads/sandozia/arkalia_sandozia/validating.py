"""`/validate`: answers are examined in threads, a few at once, each within its time."""

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter

from arkalia_runtime import deadline, logs
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.events import Outbox
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem
from arkalia_sandozia.forms import Asked, Outcome, Record
from arkalia_sandozia.measures import Measures
from arkalia_sandozia.settings import ValidationSettings
from arkalia_sandozia.validation import Validation, validate

logger: Final = logging.getLogger(__name__)

VALIDATED: Final = "io.arkalia.chat.answer.validated"

AT_ONCE: Final = 2
"""Examinations: they take a processor each, and Python runs one at a time."""
MOST_WAITING: Final = 64
"""Requests that wait for their turn; others are told to come again."""
RECORD_SECONDS: Final = 1.0
"""How long an answer waits for its event to be written, and never more than a third of what its caller
still waits: the outcome shall reach it in time."""
MOST_REASONS: Final = 20
"""In an event."""


class Validating:
    """Examines answers, measures it, and tells what came of it."""

    def __init__(self, outbox: Outbox, settings: ValidationSettings) -> None:
        self._outbox = outbox
        self._seconds = settings.validation_seconds
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._measures = Measures()
        self.router = self._routes()

    def open(self) -> AbstractAsyncContextManager[None]:
        """Nothing has to be held."""
        return nullcontext()

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* what is found."""
        self._measures.register(metrics.registry)

    async def outcome(self, asked: Asked) -> Outcome:
        """What the examination of *asked* finds. Raises a 503 Problem if too many wait."""
        if self._waiting >= MOST_WAITING:
            detail = f"{MOST_WAITING} answers wait to be examined: try again in a second."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        self._waiting += 1
        try:
            async with self._turns:
                found, seconds = await asyncio.to_thread(self._examined, asked)
        finally:
            self._waiting -= 1
        self._note(found, seconds)
        recorded = asked.record is not None and await self._record(asked.record, found)
        return Outcome.of(found, seconds, recorded=recorded)

    def _examined(self, asked: Asked) -> tuple[Validation, float]:
        start = time.monotonic()
        end = start + self._seconds
        found = validate(asked.question(), lambda: time.monotonic() < end)
        return found, time.monotonic() - start

    def _note(self, found: Validation, seconds: float) -> None:
        self._measures.score.observe(found.score)
        self._measures.seconds.observe(seconds)
        self._measures.partial.inc(found.is_partial)
        for each in found.findings:
            self._measures.findings.labels(each.check, each.severity).inc()

    async def _record(self, record: Record, found: Validation) -> bool:
        """Tell the outcome. An answer is worth more than its event: it does not wait long."""
        seconds = min(RECORD_SECONDS, deadline.left(3 * RECORD_SECONDS) / 3)
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.tell(VALIDATED, record.conversation_id, _event(record, found))
        except (DatabaseError, TimeoutError) as error:
            self._measures.unrecorded.inc()
            logger.warning("The outcome of a validation was not told: %r", error)
            return False
        return True

    def _routes(self) -> APIRouter:
        router = APIRouter(tags=["validation"])

        @router.post("/validate", summary="How probable it is that an answer holds, and why")
        async def validate_answer(asked: Asked) -> Outcome:
            return await self.outcome(asked)

        return router


def _event(record: Record, found: Validation) -> dict[str, Any]:
    reasons = [f"{each.check}: {each.wrong}" for each in found.findings[:MOST_REASONS]]
    return {
        "conversation_id": record.conversation_id,
        "message_id": record.message_id,
        "validation_score": round(found.score, 4),
        "reasons": reasons,
        "request_id": logs.request_id.get() or "",
    }
