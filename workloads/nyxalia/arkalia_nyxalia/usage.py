"""Usage: every event counts once, for its type and for the hour in which it happened."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from arkalia_contract import event_types
from arkalia_contract.events import Event
from arkalia_runtime.database import Connection, Database
from arkalia_runtime.moments import Moment
from arkalia_runtime.problems import Problem

TYPES: Final = tuple(sorted({each.name for each in event_types.ALL}))
"""Every type that there is."""

HOUR: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=31)
"""The longest time that one answer tells of."""

KEPT: Final = "max-age=10, stale-if-error=300"
"""Figures of hours may be some seconds old, and older ones are better than none."""

COUNT: Final = """
    INSERT INTO usage (type, hour, events) VALUES (%s, %s, 1)
    ON CONFLICT (hour, type) DO UPDATE SET events = usage.events + 1
"""
FORGET: Final = "DELETE FROM usage WHERE hour < %s"
READ: Final = """
    SELECT type, hour, events FROM usage
    WHERE hour >= %s AND hour < %s AND (%s::text IS NULL OR type = %s)
    ORDER BY hour, type
"""


class Hour(BaseModel):
    """How often a type of event happened in an hour."""

    type: str
    hour: datetime
    """Begin of the hour, UTC."""
    events: int


class Usage(BaseModel):
    """How the system was used. An hour without an event of a type has no entry for it."""

    since: datetime
    until: datetime
    hours: list[Hour]


class Counts:
    """The counts in the module's own schema."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._database = database
        self._keep = keep
        self._cleaned = datetime.min.replace(tzinfo=UTC)

    async def count(self, connection: Connection, event: Event) -> None:
        """Count *event*, in the transaction in which the reader's position moves."""
        await connection.execute(COUNT, (event.type, begin_of_hour(event.time)))
        now = begin_of_hour(datetime.now(UTC))
        if now > self._cleaned:
            await connection.execute(FORGET, (now - self._keep,))
            self._cleaned = now

    async def read(self, since: datetime, until: datetime, event_type: str | None) -> Usage:
        """What was counted in the hours that began from *since* on and before *until*."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(READ, (since, until, event_type, event_type))
            rows = await cursor.fetchall()
        hours = [
            Hour(type=name, hour=hour.astimezone(UTC), events=number) for name, hour, number in rows
        ]
        return Usage(since=since, until=until, hours=hours)


def begin_of_hour(moment: datetime) -> datetime:
    """The begin of the hour of *moment*, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def routes(counts: Counts) -> APIRouter:
    """`/usage`."""
    router = APIRouter(tags=["usage"])

    @router.get("/usage", summary="How often each type of event happened, hour by hour")
    async def read_usage(
        response: Response,
        since: Annotated[Moment | None, Query(description="Default: a day earlier.")] = None,
        until: Annotated[Moment | None, Query(description="Default: now.")] = None,
        event_type: Annotated[str | None, Query(alias="type", max_length=253)] = None,
    ) -> Usage:
        end = until or datetime.now(UTC)
        begin = begin_of_hour(since or end - timedelta(days=1))
        if not timedelta() < end - begin <= LONGEST + HOUR:
            detail = f"`since` must lie before `until`, by {LONGEST.days} days at most."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        response.headers["Cache-Control"] = KEPT
        return await counts.read(begin, end, event_type)

    return router
