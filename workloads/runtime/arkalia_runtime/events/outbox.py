"""The outbox: what a module has to tell lies in its own schema until the record has it.

An event is a row of the caller's transaction, so it is told if and only if its fact was committed.
The record asks for what comes after the last event that it has stored, and that is its
confirmation: rows that are confirmed and a week old are removed. What is not confirmed stays, up
to a million events; beyond that publishing fails with 503, because the alternative is to lose some
of them. A module that no record has ever asked keeps the last week.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from psycopg.rows import TupleRow

from arkalia_contract import endpoints, events
from arkalia_contract.events import Event
from arkalia_runtime import background, logs
from arkalia_runtime.database import Connection, Database, DatabaseError
from arkalia_runtime.events import forms, pages
from arkalia_runtime.events.forms import InvalidEventError
from arkalia_runtime.events.measures import Told
from arkalia_runtime.events.news import News
from arkalia_runtime.events.pages import After, Limit, Wait
from arkalia_runtime.ids import new_id
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings

logger: Final = logging.getLogger(__name__)

KEEP: Final = timedelta(days=7)
"""How long a confirmed event stays: a record that was restored from a backup can ask again."""

CLEAN_SECONDS: Final = 60
CLEAN_ROWS: Final = 5000
"""Removed at once, so that a transaction stays short."""

PUBLISH: Final = """
    INSERT INTO outbox (id, type, schema_version, stream, time, data, traceparent, size)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
PAGE: Final = """
    SELECT id, type, schema_version, stream, time, data, traceparent, sequence
    FROM (
        SELECT *, sum(size) OVER (ORDER BY sequence) - size AS bytes_before
        FROM (SELECT * FROM outbox WHERE sequence > %s ORDER BY sequence LIMIT %s) AS next
    ) AS measured
    WHERE bytes_before < %s
    ORDER BY sequence
"""
CONFIRM: Final = """
    UPDATE outbox_head SET confirmed = greatest(confirmed, least(sequence, %s)), confirmed_at = now()
    RETURNING sequence - confirmed, capacity
"""
CLEAN: Final = """
    WITH gone AS (
        DELETE FROM outbox WHERE id IN (
            SELECT outbox.id FROM outbox, outbox_head AS head
            WHERE outbox.time < %s
              AND (outbox.sequence <= head.confirmed OR head.confirmed_at IS NULL)
            ORDER BY outbox.sequence LIMIT %s
        )
        RETURNING sequence
    )
    SELECT count(*), max(sequence) FROM gone
"""
FILLED: Final = "SELECT sequence - confirmed, capacity FROM outbox_head"
NEVER_ASKED: Final = """
    UPDATE outbox_head SET confirmed = greatest(confirmed, %s) WHERE confirmed_at IS NULL
"""


class Outbox:
    """What this module has to tell."""

    def __init__(self, database: Database, settings: ServiceSettings, emits: Iterable[str]) -> None:
        self._database = database
        self._source = events.source(settings.namespace, settings.system, settings.module)
        self._told = Told()
        self._confirmed_at = float("-inf")
        self._confirmed = -1
        self.emits = frozenset(emits)
        """Types that the module's description says it emits: no others can be published."""
        self.news = News()
        """Told when this pod has published something."""
        self.router = self._routes()

    @classmethod
    def of(
        cls, database: Database, settings: ServiceSettings, emits: Iterable[str] = ()
    ) -> "Outbox":
        """The outbox of the module whose schema *database* is; it *emits* these types."""
        return cls(database, settings, emits)

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* what is told."""
        self._told.register(metrics.registry)

    async def publish(
        self,
        connection: Connection,
        event_type: str,
        stream: str,
        data: Mapping[str, Any],
        version: int = 1,
    ) -> Event:
        """Tell *data*, if and when the transaction of *connection* is committed.

        Raises InvalidEventError for what the registry or the module's description does not know.
        The commit raises DatabaseUnavailableError while the outbox is full.
        """
        event, row = self._new(event_type, stream, data, version)
        await connection.execute(PUBLISH, row)
        connection.after_commit(self.news.tell)
        connection.after_commit(self._told.published.labels(event_type).inc)
        return event

    async def tell(
        self, event_type: str, stream: str, data: Mapping[str, Any], version: int = 1
    ) -> Event:
        """Tell *data*, which belongs to no other change, in one round trip.

        Raises InvalidEventError as `publish` does, and DatabaseError.
        """
        event, row = self._new(event_type, stream, data, version)
        await self._database.run(PUBLISH, row)
        self.news.tell()
        self._told.published.labels(event_type).inc()
        return event

    def _new(
        self, event_type: str, stream: str, data: Mapping[str, Any], version: int
    ) -> tuple[Event, tuple[Any, ...]]:
        """An event, and its row."""
        if event_type not in self.emits:
            message = f"{event_type} is none of the types that this module says it emits"
            raise InvalidEventError(message)
        text = forms.dumped(event_type, version, data)
        event = Event(
            id=str(new_id()),
            source=self._source,
            type=event_type,
            schema_version=version,
            stream=stream,
            time=datetime.now(UTC),
            data=data,
            traceparent=logs.traceparent.get() or "",
        )
        row = (event.id, event.type, version, stream, event.time, text.decode(), event.traceparent)
        return event, (*row, len(text))

    async def page(self, after: int, limit: int) -> list[Event]:
        """The events that come after the sequence *after*, at most *limit*, in order."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(PAGE, (after, limit, pages.MOST_BYTES))
            return [self._event(row) for row in await cursor.fetchall()]

    async def confirm(self, after: int) -> None:
        """Note that the record has everything up to the sequence *after*."""
        if after <= self._confirmed and time.monotonic() - self._confirmed_at < CLEAN_SECONDS:
            return
        async with self._database.transaction() as connection:
            cursor = await connection.execute(CONFIRM, (after,))
            self._show(await cursor.fetchone())
        self._confirmed, self._confirmed_at = after, time.monotonic()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Outbox"]:
        """Remove old events from time to time, during the block.

        A module with Redis also has `wakes.Wakes` for its `news`.
        """
        async with background.running(self._keep_clean()):
            yield self

    async def clean(self, older_than: datetime) -> int:
        """Remove events that nobody needs any more; returns how many, CLEAN_ROWS at most."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(CLEAN, (older_than, CLEAN_ROWS))
            row = await cursor.fetchone()
            assert row is not None  # noqa: S101 - an aggregate always gives one
            number, last = row
            if number:
                await connection.execute(NEVER_ASKED, (last,))
            cursor = await connection.execute(FILLED)
            self._show(await cursor.fetchone())
        self._told.removed.inc(number)
        return int(number)

    def _show(self, filled: TupleRow | None) -> None:
        assert filled is not None  # noqa: S101 - outbox_head has one row
        self._told.unconfirmed.set(filled[0])
        self._told.capacity.set(filled[1])

    async def _keep_clean(self) -> None:
        while True:
            try:
                more = await self.clean(datetime.now(UTC) - KEEP) == CLEAN_ROWS
            except DatabaseError:
                more = False
            except Exception:
                logger.exception("Cleaning the outbox failed.")
                more = False
            await asyncio.sleep(0 if more else CLEAN_SECONDS)

    def _event(self, row: TupleRow) -> Event:
        identifier, name, version, stream, moment, data, traceparent, sequence = row
        return Event(
            id=str(identifier),
            source=self._source,
            type=name,
            schema_version=version,
            stream=stream,
            time=moment,
            data=data,
            sequence=sequence,
            traceparent=traceparent,
        )

    def _routes(self) -> APIRouter:
        router = APIRouter(tags=["events"])

        @router.get(
            endpoints.EVENTS_OUTBOX,
            summary="What this module has to tell, in the order in which it was committed",
            response_class=Response,
        )
        async def read_outbox(
            request: Request, after: After = 0, limit: Limit = 500, wait: Wait = 0
        ) -> Response:
            await self.confirm(after)
            health = request.app.state.health
            return await pages.awaited(lambda: self.page(after, limit), self.news, health, wait)

        return router
