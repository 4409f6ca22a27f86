"""All informers together: those of built-in kinds always, those of optional kinds while served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from arkalia_operator import metrics
from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.discovery import served
from arkalia_operator.cluster.informer import Informer, Keeper, Wake
from arkalia_operator.cluster.store import Store
from arkalia_operator.desired.kinds import BY_NAME, Kind
from arkalia_operator.errors import ApiError

LOGGER = logging.getLogger(__name__)

DISCOVERY_SECONDS: Final = 15.0
OPTIONAL_SYNC_SECONDS: Final = 10.0
"""How long the start waits for kinds that the operator can do without."""

REQUIRED: Final = tuple(kind for kind in BY_NAME.values() if not kind.optional)
OPTIONAL: Final = tuple(kind for kind in BY_NAME.values() if kind.optional)


class Informers:
    """Starts and stops informers, and says what is in sync."""

    def __init__(self, client: Client, store: Store, namespaces: Sequence[str], wake: Wake) -> None:
        self._client = client
        self._store = store
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._wake = wake
        self._running: dict[Kind, tuple[Informer, ...]] = {}
        self._tasks: dict[Kind, tuple[asyncio.Task[None], ...]] = {}
        self._discovered = asyncio.Event()
        self._others: tuple[Informer, ...] = ()

    @property
    def served(self) -> frozenset[str]:
        """Names of the optional kinds that can be used: served, and known completely."""
        return frozenset(kind.name for kind in OPTIONAL if self._is_synced(kind))

    @property
    def offered(self) -> frozenset[str]:
        """Names of the optional kinds that the API server serves, be they known yet or not."""
        return frozenset(kind.name for kind in OPTIONAL if kind in self._running)

    @property
    def is_synced(self) -> bool:
        """Whether every kind that is always there is known completely."""
        return self._discovered.is_set() and all(map(self._is_synced, REQUIRED))

    def each(self) -> tuple[Informer, ...]:
        """Every informer that runs."""
        children = (informer for group in self._running.values() for informer in group)
        return (*children, *self._others)

    def include(self, kind: Kind, keeper: Keeper) -> None:
        """Run informers of another *kind* too, which fill *keeper*."""
        self._others += tuple(
            Informer(self._client, keeper, kind, namespace, self._wake)
            for namespace in self._namespaces
        )

    async def discovered(self) -> None:
        """Wait until it is known which optional kinds there are."""
        await self._discovered.wait()

    async def synced(self) -> None:
        """Wait until the cluster is known: from then on, what is not in the store is missing."""
        await self._discovered.wait()
        for kind in REQUIRED:
            await self._synced(kind)
        optional = [self._synced(kind) for kind in OPTIONAL if kind in self._running]
        try:
            async with asyncio.timeout(OPTIONAL_SYNC_SECONDS):
                await asyncio.gather(*optional)
        except TimeoutError:
            LOGGER.warning("Not all optional kinds could be listed; the others are served now.")

    async def run(self, changed: Callable[[], None]) -> None:
        """Run all informers until cancelled. *changed* is called when `served` changes."""
        async with asyncio.TaskGroup() as group:
            for kind in REQUIRED:
                self._start(group, kind)
            for informer in self._others:
                group.create_task(informer.run(), name=f"informer of {informer}")
            while True:
                await self._discover(group, changed)
                pause = DISCOVERY_SECONDS if self._discovered.is_set() else 1.0
                await asyncio.sleep(jittered(pause))

    async def _discover(self, group: asyncio.TaskGroup, changed: Callable[[], None]) -> None:
        """Compare what is served with what runs. Without an answer, all stays as it is."""
        try:
            found = await served(self._client, OPTIONAL)
        except ApiError as error:
            LOGGER.warning("Discovery failed, it is tried again: %s", error)
            return
        for kind in OPTIONAL:
            if kind in found and kind not in self._running:
                self._start(group, kind)
                group.create_task(self._announce(kind, changed), name=f"sync of {kind.name}")
            elif kind not in found and kind in self._running:
                await self._stop(kind)
                changed()
        self._discovered.set()

    def _start(self, group: asyncio.TaskGroup, kind: Kind) -> None:
        self._running[kind] = tuple(
            Informer(self._client, self._store, kind, namespace, self._wake)
            for namespace in self._namespaces
        )
        self._tasks[kind] = tuple(
            group.create_task(informer.run(), name=f"informer of {informer}")
            for informer in self._running[kind]
        )

    async def _stop(self, kind: Kind) -> None:
        tasks = self._tasks.pop(kind)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for informer in self._running.pop(kind):
            informer.forget()
        LOGGER.info("%s is not served any more.", kind.name)

    async def _announce(self, kind: Kind, changed: Callable[[], None]) -> None:
        await self._synced(kind)
        LOGGER.info("%s is served: objects of it follow.", kind.name)
        changed()

    async def _synced(self, kind: Kind) -> None:
        for informer in self._running.get(kind, ()):
            await informer.synced.wait()

    def _is_synced(self, kind: Kind) -> bool:
        informers = self._running.get(kind, ())
        return bool(informers) and all(each.synced.is_set() for each in informers)

    def measure(self) -> None:
        """Write what is known of each kind into the metrics."""
        now, ages = asyncio.get_running_loop().time(), dict[str, float]()
        for informer in self.each():
            name = informer.kind.name
            ages[name] = max(ages.get(name, 0.0), now - informer.heard_at)
        for name, age in ages.items():
            metrics.INFORMER_AGE.labels(name).set(age)
        for kind in self._running:
            metrics.INFORMER_SYNCED.labels(kind.name).set(self._is_synced(kind))
