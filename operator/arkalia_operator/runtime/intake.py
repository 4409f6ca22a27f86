"""News about the operator's own resources → the cache, and the systems to look at → the queue.

kopf's watch, our own and the sweep all end here. What the news is, nobody asks later: reconcile reads the
cache, which then holds the newest state, whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Final, NamedTuple

from arkalia_operator.cluster.kinds import ACTION, MODULE, SYSTEM
from arkalia_operator.cluster.store import NOBODY, Place, SystemKey
from arkalia_operator.cluster.versions import number
from arkalia_operator.desired.kinds import Kind
from arkalia_operator.runtime.cache import Body, Cache, place
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.resources import Resources


class Intake:
    """Takes news, in microseconds."""

    def __init__(self, resources: Resources, queue: Queue[SystemKey]) -> None:
        self._resources = resources
        self._queue = queue

    @property
    def selector(self) -> str:
        """Label selector of the systems whose news is wanted; empty: all."""
        return self._resources.systems.selector.text

    def system(self, body: Body) -> None:
        """An ArkaliaSystem is *body*; if it is not selected any more, that is its end for us."""
        if self._resources.systems.put(body):
            self._queue.add(SystemKey(*place(body)))

    def system_gone(self, at: Place, version: int) -> None:
        """An ArkaliaSystem ended at *version*."""
        if self._resources.systems.gone(at, version):
            self._queue.add(SystemKey(*at))

    def module(self, body: Body) -> None:
        """An ArkaliaModule is *body*."""
        if self._resources.modules.put(body):
            self._wake_listing(place(body))

    def module_gone(self, at: Place, version: int) -> None:
        """An ArkaliaModule ended at *version*."""
        if self._resources.modules.gone(at, version):
            self._wake_listing(at)

    def action(self, body: Body) -> None:
        """An ArkaliaAction is *body*."""
        if self._resources.actions.put(body):
            self._queue.add(SystemKey(place(body)[0], body["spec"]["system"]))

    def action_gone(self, at: Place, version: int) -> None:
        """An ArkaliaAction ended at *version*: what it brought about stands in status."""
        self._resources.actions.gone(at, version)

    def everything(self) -> None:
        """Something changed that concerns every system."""
        for key in self._resources.system_keys():
            self._queue.add(key)

    def _wake_listing(self, at: Place) -> None:
        for key in self._resources.listing(*at):
            self._queue.add(key)


class _Kept(NamedTuple):
    """One of our own kinds: where it is kept, and who takes its news."""

    cache: Cache[Any]
    put: Callable[[Body], None]
    gone: Callable[[Place, int], None]


class OwnResources:
    """What an informer of our own kinds fills.

    kopf's watch tells nothing of what ended while it was broken, and ends itself at an error that
    passes. With a list that replaces, nothing of that matters; and where a watch is forbidden, the list
    is repeated.
    """

    def __init__(self, resources: Resources, intake: Intake) -> None:
        self._kept: Final = {
            MODULE.name: _Kept(resources.modules, intake.module, intake.module_gone),
            SYSTEM.name: _Kept(resources.systems, intake.system, intake.system_gone),
            ACTION.name: _Kept(resources.actions, intake.action, intake.action_gone),
        }
        self._everything = intake.everything

    def selector(self, kind: Kind) -> str:  # noqa: ARG002 - the keeper of children has one
        """All of them."""
        return ""

    def put(self, kind: Kind, live: Body) -> tuple[SystemKey, ...]:
        """The resource is *live*. The intake wakes whom it concerns."""
        self._kept[kind.name].put(live)
        return NOBODY

    def gone(self, kind: Kind, live: Body) -> tuple[SystemKey, ...]:
        """The resource ended, *live* is its last state."""
        self._kept[kind.name].gone(place(live), number(live["metadata"]["resourceVersion"]))
        return NOBODY

    def retain(
        self, kind: Kind, namespace: str | None, listed: Set[Place], version: int
    ) -> tuple[SystemKey, ...]:
        """A complete list at *version* had *listed* only: whatever is older and not in it is gone."""
        kept = self._kept[kind.name]
        for at in kept.cache.places(namespace):
            if at not in listed:
                kept.gone(at, version)
        return NOBODY

    def drop(self, kind: Kind, namespace: str | None = None) -> tuple[SystemKey, ...]:
        """Forget all of *kind*: its versions are counted anew."""
        self._everything()
        self._kept[kind.name].cache.drop(namespace)
        return NOBODY
