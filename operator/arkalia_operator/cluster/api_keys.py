"""The Secrets with API keys of model servers: looked at by name, and never kept."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from arkalia_operator.api.llm import ApiKeySecret
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.looks import Looks
from arkalia_operator.desired import kinds, llm
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.errors import NotFoundError
from arkalia_operator.planning.llm import trouble


class ApiKeys:
    """Says what is wrong with the Secrets that systems name."""

    def __init__(self, client: Client, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._looks = Looks(clock)

    async def troubles(self, system: ArkaliaSystem) -> tuple[Problem, ...]:
        """What keeps the API keys of *system* from its modules. Raises ApiError."""
        found = [
            await self._looks.problem(
                (system.namespace, server, secret), self._look(system.namespace, server, secret)
            )
            for server, secret in llm.keys(system)
        ]
        return tuple(each for each in found if each is not None)

    def _look(self, namespace: str, server: str, secret: ApiKeySecret) -> Callable[[], Any]:
        async def look() -> Problem | None:
            try:
                live = await self._client.get(kinds.SECRET, namespace, secret.name)
            except NotFoundError:
                live = None
            return trouble(server, secret, live)

        return look
