"""The ConfigMaps with authorities that systems name: read by name, and believed for a while."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from arkalia_operator.api.network import CaBundle
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.looks import Looks
from arkalia_operator.desired import kinds
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.errors import NotFoundError
from arkalia_operator.planning.bundles import trouble


class Bundles:
    """Says what is wrong with the ConfigMaps that systems name."""

    def __init__(self, client: Client, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._looks = Looks(clock)

    async def trouble(self, system: ArkaliaSystem) -> Problem | None:
        """What keeps the authorities of *system* from its modules. Raises ApiError."""
        bundle = system.spec.network.ca_bundle
        if bundle is None:
            return None

        async def look() -> Problem | None:
            return trouble(bundle, await self._live(system.namespace, bundle))

        return await self._looks.problem((system.namespace, bundle), look)

    async def _live(self, namespace: str, bundle: CaBundle) -> dict[str, Any] | None:
        try:
            return await self._client.get(kinds.CONFIG_MAP, namespace, bundle.config_map)
        except NotFoundError:
            return None
