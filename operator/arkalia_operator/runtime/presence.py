"""Whether a system still exists, asked before anything is made for it that nothing else can undo.

The operator hears of a deletion late. What a system owns goes with it even then; a Secret or a
volume that outlives its system would be left behind by one that nobody wants any more.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.kinds import SYSTEM
from arkalia_operator.errors import NotFoundError, OperatorError


class SystemGoneError(OperatorError):
    """The system does not exist any more, or is being deleted."""


@dataclass(slots=True)
class Presence:
    """Asks the API server about one system, at most once."""

    client: Client
    system: ArkaliaSystem
    known: bool = False
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def make_sure(self) -> None:
        """Raises SystemGoneError if the system is gone, ApiError if that cannot be told."""
        async with self.asking:
            if not self.known:
                await self._ask()

    async def _ask(self) -> None:
        try:
            live = await self.client.get(SYSTEM, self.system.namespace, self.system.name)
        except NotFoundError:
            raise SystemGoneError(self.system.name) from None
        described = live["metadata"]
        if described["uid"] != self.system.uid or "deletionTimestamp" in described:
            raise SystemGoneError(self.system.name)
        self.known = True
