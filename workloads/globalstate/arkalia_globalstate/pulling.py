"""Pulling: one task for each module that tells events, so that none waits for another.

Whom to ask is the list of modules that this one may call; it changes while the service runs. A
module that is away is asked again after a pause that grows to `pull_pause_seconds`; what it has
told meanwhile lies in its outbox.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx
import orjson

from arkalia_contract import endpoints, events
from arkalia_contract.events import EnvelopeError, Event
from arkalia_globalstate.domain import RefusedPageError, require_recordable
from arkalia_globalstate.measures import Measures
from arkalia_globalstate.record import Record
from arkalia_globalstate.settings import RecordSettings
from arkalia_runtime import background
from arkalia_runtime.calls.callee import Callee
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError
from arkalia_runtime.database import DatabaseError
from arkalia_runtime.metrics import Metrics

logger: Final = logging.getLogger(__name__)

PAGE: Final = 500
FIRST_PAUSE_SECONDS: Final = 0.25
ANSWER_SECONDS: Final = 10
"""How much longer than it may wait for events a module may take to answer."""


class Pulling:
    """Brings the events of all modules into *record*."""

    def __init__(self, record: Record, settings: RecordSettings) -> None:
        self._record = record
        self._settings = settings
        self._measures = Measures()
        self._metrics: Metrics | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* what is recorded, and how the calls end."""
        self._metrics = metrics
        self._measures.register(metrics.registry)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Pulling"]:
        """Pull during the block."""
        assert self._metrics is not None  # noqa: S101 - the app measures its parts when it is made
        async with Calls(self._settings, self._metrics) as calls:
            try:
                async with background.running(self._watch(calls)):
                    yield self
            finally:
                await background.end(self._tasks.values())
                self._tasks.clear()

    async def _watch(self, calls: Calls) -> None:
        """Keep one task for each module that may be asked."""
        while True:
            emitters = calls.callees()
            for gone in self._tasks.keys() - emitters:
                self._tasks.pop(gone).cancel()
            for emitter in emitters - self._tasks.keys():
                following = self._follow(calls.to(emitter))
                self._tasks[emitter] = asyncio.create_task(following, name=emitter)
            await asyncio.sleep(max(self._settings.look_seconds, FIRST_PAUSE_SECONDS))

    async def _follow(self, emitter: Callee) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            reason = await self._tried(emitter)
            if not reason:
                pause = FIRST_PAUSE_SECONDS
                continue
            self._measures.failed(emitter.name, reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._settings.pull_pause_seconds)

    async def _tried(self, emitter: Callee) -> str:
        """Pull one page; returns why that failed, or nothing."""
        try:
            await self._pull(emitter)
        except CallError as error:
            return error.outcome
        except DatabaseError as error:
            return error.reason
        except (RefusedPageError, EnvelopeError, orjson.JSONDecodeError) as error:
            logger.error("Refused a page: %s", error, extra={"emitter": emitter.name})  # noqa: TRY400
            return "refused"
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            logger.warning("No events.", extra={"emitter": emitter.name, "status": status})
            return str(status)
        except Exception:
            logger.exception("Pulling failed.", extra={"emitter": emitter.name})
            return "error"
        return ""

    async def _pull(self, emitter: Callee) -> None:
        position = await self._record.position(emitter.name)
        page = await self._page(emitter, position)
        if page:
            require_recordable(page, self._source(emitter.name), position)
            if await self._record.add(emitter.name, page, position):
                self._note(emitter.name, page)

    async def _page(self, emitter: Callee, after: int) -> list[Event]:
        wait = self._settings.pull_wait_seconds
        answer = await emitter.request(
            "GET",
            endpoints.EVENTS_OUTBOX,
            timeout_seconds=wait + ANSWER_SECONDS,
            params={"after": after, "limit": PAGE, "wait": str(wait)},
        )
        answer.raise_for_status()
        return [events.from_json(each) for each in orjson.loads(answer.content)]

    def _source(self, emitter: str) -> str:
        return events.source(self._settings.namespace, self._settings.system, emitter)

    def _note(self, emitter: str, page: Sequence[Event]) -> None:
        now = datetime.now(UTC)
        delays = [(now - event.time).total_seconds() for event in page]
        self._measures.recorded(emitter, page[-1].sequence or 0, delays)
