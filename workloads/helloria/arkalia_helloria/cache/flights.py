"""Requests whose answers others wait for, who want the same."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from arkalia_helloria.cache.local import Key

MOST_WAITING: Final = 10_000
"""Requests that wait for the answer to another one; beyond that they are sent on."""


class Flight:
    """One of them."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(self, *, alone: bool) -> None:
        """Let those go on who wait.

        *alone*: nothing of the answer is for others, so each asks for itself. Else each looks for it,
        and one of them asks where still nothing is found.
        """
        if not self.ended.done():
            self.ended.set_result(alone)


class Flights:
    """All that are on their way."""

    def __init__(self) -> None:
        self._flights: dict[Key, Flight] = {}
        self._waiting = 0

    def current(self, key: Key) -> Flight | None:
        """The one to wait for; None if there is none, or too many wait already."""
        found = self._flights.get(key)
        if found is None or found.ended.done() or self._waiting >= MOST_WAITING:
            return None
        return found

    @contextmanager
    def begun(self, key: Key) -> Iterator[Flight]:
        """A flight, for which others wait unless they wait for another one."""
        flight = Flight()
        if self.current(key) is None:
            self._flights[key] = flight
        try:
            yield flight
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            # If it has not ended yet, who asked has gone.
            flight.end(alone=False)

    async def wait(self, flight: Flight, seconds: float) -> None:
        """Wait until *flight* has ended, for so many *seconds* at most."""
        self._waiting += 1
        try:
            await asyncio.wait([flight.ended], timeout=max(0.0, seconds))
        finally:
            self._waiting -= 1
