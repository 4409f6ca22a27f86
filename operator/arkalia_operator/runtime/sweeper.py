"""The second pair of eyes: compares what is known of our own resources with the cluster.

A watch may end without a word, and what happens until the next one is not told. So all resources
are read once before the first reconcile, and their versions (metadata alone) every minute. What was
missed is taken in as any other news.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from arkalia_operator import metrics
from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.client import METADATA_ONLY, Client
from arkalia_operator.cluster.kinds import ACTION, MODULE, SYSTEM
from arkalia_operator.cluster.store import Place
from arkalia_operator.cluster.versions import number
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.errors import ApiError, ForbiddenError, NotFoundError, ResourcesNotServedError
from arkalia_operator.runtime.cache import Body, Cache, place
from arkalia_operator.runtime.intake import Intake
from arkalia_operator.runtime.resources import Resources

LOGGER = logging.getLogger(__name__)

GRACE_SECONDS: Final = 2.0
"""A watch is a little behind a list: only what is still different then was missed."""
GRACE_SHARE: Final = 0.1
"""Of the time between two sweeps, at most: who sweeps every second wants to know at once."""


class _Watched(NamedTuple):
    """One of our own kinds, where it is kept, and who takes its news."""

    kind: Kind
    cache: Cache[Any]
    put: Callable[[Body], None]
    gone: Callable[[Place, int], None]
    spared: bool = False
    """Whether the operator works without it, where it may not be read."""


class _Listed(NamedTuple):
    """A complete list: versions by place, and its own version."""

    versions: dict[Place, int]
    version: int


class Sweeper:
    """Finds what the watch missed."""

    def __init__(
        self, client: Client, resources: Resources, intake: Intake, namespaces: Sequence[str]
    ) -> None:
        self._client = client
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._watched = (
            _Watched(MODULE, resources.modules, intake.module, intake.module_gone),
            _Watched(ACTION, resources.actions, intake.action, intake.action_gone, spared=True),
            _Watched(SYSTEM, resources.systems, intake.system, intake.system_gone),
        )
        self.alive_at = 0.0
        """When it last did anything (loop time)."""

    async def prime(self) -> None:
        """Read every resource once. Raises ResourcesNotServedError and other ApiErrors."""
        for watched in self._watched:
            for namespace in self._namespaces:
                with _sparing(watched):
                    await self._read(watched, namespace)

    async def _read(self, watched: _Watched, namespace: str | None) -> None:
        kind, selector = watched.kind, watched.cache.selector.text
        try:
            async for page in self._client.pages(kind, namespace, selector):
                for body in page["items"] or ():  # null if there are none
                    watched.put(body)
        except NotFoundError as error:
            raise ResourcesNotServedError(_not_served(kind)) from error

    async def run(self, seconds: float) -> None:
        """Sweep about every *seconds* until cancelled."""
        grace = min(GRACE_SECONDS, seconds * GRACE_SHARE)
        while True:
            self.alive_at = asyncio.get_running_loop().time()
            await asyncio.sleep(jittered(seconds))
            try:
                await self.sweep(grace)
            except ApiError as error:
                metrics.SWEEP_FAILURES.inc()
                LOGGER.warning("The sweep failed, the next one comes: %s", error)
            except Exception:
                metrics.SWEEP_FAILURES.inc()
                LOGGER.exception("The sweep failed unexpectedly, the next one comes.")

    async def sweep(self, grace: float) -> None:
        """Compare once; what differs is looked at again after *grace* seconds. Raises ApiError."""
        for watched in self._watched:
            for namespace in self._namespaces:
                with _sparing(watched):
                    await self._compare(watched, namespace, grace)

    async def _compare(self, watched: _Watched, namespace: str | None, grace: float) -> None:
        listed = await self._list(watched, namespace)
        if _differences(watched.cache, listed, namespace):
            await asyncio.sleep(grace)
            for at in _differences(watched.cache, listed, namespace):
                await self._repair(watched, at, listed)

    async def _list(self, watched: _Watched, namespace: str | None) -> _Listed:
        kind, selector = watched.kind, watched.cache.selector.text
        versions: dict[Place, int] = {}
        version = 0
        async for page in self._client.pages(kind, namespace, selector, METADATA_ONLY):
            version = number(page["metadata"]["resourceVersion"])
            for body in page["items"] or ():  # null if there are none
                versions[place(body)] = number(body["metadata"]["resourceVersion"])
        return _Listed(versions, version)

    async def _repair(self, watched: _Watched, at: Place, listed: _Listed) -> None:
        metrics.SWEEP_REPAIRS.labels(watched.kind.name).inc()
        LOGGER.warning("The watch missed news of %s %s/%s.", watched.kind.name, *at)
        if at not in listed.versions:
            watched.gone(at, listed.version)
            return
        try:
            watched.put(await self._client.get(watched.kind, *at))
        except NotFoundError:
            return  # gone since: if the watch misses that too, the next sweep sees it


@contextmanager
def _sparing(watched: _Watched) -> Iterator[None]:
    """Go on where what is *watched* may not be read, and the operator works without it."""
    try:
        yield
    except ForbiddenError as error:
        if not watched.spared:
            raise
        LOGGER.warning("%s cannot be read, so none is answered: %s", watched.kind.plural, error)


def _differences(cache: Cache[Any], listed: _Listed, namespace: str | None) -> list[Place]:
    """Where the cluster has something newer than the cache, or nothing any more."""
    changed = [at for at, version in listed.versions.items() if _known(cache, at) < version]
    ended = [
        at
        for at in cache.places(namespace)
        if at not in listed.versions and _known(cache, at) <= listed.version
    ]
    return changed + ended


def _known(cache: Cache[Any], at: Place) -> int:
    version = cache.version(at)
    return version.number if version else -1


def _not_served(kind: Kind) -> str:
    return (
        f"the API server does not serve {kind.plural} ({kind.api_version}): install the CRDs "
        "(kubectl apply --server-side -f crds/, or the Helm chart) and start the operator again"
    )
