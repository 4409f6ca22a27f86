"""What is known of accounts is asked for every second: the answer is short while nothing changed.

While `security` cannot be reached the last answer is good for five minutes: people go on working. If
it is away for all, nothing can be revoked meanwhile; if for this gateway alone, what is revoked through
another one is still good here until then. After that nobody is let in, because nobody knows what was
missed.
"""

import asyncio
import logging
import time
from http import HTTPStatus
from typing import Final

import httpx

from arkalia_contract import access
from arkalia_helloria.access.known import Known
from arkalia_helloria.access.measures import Measures
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.calls.errors import CallError

logger: Final = logging.getLogger(__name__)

MODULE: Final = "security"
EVERY_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 3.0
STALE_SECONDS: Final = 300.0
AT_ONCE_SECONDS: Final = 0.25
"""Between two looks that requests ask for: who shows rubbish causes no more than that."""


class Polling:
    """The newest that is known."""

    def __init__(self, stale_seconds: float = STALE_SECONDS) -> None:
        self._stale_seconds = stale_seconds
        self._known: Known | None = None
        self._tag = ""
        self._known_at = float("-inf")
        self._asked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._fault = ""

    @property
    def current(self) -> Known | None:
        """What is known; None if that is nothing, or too old."""
        return self._known if self.age <= self._stale_seconds else None

    @property
    def age(self) -> float:
        """Seconds since it was known to be so."""
        return time.monotonic() - self._known_at

    async def keep(self, calls: Calls, measures: Measures) -> None:
        """Look again and again."""
        measures.age.set_function(lambda: self.age)
        while True:
            await self.look(calls)
            if self._known is not None:
                measures.version.set(self._known.version)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self, calls: Calls) -> None:
        """Look now; whoever comes while somebody looks waits for that, and looks if it began before."""
        came_at = time.monotonic()
        async with self._looking:
            if self._asked_at >= came_at:
                return
            self._asked_at = time.monotonic()
            await self._ask(calls)

    async def look_again(self, calls: Calls) -> bool:
        """Look once more, a moment after the last time; whether something is known now that was not."""
        before = self._known
        await asyncio.sleep(max(0.0, self._asked_at + AT_ONCE_SECONDS - time.monotonic()))
        await self.look(calls)
        return self._known is not before

    async def _ask(self, calls: Calls) -> None:
        at = time.monotonic()
        try:
            answer = await calls.to(MODULE).request(
                "GET",
                access.VIEW,
                timeout_seconds=ANSWER_SECONDS,
                paced=True,
                headers={"If-None-Match": self._tag},
            )
            self._take(answer)
        except (CallError, ValueError, httpx.HTTPStatusError) as error:
            self._complain(error)
        else:
            self._known_at, self._fault = at, ""

    def _take(self, answer: httpx.Response) -> None:
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return
        answer.raise_for_status()
        self._known = Known.parse(answer.content)
        self._tag = answer.headers.get("ETag", "")
        logger.info("Accounts have changed.", extra={"version": self._known.version})

    def _complain(self, error: Exception) -> None:
        """Log a fault when it is new. It holds no content of the view."""
        fault = type(error).__name__
        if fault != self._fault:
            logger.warning("Accounts cannot be looked at: %s.", fault)
        self._fault = fault
