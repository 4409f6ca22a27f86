"""Every decision is told; those that are alike, within a second, as one with their number.

So a flood of requests makes a handful of events, and each request is in one of them. What cannot be
told at once waits, up to a bound; what is lost beyond it is counted.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from arkalia_contract import access
from arkalia_contract.access import Judgement
from arkalia_helloria.access.measures import Measures
from arkalia_helloria.access.polling import MODULE
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError

logger: Final = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
TELL_SECONDS: Final = 5.0
MOST: Final = 10_000
"""Judgements that wait."""


@dataclass(frozen=True)
class Decided:
    """What makes judgements alike."""

    user: str
    key: str
    route: str
    method: str
    allowed: bool
    reason: str


@dataclass
class _Count:
    number: int
    client: str


class Audit:
    """What is decided and not told yet."""

    def __init__(self, measures: Measures, most: int = MOST) -> None:
        self._measures = measures
        self._most = most
        self._untold: dict[Decided, _Count] = {}

    def note(self, decided: Decided, client: str, number: int = 1) -> None:
        """Tell of it, soon."""
        found = self._untold.get(decided)
        if found is not None:
            found.number, found.client = found.number + number, client
        elif len(self._untold) < self._most:
            self._untold[decided] = _Count(number, client)
        else:
            self._measures.lost.inc(number)
        self._measures.untold.set(len(self._untold))

    async def keep_telling(self, calls: Calls) -> None:
        """Tell again and again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.tell(calls)

    async def tell(self, calls: Calls) -> None:
        """Tell what is untold; what cannot be told goes on waiting."""
        while self._untold:
            batch = list(self._untold.items())[: access.JUDGEMENTS_AT_ONCE]
            for decided, _ in batch:
                del self._untold[decided]
            if not await self._told(calls, batch):
                for decided, count in batch:
                    self.note(decided, count.client, count.number)
                break
        self._measures.untold.set(len(self._untold))

    async def end(self, calls: Calls) -> None:
        """Tell a last time; what is left then is lost, and counted."""
        await self.tell(calls)
        for count in self._untold.values():
            self._measures.lost.inc(count.number)
        self._untold.clear()

    async def _told(self, calls: Calls, batch: list[tuple[Decided, _Count]]) -> bool:
        content = [_judgement(decided, count) for decided, count in batch]
        try:
            answer = await calls.to(MODULE).request(
                "POST", access.JUDGEMENTS, timeout_seconds=TELL_SECONDS, json=content
            )
        except CallError:
            return False
        if answer.is_success:
            return True
        logger.warning("Judgements are not taken.", extra={"status": answer.status_code})
        return False


def _judgement(decided: Decided, count: _Count) -> Judgement:
    return Judgement(
        user=decided.user,
        key=decided.key,
        route=decided.route,
        method=decided.method,
        allowed=decided.allowed,
        reason=decided.reason,
        client=count.client,
        count=count.number,
    )
