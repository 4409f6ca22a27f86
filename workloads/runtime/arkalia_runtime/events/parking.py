"""Events that a reader could not handle: they wait aside, and later ones of their stream with them.

So one event that cannot be handled stops its own stream and no other, and the order within the
stream holds. Each is tried again, first after a minute and at least once an hour: a new version of
the module, or whatever was missing, lets it through without anybody's doing.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from arkalia_contract import events
from arkalia_contract.events import Event
from arkalia_runtime.database import Connection

MOST: Final = 10_000
"""Beyond that the reader stands still: what it cannot handle is the rule, not the exception."""

FIRST_SECONDS: Final = 60
LAST_SECONDS: Final = 3600

PARK: Final = """
    INSERT INTO parked_events (reader, sequence, stream, event, error, tries, due_at)
    VALUES (%s, %s, %s, %s, %s, 1, now() + %s * interval '1 second')
"""
DUE: Final = """
    SELECT sequence, event FROM parked_events AS parked
    WHERE reader = %s AND due_at <= now() AND NOT EXISTS (
        SELECT FROM parked_events AS earlier
        WHERE earlier.reader = parked.reader AND earlier.stream = parked.stream
          AND earlier.sequence < parked.sequence
    )
    ORDER BY sequence LIMIT 1 FOR UPDATE SKIP LOCKED
"""
POSTPONE: Final = """
    UPDATE parked_events SET tries = tries + 1, error = %s,
        due_at = now() + least(%s * 2 ^ least(tries, 20), %s) * interval '1 second'
    WHERE reader = %s AND sequence = %s
"""
RELEASE: Final = "DELETE FROM parked_events WHERE reader = %s AND sequence = %s RETURNING stream"
NEXT: Final = "UPDATE parked_events SET due_at = now() WHERE reader = %s AND stream = %s"


@dataclass(frozen=True)
class Parking:
    """The parked events of one reader. Every method works in the caller's transaction."""

    reader: str
    first_seconds: float = FIRST_SECONDS

    async def streams(self, connection: Connection) -> set[str]:
        """Streams of which an event waits here."""
        asked = "SELECT DISTINCT stream FROM parked_events WHERE reader = %s"
        cursor = await connection.execute(asked, (self.reader,))
        return {stream for (stream,) in await cursor.fetchall()}

    async def number(self, connection: Connection) -> int:
        """How many events wait here."""
        asked = "SELECT count(*) FROM parked_events WHERE reader = %s"
        cursor = await connection.execute(asked, (self.reader,))
        [(number,)] = await cursor.fetchall()
        return int(number)

    async def park(self, connection: Connection, event: Event, error: str) -> None:
        """Put *event* aside."""
        text = orjson.dumps(events.to_json(event)).decode()
        row = (self.reader, event.record_sequence, event.stream, text, error, self.first_seconds)
        await connection.execute(PARK, row)

    async def due(self, connection: Connection) -> Event | None:
        """The event that should be tried again now, locked for this transaction."""
        cursor = await connection.execute(DUE, (self.reader,))
        found: tuple[Any, ...] | None = await cursor.fetchone()
        return events.from_json(found[1]) if found else None

    async def release(self, connection: Connection, event: Event) -> None:
        """*event* is handled: the next one of its stream is due at once."""
        await connection.execute(RELEASE, (self.reader, event.record_sequence))
        await connection.execute(NEXT, (self.reader, event.stream))

    async def postpone(self, connection: Connection, event: Event, error: str) -> None:
        """*event* failed again."""
        bounds = (error, self.first_seconds, LAST_SECONDS)
        await connection.execute(POSTPONE, (*bounds, self.reader, event.record_sequence))
