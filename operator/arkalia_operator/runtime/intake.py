"""News about the operator's own resources → the cache, and the systems to look at → the queue.

kopf's watch and the sweep both end here. What the news is, nobody asks later: reconcile reads the
cache, which then holds the newest state, whatever happened in between.
"""

from __future__ import annotations

from arkalia_operator.cluster.store import Place, SystemKey
from arkalia_operator.runtime.cache import Body, place
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

    def everything(self) -> None:
        """Something changed that concerns every system."""
        for key in self._resources.system_keys():
            self._queue.add(key)

    def _wake_listing(self, at: Place) -> None:
        for key in self._resources.listing(*at):
            self._queue.add(key)
