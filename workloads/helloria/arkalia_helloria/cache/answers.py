"""The way of a request through the answers that are kept, to the module where there is none.

Many who ask for the same at once wait for one answer: in a gateway for each other, and among gateways
for a turn. Where a route's answers say nothing of being kept, a request comes here only to be sent on.
"""

import asyncio
import time
from dataclasses import replace
from typing import Final, Protocol

from arkalia_helloria.cache.flights import Flight, Flights
from arkalia_helloria.cache.kept import Kept
from arkalia_helloria.cache.local import LocalAnswers
from arkalia_helloria.cache.measures import LOCAL, SHARED, CacheMeasures
from arkalia_helloria.cache.recorder import Course, Recorder
from arkalia_helloria.cache.search import Search, resource_of
from arkalia_helloria.cache.shared import AwayError, SharedAnswers
from arkalia_helloria.cache.terms import wishes
from arkalia_helloria.exchange import Asked
from arkalia_helloria.routes import Habit, ModuleAddress
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime import deadline
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem
from arkalia_runtime.redis import Redis

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

UNSURE_SECONDS: Final = 1.0
"""So long a request waits for another one where it is not known whether answers are kept there."""

LOOK_AGAIN_SECONDS: Final = 0.05
TURN_SECONDS: Final = 3.0
"""So long another gateway is waited for."""

RESPITE_SECONDS: Final = 1.0
"""So long a module that has no answer is not asked again, where what is kept will do."""


class Forwards(Protocol):
    """Asks the modules."""

    async def forward(self, asked: Asked, callee: ModuleAddress) -> None:
        """Answer *asked* with what a pod at *callee* answers. Raises Problem."""


class Answers:
    """What is asked for, kept or not."""

    def __init__(
        self, forwarder: Forwards, settings: GatewaySettings, redis: Redis, metrics: Metrics
    ) -> None:
        self._forwarder = forwarder
        self._settings = settings
        self._measures = CacheMeasures(metrics.registry)
        self._local = LocalAnswers(settings.cache_bytes, settings.cache_answers)
        self._measures.show(self._local)
        self._shared = SharedAnswers(redis, self._measures)
        self._flights = Flights()

    async def forward(self, asked: Asked, callee: ModuleAddress) -> None:
        """Answer *asked* with what is kept, or with what a pod at *callee* answers. Raises Problem."""
        habit = asked.match.public.habit
        if time.monotonic() < habit.passes_until or not self._settings.cache_bytes:
            await self._forwarder.forward(asked, callee)
        elif asked.method == "GET":
            await self._read(asked, callee, habit)
        elif asked.method in SAFE or not habit.is_read:
            await self._forwarder.forward(asked, callee)
        else:
            await self._change(asked, callee)

    async def _change(self, asked: Asked, callee: ModuleAddress) -> None:
        try:
            await self._forwarder.forward(asked, callee)
        finally:
            # Whatever the answer was: what was asked for may have been done.
            resource, now = resource_of(asked), time.time()
            self._local.changed(resource, now)
            await self._shared.changed(resource, now)

    async def _read(self, asked: Asked, callee: ModuleAddress, habit: Habit) -> None:
        wanted = wishes(asked.scope["headers"])
        if wanted.always_asked or (wanted.tag and not habit.keeps):
            await self._forwarder.forward(asked, callee)
            return
        search = Search(asked, callee, habit, wanted)
        if await self._given_from_here(search, b"hit"):
            return
        self._measures.misses[LOCAL].inc()
        if wanted.oldest > 0 and await self._given_after_another(search):
            return
        if time.monotonic() < habit.passes_until:
            await self._forwarder.forward(asked, callee)
            return
        with self._flights.begun(search.flight) as flight:
            await self._given_from_elsewhere(search, flight)

    async def _given_from_here(self, search: Search, how: bytes) -> bool:
        """Whether the client has an answer that lies here."""
        found = search.best(*(self._local.find(key, search.headers) for key in search.keys))
        if found is None:
            return False
        self._measures.hits[LOCAL].inc()
        await search.give(found, how)
        return True

    async def _given_after_another(self, search: Search) -> bool:
        """Whether the client has the answer to the same request of somebody else."""
        end = time.monotonic() + self._patience(search.habit)
        while flight := self._flights.current(search.flight):
            await self._flights.wait(flight, end - time.monotonic())
            if await self._given_from_here(search, b"hit; detail=collapsed"):
                self._measures.collapsed.inc()
                return True
            if not flight.ended.done() or flight.ended.result():
                return False
        return False

    def _patience(self, habit: Habit) -> float:
        longest = self._settings.answer_seconds if habit.keeps else UNSURE_SECONDS
        return deadline.left(longest)

    async def _given_from_elsewhere(self, search: Search, flight: Flight) -> None:
        """Give the client what other gateways keep, or what the module answers."""
        try:
            found = await self._shared_answer(search)
        except AwayError:
            found = None
        if found is None:
            await self._given_from_the_module(search, flight)
            return
        self._measures.hits[SHARED].inc()
        search.habit.keeps, search.habit.shares = True, found.public
        self._local.keep(search.key_of(found), found)
        flight.end(alone=not found.public)
        await search.give(found, b"hit; detail=shared")

    async def _shared_answer(self, search: Search) -> Kept | None:
        """What other gateways keep; None when it is this gateway's turn to ask. Raises AwayError."""
        if search.wanted.oldest <= 0:
            return None
        end = time.monotonic() + TURN_SECONDS
        while True:
            found = search.best(await self._shared.find(search.keys, search.headers))
            if found:
                return found
            if not search.habit.keeps or await self._shared.begin_turn(*search.turn):
                self._measures.misses[SHARED].inc()
                return None
            if time.monotonic() >= end:
                return None
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _given_from_the_module(self, search: Search, flight: Flight) -> None:
        recorder = Recorder(search.asked.send, search.said, search.errand(self._settings, flight))
        search.ask_through(recorder)
        try:
            await self._forwarder.forward(search.asked, search.callee)
        except Problem as error:
            recorder.has_failed(error.status_code)
            if recorder.found is None:
                flight.end(alone=True)
                raise
        finally:
            if recorder.course not in KEEPING:
                await self._end_turn(search)
        if recorder.found is not None:
            await self._keep(search, recorder.found, recorder.course, flight)
            await search.give(recorder.found, HOW[recorder.course])

    async def _keep(self, search: Search, found: Kept, course: Course, flight: Flight) -> None:
        key = search.key_of(found)
        if course is Course.FAILED:
            self._measures.outlived.inc()
            found = replace(found, fresh_until=time.time() + RESPITE_SECONDS)
        if course is Course.DROPPED:
            self._local.drop(key)
        else:
            self._local.keep(key, found)
        flight.end(alone=not found.public)
        if course in KEEPING:
            await self._shared.keep(key, search.headers, found)
            await self._end_turn(search)

    async def _end_turn(self, search: Search) -> None:
        if search.habit.keeps:
            await self._shared.end_turn(*search.turn)


KEEPING: Final = frozenset({Course.WHOLE, Course.UNCHANGED})

HOW: Final = {
    Course.WHOLE: b"fwd=miss; stored",
    Course.UNCHANGED: b"fwd=stale; fwd-status=304",
    Course.DROPPED: b"fwd=stale; fwd-status=304",
    Course.FAILED: b"hit; detail=stale-if-error",
}
"""What `Cache-Status` says."""
