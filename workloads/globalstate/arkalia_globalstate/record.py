"""The record: one sequence of the events of all modules, which is only added to.

A page of a module is stored together with the position up to which that module was asked. So each
event is there once, however often it is fetched, and after any crash the next page is the right
one. Several pods may fetch the same page: the second one finds the position moved.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from psycopg.rows import TupleRow

from arkalia_contract import endpoints
from arkalia_contract.events import Event
from arkalia_globalstate.domain import chosen
from arkalia_runtime.database import Connection, Database
from arkalia_runtime.events import pages
from arkalia_runtime.events.news import News
from arkalia_runtime.events.pages import After, Limit, Wait
from arkalia_runtime.events.positions import Position

NUMBER: Final = "UPDATE record_head SET sequence = sequence + %s RETURNING sequence - %s"
ADD: Final = """
    INSERT INTO record (sequence, source, source_sequence, id, type, schema_version, stream, time,
                        data, traceparent, size)
    SELECT %s + place, source, source_sequence, id, type, schema_version, stream, time, data::json,
           traceparent, octet_length(data)
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::int[], %s::text[],
                %s::timestamptz[], %s::text[], %s::text[])
         WITH ORDINALITY AS page (source, source_sequence, id, type, schema_version, stream, time,
                                  data, traceparent, place)
"""
PAGE: Final = """
    SELECT sequence, source, source_sequence, id, type, schema_version, stream, time, data,
           traceparent
    FROM (
        SELECT *, sum(size) OVER (ORDER BY sequence) - size AS bytes_before
        FROM (
            SELECT * FROM record
            WHERE sequence > %s AND (%s::text[] = '{}' OR type = ANY (%s))
            ORDER BY sequence LIMIT %s
        ) AS next
    ) AS measured
    WHERE bytes_before < %s
    ORDER BY sequence
"""

Types = Annotated[
    str, Query(max_length=4096, description="Event types, with commas between; empty for all.")
]


class Record:
    """The record, in the module's own schema."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.news = News()
        """Told when this pod has recorded something."""

    async def position(self, emitter: str) -> int:
        """Up to which sequence the events of *emitter* are recorded."""
        async with self._database.transaction() as connection:
            return await _position_in(emitter).read(connection)

    async def add(self, emitter: str, page: Sequence[Event], position: int) -> bool:
        """Record *page*, which *emitter* told after *position*, unless another pod has done so."""
        held, last = _position_in(emitter), page[-1].sequence
        assert last is not None  # noqa: S101 - `domain.require_recordable` has seen to it
        async with self._database.transaction() as connection:
            if not await held.holds(connection, position):
                return False
            await held.move(connection, last)
            # Last, since it is what pods with other pages wait for.
            await _append(connection, page)
            connection.after_commit(self.news.tell)
        return True

    async def page(self, after: int, types: list[str], limit: int) -> list[Event]:
        """What is recorded after the sequence *after*, in order."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(PAGE, (after, types, types, limit, pages.MOST_BYTES))
            return [_event(row) for row in await cursor.fetchall()]

    @property
    def router(self) -> APIRouter:
        """`GET /events`."""
        router = APIRouter(tags=["events"])

        @router.get(
            endpoints.EVENTS,
            summary="The events of all modules, in the record's order",
            response_class=Response,
        )
        async def read_events(
            request: Request,
            after: After = 0,
            types: Types = "",
            limit: Limit = 500,
            wait: Wait = 0,
        ) -> Response:
            names, health = chosen(types), request.app.state.health
            return await pages.awaited(
                lambda: self.page(after, names, limit), self.news, health, wait
            )

        return router


async def _append(connection: Connection, page: Sequence[Event]) -> None:
    cursor = await connection.execute(NUMBER, (len(page), len(page)))
    [(before,)] = await cursor.fetchall()
    columns = (
        [event.source for event in page],
        [event.sequence for event in page],
        [event.id for event in page],
        [event.type for event in page],
        [event.schema_version for event in page],
        [event.stream for event in page],
        [event.time for event in page],
        [orjson.dumps(event.data).decode() for event in page],
        [event.traceparent for event in page],
    )
    await connection.execute(ADD, (before, *columns))


def _event(row: TupleRow) -> Event:
    sequence, source, source_sequence, identifier, name, version, stream, moment, data, trace = row
    return Event(
        id=identifier,
        source=source,
        type=name,
        schema_version=version,
        stream=stream,
        time=moment,
        data=data,
        sequence=source_sequence,
        traceparent=trace,
        record_sequence=sequence,
    )


def _position_in(emitter: str) -> Position:
    return Position(f"outbox of {emitter}")
