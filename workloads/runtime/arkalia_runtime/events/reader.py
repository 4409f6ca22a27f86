"""A reader: follows the record, and keeps its position where its handling has its effect.

The position moves in the transaction in which the event is handled. So an event takes effect once,
as far as the effect is in the module's own schema, although it may be delivered more than once.
Pods of one module share a position: whoever comes second finds it moved and takes the next events.

What fails because something is away (the database, another module) is tried until it succeeds. An
event that fails by itself is tried a few times and then parked (see `parking`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import orjson

from arkalia_contract import endpoints, events
from arkalia_contract.events import Event
from arkalia_runtime import background
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError
from arkalia_runtime.database import (
    Connection,
    Database,
    DatabaseBusyError,
    DatabaseUnavailableError,
)
from arkalia_runtime.events.measures import HANDLED, PARKED, Heard
from arkalia_runtime.events.parking import FIRST_SECONDS, MOST, Parking
from arkalia_runtime.events.positions import Position
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings

logger: Final = logging.getLogger(__name__)

Handle = Callable[[Connection, Event], Awaitable[None]]

AWAY: Final = (CallError, DatabaseBusyError, DatabaseUnavailableError)
"""What says nothing about the event that was being handled."""

BATCH: Final = 100
"""Events that are handled in one transaction, while all goes well."""

WAIT_SECONDS: Final = 20
"""How long the record may keep a request for which it has no event yet."""

ANSWER_SECONDS: Final = 10
"""How much longer its answer may take."""

FIRST_PAUSE_SECONDS: Final = 0.25
LAST_PAUSE_SECONDS: Final = 15
TRIES: Final = 5
"""With the pauses between them about 4 s: longer than a moment of bad luck."""


class StandstillError(RuntimeError):
    """More events are parked than the parking holds."""


class Reader:
    """Gives the events of some types to *handle*, in their order."""

    def __init__(
        self, database: Database, types: Sequence[str], handle: Handle, *, name: str, record: str
    ) -> None:
        self._database = database
        self._types = ",".join(sorted(types))
        self._handle = handle
        self._name = name
        self._record = record
        self._position = Position(name)
        self._parking = Parking(name, FIRST_SECONDS)
        self._heard = Heard(name)
        self._pause = FIRST_PAUSE_SECONDS

    @classmethod
    def of(
        cls,
        database: Database,
        settings: ServiceSettings,
        *,
        types: Sequence[str],
        handle: Handle,
        name: str = "main",
    ) -> "Reader":
        """A reader of the record with a position of its own under *name*."""
        return cls(database, types, handle, name=name, record=settings.record_module)

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how far it is. For one reader of a service only."""
        self._heard.register(metrics.registry)

    @asynccontextmanager
    async def open(self, calls: Calls) -> AsyncIterator["Reader"]:
        """Read during the block."""
        async with background.running(self._read(calls)):
            yield self

    async def _read(self, calls: Calls) -> None:
        while True:
            try:
                await self._try_parked()
                await self._advance(calls)
                self._pause = FIRST_PAUSE_SECONDS
            except AWAY as error:
                logger.info("Reading pauses.", extra={"reader": self._name, "cause": error.detail})
                await self._rest()
            except Exception:
                logger.exception("Reading failed.", extra={"reader": self._name})
                await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, LAST_PAUSE_SECONDS)

    async def _advance(self, calls: Calls) -> None:
        position = await self._begin()
        found = await self._found(calls, position)
        if found:
            await self._take(found, position)

    async def _begin(self) -> int:
        """Where to go on, which is also shown."""
        async with self._database.transaction() as connection:
            position = await self._position.read(connection)
            self._heard.parked(await self._parking.number(connection))
        self._heard.position(position)
        return position

    async def _found(self, calls: Calls, position: int) -> list[Event]:
        """What the record has after *position*; empty if there is nothing for a while."""
        answer = await calls.to(self._record).request(
            "GET",
            endpoints.EVENTS,
            timeout_seconds=WAIT_SECONDS + ANSWER_SECONDS,
            params={"after": position, "types": self._types, "limit": BATCH, "wait": WAIT_SECONDS},
        )
        answer.raise_for_status()
        return [events.from_json(each) for each in orjson.loads(answer.content)]

    async def _take(self, found: Sequence[Event], position: int) -> None:
        """Handle all of *found*, which comes after *position*."""
        try:
            moved = await self._handled(found, position)
        except AWAY:
            raise
        except Exception:
            if len(found) > 1:
                await self._take_each(found, position)
                return
            moved = await self._try_again(found[0], position)
        if moved:
            self._heard.position(_sequence(found[-1]))

    async def _take_each(self, found: Sequence[Event], position: int) -> None:
        for event in found:
            await self._take([event], position)
            position = _sequence(event)

    async def _try_again(self, event: Event, position: int) -> bool:
        """Handle the one event that has failed once, or park it."""
        failure = "it failed"
        for tries in range(1, TRIES):
            self._heard.failed()
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2 ** (tries - 1))
            try:
                return await self._handled([event], position)
            except AWAY:
                raise
            except Exception as error:
                logger.warning("An event could not be handled.", exc_info=True, extra=_named(event))
                failure = repr(error)
        return await self._parked(event, position, failure)

    async def _handled(self, found: Sequence[Event], position: int) -> bool:
        """Whether this pod has handled *found*; not if another one did."""
        parked = 0
        async with self._database.transaction() as connection:
            if not await self._position.holds(connection, position):
                return False
            waiting = await self._parking.streams(connection)
            for event in found:
                if event.stream in waiting:
                    await self._parking.park(connection, event, "waits for an earlier one")
                    parked += 1
                else:
                    await self._handle(connection, event)
            await self._position.move(connection, _sequence(found[-1]))
        self._heard.ended(HANDLED, len(found) - parked)
        self._heard.ended(PARKED, parked)
        return True

    async def _parked(self, event: Event, position: int, failure: str) -> bool:
        async with self._database.transaction() as connection:
            if not await self._position.holds(connection, position):
                return False
            if await self._parking.number(connection) >= MOST:
                message = f"{MOST} events are parked: the reader waits until some can be handled"
                raise StandstillError(message)
            await self._parking.park(connection, event, failure)
            await self._position.move(connection, _sequence(event))
        logger.error("An event is parked: %s", failure, extra=_named(event))
        self._heard.ended(PARKED)
        return True

    async def _try_parked(self) -> None:
        """Handle the parked events that are due; stop at the first that fails."""
        while True:
            event = None
            try:
                async with self._database.transaction() as connection:
                    event = await self._parking.due(connection)
                    if event is None:
                        return
                    await self._handle(connection, event)
                    await self._parking.release(connection, event)
            except AWAY:
                raise
            except Exception as error:
                if event is None:
                    raise
                self._heard.failed()
                async with self._database.transaction() as connection:
                    await self._parking.postpone(connection, event, repr(error))
            else:
                self._heard.ended(HANDLED)


def _sequence(event: Event) -> int:
    if event.record_sequence is None:
        message = f"the record sent the event {event.id} without its place in the record"
        raise events.EnvelopeError(message)
    return event.record_sequence


def _named(event: Event) -> dict[str, object]:
    return {"event": event.id, "type": event.type, "record_sequence": event.record_sequence}
