"""Finds out that connections lead nowhere though nobody closed them.

A gateway that has forgotten its connections tells nobody, and neither does an API server that
hangs; a watch may be silent for a minute although all is well. So one connection, as old as the
watches are, is asked again and again whether anybody is there:

    every 2 s, over the old one: an answer, be it a refusal ──► all is well
                                 it broke                   ──► so did the watches, and they know
                                 nothing for 1 s            ──► ask over a new one too, each second
                                      │
          the old one answers first ◄─┴─► the new one answers first
          it was slow, nothing is dead    what is as old as the old one is dead: it is left

client-go has the pings of HTTP/2 for this, of which aiohttp has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp

from arkalia_operator.backoff import jittered

BEAT_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 1.0
"""To be impatient costs one more connection and nothing else: who is slow is not taken for dead."""
GRACE_SECONDS: Final = 0.5
"""For the old connection, after the new one answered: two answers may overtake each other."""
UNLIMITED: Final = aiohttp.ClientTimeout(total=None)
PATH: Final = "/version"
"""Served to everybody, from memory; audit policies leave it out."""

Dial = Callable[[], tuple[aiohttp.ClientSession, str]]
"""A session of its own, and where to."""
Leave = Callable[[], Awaitable[None]]


class Way:
    """One connection to the API server, made when it is first needed."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._http: aiohttp.ClientSession | None = None
        self._url = ""

    async def answers(self) -> bool:
        """Wait until somebody answers; False if the connection broke before."""
        try:
            if self._http is None:
                self._http, server = self._dial()
                self._url = server.rstrip("/") + PATH
            async with self._http.get(self._url, timeout=UNLIMITED) as got:
                await got.read()
        except (aiohttp.ClientError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Close it."""
        if self._http is not None:
            await self._http.close()


class Heartbeat:
    """Asks, and leaves what is dead."""

    def __init__(self, dial: Dial, leave: Leave) -> None:
        self._dial = dial
        self._leave = leave
        self._way = Way(dial)

    async def run(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                await asyncio.sleep(jittered(BEAT_SECONDS))
                await self._beat()
        finally:
            await self._way.close()

    async def _beat(self) -> None:
        asked = asyncio.create_task(self._way.answers())
        try:
            await asyncio.wait({asked}, timeout=PATIENCE_SECONDS)
            while not asked.done():
                if await self._ask_beside(asked):
                    return
            if not asked.result():
                await self._replace(Way(self._dial))
        finally:
            await _cancel(asked)

    async def _ask_beside(self, asked: asyncio.Task[bool]) -> bool:
        """Ask over a new way too; if that alone answers, all that is as old is left: says so."""
        new, is_first = Way(self._dial), False
        try:
            is_first = await _answered_first(new, asked)
        finally:
            if not is_first:
                await new.close()
        if is_first:
            await self._replace(new)
            await self._leave()
        return is_first

    async def _replace(self, way: Way) -> None:
        before, self._way = self._way, way
        await before.close()


async def _answered_first(new: Way, asked: asyncio.Task[bool]) -> bool:
    """Whether *new* answers within its second, and nothing is heard of *asked*."""
    clock = asyncio.get_running_loop().time
    ends = clock() + PATIENCE_SECONDS
    other = asyncio.create_task(new.answers())
    try:
        await asyncio.wait(
            {asked, other}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        answered = other.done() and other.result()
        # Who is refused is so at once, and asked again after its second.
        await asyncio.wait({asked}, timeout=GRACE_SECONDS if answered else ends - clock())
        return answered and not asked.done()
    finally:
        await _cancel(other)


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
