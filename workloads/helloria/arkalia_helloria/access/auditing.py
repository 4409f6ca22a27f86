"""Every decision is told; those that are alike, within a second, as one with their number.

So a flood of requests makes a handful of events, and each request is in one of them. What cannot be
told at once waits, up to a bound; what is lost beyond it is counted. What was on its way when it was
interrupted is told again: it may so be on record twice, and is never left out.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Final

import httpx

from arkalia_contract import access
from arkalia_contract.access import Judgement
from arkalia_helloria.access.measures import Measures
from arkalia_helloria.access.polling import MODULE
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError

logger: Final = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
TELL_SECONDS: Final = 3.0
END_SECONDS: Final = 5.0
"""Longer than one call takes: it is the last time."""
MOST_CALLS: Final = 64
"""In one turn: a list of a thousand needs twenty to find one that is refused."""
MOST: Final = 10_000
"""Judgements that wait."""

REFUSED: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""For what was told, so to tell it again changes nothing."""


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


Entry = tuple[Decided, _Count]
Batch = list[Entry]


class Audit:
    """What is decided and not told yet."""

    def __init__(self, measures: Measures, most: int = MOST) -> None:
        self._measures = measures
        self._most = most
        self._untold: dict[Decided, _Count] = {}
        self._is_full = False

    def note(self, decided: Decided, client: str, number: int = 1) -> None:
        """Tell of it, soon."""
        found = self._untold.get(decided)
        if found is not None:
            found.number, found.client = found.number + number, client
        elif len(self._untold) < self._most:
            self._untold[decided] = _Count(number, client)
            self._measures.untold.set(len(self._untold))
        else:
            self._overflow(number)

    def _overflow(self, number: int) -> None:
        """What finds no place is counted; the log says it once, until all is told again."""
        self._measures.lost.inc(number)
        if not self._is_full:
            logger.error("Judgements are lost: %s wait already.", self._most)
        self._is_full = True

    async def keep_telling(self, calls: Calls) -> None:
        """Tell again and again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.tell(calls)

    async def tell(self, calls: Calls) -> None:
        """Tell what is untold now; what cannot be told goes on waiting, and so does what comes meanwhile.

        It is not called again before it has ended.
        """
        untold = list(self._untold)
        for start in range(0, len(untold), access.JUDGEMENTS_AT_ONCE):
            told = untold[start : start + access.JUDGEMENTS_AT_ONCE]
            if not await self._tell_batch(calls, [(each, self._untold.pop(each)) for each in told]):
                break
        else:
            self._is_full = False
        self._measures.untold.set(len(self._untold))

    async def end(self, calls: Calls) -> None:
        """Tell a last time; what is left then is lost, counted and logged."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self.tell(calls)
        if self._untold:
            self._lose(list(self._untold.items()), "the gateway ends")
        self._untold.clear()

    async def _tell_batch(self, calls: Calls, batch: Batch) -> bool:
        """Tell *batch*; whether nothing of it waits again.

        A list is refused as a whole: in halves of halves those are found that it is refused for, as many
        as MOST_CALLS find.
        """
        parts, refused = [batch], list[Entry]()
        try:
            for _ in range(MOST_CALLS):
                part = parts[-1]
                answer = await self._sent(calls, part)
                if answer not in REFUSED and not _is_taken(answer):
                    return False
                parts.pop()
                if answer in REFUSED and len(part) == 1:
                    refused += part
                elif answer in REFUSED:
                    parts += [part[len(part) // 2 :], part[: len(part) // 2]]
                if not parts:
                    return True
        finally:
            for decided, count in chain(*parts):
                self.note(decided, count.client, count.number)
            if refused:
                self._lose(refused, f"{MODULE} refuses them")
        return False

    async def _sent(self, calls: Calls, part: Batch) -> int | None:
        """The status with which *part* was answered; None if it was not."""
        content = [_judgement(decided, count) for decided, count in part]
        try:
            answer = await calls.to(MODULE).request(
                "POST", access.JUDGEMENTS, timeout_seconds=TELL_SECONDS, json=content
            )
        except CallError:
            return None
        if not answer.is_success and answer.status_code not in REFUSED:
            logger.warning("Judgements are not taken.", extra={"status": answer.status_code})
        return answer.status_code

    def _lose(self, part: Batch, cause: str) -> None:
        number = sum(count.number for _, count in part)
        self._measures.lost.inc(number)
        logger.error("Judgements are lost: %s.", cause, extra={"number": number})


def _is_taken(status: int | None) -> bool:
    return status is not None and httpx.codes.is_success(status)


def _cut(text: str) -> str:
    return text[: access.LONGEST_JUDGED]


def _judgement(decided: Decided, count: _Count) -> Judgement:
    return Judgement(
        user=decided.user,
        key=_cut(decided.key),
        route=_cut(decided.route),
        method=_cut(decided.method),
        allowed=decided.allowed,
        reason=_cut(decided.reason),
        client=_cut(count.client),
        count=count.number,
    )
