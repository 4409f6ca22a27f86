"""The ConfigMaps with authorities that systems name: read by name, and believed for a while.

They are somebody else's, carry no label of ours, and no watch tells of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from arkalia_operator.api.network import CaBundle
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.desired import kinds
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.errors import NotFoundError
from arkalia_operator.planning.bundles import trouble

FRESH_SECONDS: Final = 60.0
TROUBLED_SECONDS: Final = 10.0
"""Somebody is about to make or correct the ConfigMap, and waits for what comes of it."""
REMEMBERED: Final = 8192


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the ConfigMap of a system gave."""

    problem: Problem | None
    until: float
    """When it must be looked at again."""


class Bundles:
    """Says what is wrong with the ConfigMaps that systems name, the oldest look forgotten first."""

    def __init__(self, client: Client, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock
        self._seen: OrderedDict[tuple[str, CaBundle], Seen] = OrderedDict()

    async def trouble(self, system: ArkaliaSystem) -> Problem | None:
        """What keeps the authorities of *system* from its modules. Raises ApiError."""
        bundle = system.spec.network.ca_bundle
        if bundle is None:
            return None
        key = (system.namespace, bundle)
        seen = self._seen.get(key)
        if seen is not None and self._clock() < seen.until:
            return seen.problem
        return self._remember(key, trouble(bundle, await self._live(system.namespace, bundle)))

    def next_look(self, problem: Problem | None) -> float:
        """Seconds until it is worth another look, after one that gave *problem*."""
        return FRESH_SECONDS if problem is None else TROUBLED_SECONDS

    def _remember(self, key: tuple[str, CaBundle], problem: Problem | None) -> Problem | None:
        # A little less than the next look, or that one would still find it fresh.
        until = self._clock() + self.next_look(problem) - 1
        self._seen[key] = Seen(problem, until)
        self._seen.move_to_end(key)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return problem

    async def _live(self, namespace: str, bundle: CaBundle) -> dict[str, Any] | None:
        try:
            return await self._client.get(kinds.CONFIG_MAP, namespace, bundle.config_map)
        except NotFoundError:
            return None
