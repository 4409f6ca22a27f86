"""The self-check: which of the rights that the operator uses it does not have, and where.

Asked at the start, and again while it runs: an administrator who adds a rule shall see the condition
change without a restart, and one who takes a rule away too, as soon as something is refused for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Final

from arkalia_operator import metrics
from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.permissions import is_granted
from arkalia_operator.errors import ApiError
from arkalia_operator.planning.permissions import Right, told

LOGGER = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Questions at the same time: they wait behind nothing, and nothing waits behind them."""
STEP_SECONDS: Final = 15.0
"""Between two looks while a right is missing, the API server does not answer, a kind was new, or
something was refused."""
CALM_SECONDS: Final = 600.0
"""Between two looks while all is well."""

Missing = tuple[Right, ...]


class Permissions:
    """What the operator may not do, in each namespace that it serves or in the whole cluster."""

    def __init__(
        self,
        client: Client,
        namespaces: Sequence[str],
        used: Callable[[], Iterable[Right]],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._used = used
        self._clock = clock
        self._asked: frozenset[Right] = frozenset()
        self._looked_at = 0.0
        self._unanswered: frozenset[Right] = frozenset()
        self._missing: dict[str | None, Missing] = {}
        self.known = asyncio.Event()
        """Set once everything was asked, be it answered or not."""

    def missing(self, namespace: str) -> Missing:
        """What the operator may not do for a system in *namespace*."""
        return self._missing.get(namespace) or self._missing.get(None) or ()

    def anywhere(self) -> Missing:
        """What the operator may not do in one of its namespaces at least."""
        return tuple(sorted({right for missing in self._missing.values() for right in missing}))

    def told(self) -> str:
        """What is missing, in words; empty if nothing is."""
        found = self.anywhere()
        return told(found) if found else ""

    async def run(self, changed: Callable[[], None]) -> None:
        """Ask again and again until cancelled; call *changed* when the answers are others."""
        while True:
            if self._is_due() and await self.look():
                changed()
            await asyncio.sleep(jittered(STEP_SECONDS))

    def _is_due(self) -> bool:
        calm = self._clock() - self._looked_at < CALM_SECONDS
        unsure = self._unanswered or any(self._missing.values()) or self._client.was_forbidden
        return not calm or bool(unsure) or self._asked != frozenset(self._used())

    async def look_if_old(self) -> None:
        """Ask for every right if that was not done just now."""
        if not self.known.is_set() or self._clock() - self._looked_at >= STEP_SECONDS:
            await self.look()

    async def look(self) -> bool:
        """Ask for every right; says whether the answers are others than before.

        A question without an answer keeps the answer that it had.
        """
        used, began = frozenset(self._used()), self._clock()
        self._unanswered, self._client.was_forbidden = frozenset(), False
        found = {each: await self._missing_of(used, each) for each in self._namespaces}
        self._asked, self._looked_at = used, began
        before, self._missing = self._missing, found
        news = self.known.is_set() and before != found
        if news or not self.known.is_set():
            self._report()
        self.known.set()
        return news

    async def _missing_of(self, used: Iterable[Right], namespace: str | None) -> Missing:
        slots = asyncio.Semaphore(AT_ONCE)

        async def asked(right: Right) -> Right | None:
            async with slots:
                return None if await self._is_granted(right, namespace) else right

        answers = await asyncio.gather(*map(asked, used))
        return tuple(sorted(right for right in answers if right is not None))

    async def _is_granted(self, right: Right, namespace: str | None) -> bool:
        try:
            return await is_granted(self._client, right, namespace)
        except ApiError as error:
            LOGGER.warning(
                "The right to %s %s is not known yet: %s", right.verb, right.resource, error
            )
            self._unanswered |= {right}
            return right not in self._missing.get(namespace, ())

    def _report(self) -> None:
        metrics.RIGHTS_MISSING.clear()
        for namespace, missing in self._missing.items():
            for right in missing:
                metrics.RIGHTS_MISSING.labels(namespace or "", right.feature).inc()
            if missing:
                where = f"in namespace {namespace}" if namespace else "in the cluster"
                LOGGER.error("%s (%s)", told(missing), where)
