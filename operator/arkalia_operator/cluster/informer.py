"""List, then watch, for ever: what client-go calls a reflector.

    list ──► replace ──► watch ──► event, event, bookmark, event ──► ended, cut, silent
     ▲                     ▲                                              │
     │                     └────────────── from the last version ◄────────┤
     └──────────── 410, ERROR, undecodable: list again ◄──────────────────┘

Every way back waits with jitter unless the watch lived long enough to show that all is well: a
proxy that closes each watch at once must not make a hot loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Set
from contextlib import aclosing
from typing import Any, Final, Protocol

import orjson

from arkalia_operator import metrics
from arkalia_operator.backoff import Backoff, jittered
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kinds import collection
from arkalia_operator.cluster.lines import Lines
from arkalia_operator.cluster.store import Place, SystemKey
from arkalia_operator.cluster.versions import number
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.errors import (
    ApiError,
    ForbiddenError,
    ThrottledError,
    UnavailableError,
    from_status,
    from_transport,
)

LOGGER = logging.getLogger(__name__)

Wake = Callable[[SystemKey], None]

WATCH_SECONDS: Final = 290
"""How long the API server shall hold a watch; with jitter, so that not all end together."""
SILENCE_SECONDS: Final = 65.0
"""A healthy watch says something, a bookmark at least, every 60 s."""
HEALTHY_SECONDS: Final = 5.0
"""A watch that lived so long starts anew without a delay."""
FIRST_DELAY_SECONDS: Final = 0.2
LONGEST_DELAY_SECONDS: Final = 3.0
"""Bounds how long after the end of an outage the cache is right again."""
OBJECTS_AT_ONCE: Final = 50
"""Objects of a list that are read before other tasks get their turn: about 10 ms."""


class Keeper(Protocol):
    """What an informer fills: it gives the systems that news concerns, if it wakes none itself."""

    def selector(self, kind: Kind) -> str:
        """Label selector of the objects of *kind* that are kept; empty: all."""

    def put(self, kind: Kind, live: dict[str, Any]) -> Iterable[SystemKey]:
        """The object is *live*."""

    def gone(self, kind: Kind, live: dict[str, Any]) -> Iterable[SystemKey]:
        """The object ended, *live* is its last state."""

    def retain(
        self, kind: Kind, namespace: str | None, listed: Set[Place], version: int
    ) -> Iterable[SystemKey]:
        """A complete list at *version* had *listed* only."""

    def drop(self, kind: Kind, namespace: str | None = None) -> Iterable[SystemKey]:
        """Forget all of *kind*."""


class Informer:
    """Keeps a keeper equal to the objects of one kind, in one namespace or everywhere."""

    def __init__(
        self, client: Client, store: Keeper, kind: Kind, namespace: str | None, wake: Wake
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self.synced = asyncio.Event()
        """Set once the first list is complete."""
        self.heard_at = 0.0
        """When the API server last sent something (loop time)."""
        self.alive_at = 0.0
        """When this task last did anything, be it to fail (loop time)."""
        self._client = client
        self._store = store
        self._wake_one = wake
        self._version = ""
        self._newest = 0
        self._lived = False
        self._backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        self._events = metrics.INFORMER_EVENTS.labels(kind.name)

    def __str__(self) -> str:
        where = f"namespace {self.namespace}" if self.namespace else "the cluster"
        return f"{self.kind.plural} of {where}"

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            self._tick()
            try:
                if not self._version:
                    async with self._client.listing:
                        await self._list()
                await self._watch()
            except (ApiError, orjson.JSONDecodeError, KeyError) as error:
                self._failed(error)
            if self._backoff.attempts or not self._lived:
                await asyncio.sleep(self._backoff.next())

    def forget(self) -> None:
        """The kind is not served any more: what was known of it is gone."""
        self._wake(self._store.drop(self.kind, self.namespace))

    async def _list(self) -> None:
        listed: set[Place] = set()
        version = ""
        selector = self._store.selector(self.kind)
        async for page in self._client.pages(self.kind, self.namespace, selector):
            self._tick()
            first = not version
            version = page["metadata"]["resourceVersion"]
            if first:  # all pages are of the same snapshot
                self._start_anew_if_versions_went_back(version)
            await self._take(page.get("items") or (), listed)
        self._wake(self._store.retain(self.kind, self.namespace, listed, number(version)))
        self._version = version
        self._hear()
        self.synced.set()
        metrics.INFORMER_LISTS.labels(self.kind.name).inc()
        LOGGER.debug("%s listed: %d objects at %s", self, len(listed), version)

    async def _take(self, items: Iterable[dict[str, Any]], listed: set[Place]) -> None:
        for count, live in enumerate(items, start=1):
            listed.add((live["metadata"]["namespace"], live["metadata"]["name"]))
            self._put(live)
            if count % OBJECTS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _watch(self) -> None:
        """One watch, from the last version to its end. Raises what ended it, if not in order."""
        self._lived = False
        path = collection(self.kind, self.namespace)
        lines = Lines()
        began = self._clock()
        try:
            async with (
                aclosing(self._client.stream(path, self._parameters())) as stream,
                asyncio.timeout(SILENCE_SECONDS) as silence,
            ):
                async for chunk in stream:
                    for event in lines.feed(chunk):
                        self._event(event)
                    self._hear()
                    silence.reschedule(self._clock() + SILENCE_SECONDS)
        except TimeoutError as error:
            raise from_transport(error) from error
        finally:
            self._lived = self._clock() - began > HEALTHY_SECONDS
            if self._lived:
                self._backoff.reset()

    def _parameters(self) -> dict[str, str]:
        selector = self._store.selector(self.kind)
        return {
            "watch": "true",
            "allowWatchBookmarks": "true",
            **({"labelSelector": selector} if selector else {}),
            "resourceVersion": self._version,
            "timeoutSeconds": str(round(jittered(WATCH_SECONDS))),
        }

    def _event(self, event: dict[str, Any]) -> None:
        what, live = event["type"], event["object"]
        self._events.inc()
        if what == "ERROR":
            self._version = ""
            raise from_status(live["code"], live.get("reason", ""), live.get("message", ""))
        self._version = live["metadata"]["resourceVersion"]
        if what == "DELETED":
            self._wake(self._store.gone(self.kind, live))
        elif what != "BOOKMARK":
            self._put(live)

    def _put(self, live: dict[str, Any]) -> None:
        try:
            self._wake(self._store.put(self.kind, live))
        except Exception:  # one object that nobody foresaw must not blind us for all others
            metrics.INFORMER_ERRORS.labels(self.kind.name, "Unreadable").inc()
            LOGGER.exception("An object of %s cannot be read: %s", self, live["metadata"])

    def _failed(self, error: Exception) -> None:
        """Say so, and decide where to go on: cut off, from the last version; else from a list."""
        if not isinstance(error, (UnavailableError, ThrottledError)):
            self._version = ""
        cause = error.reason if isinstance(error, ApiError) else ""
        metrics.INFORMER_ERRORS.labels(self.kind.name, cause or type(error).__name__).inc()
        if self._backoff.attempts.bit_count() <= 1:  # the first, second, third, fifth, ninth time
            level = logging.ERROR if isinstance(error, ForbiddenError) else logging.WARNING
            LOGGER.log(level, "The watch of %s ended, it is tried again: %s", self, error)

    def _start_anew_if_versions_went_back(self, version: str) -> None:
        """After a restore of etcd, what is cached looks newer than the truth."""
        if number(version) < self._newest:
            LOGGER.warning("Versions of %s went back: the cache is filled anew.", self)
            self._wake(self._store.drop(self.kind, self.namespace))
        self._newest = number(version)

    def _wake(self, systems: Iterable[SystemKey]) -> None:
        for key in systems:
            self._wake_one(key)

    def _hear(self) -> None:
        self.heard_at = self._clock()
        self._tick()

    def _tick(self) -> None:
        self.alive_at = self._clock()

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()
