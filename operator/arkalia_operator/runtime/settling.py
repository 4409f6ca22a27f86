"""What settling certificates and credentials has in common: Secrets are written, and looked at again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from typing import Final

from prometheus_client import Counter

from arkalia_operator import metrics
from arkalia_operator.cluster.secrets import FRESH_SECONDS
from arkalia_operator.errors import ApiError, harmless
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.observed import ObjectKey

LOGGER = logging.getLogger(__name__)

LONGEST_LOOK_SECONDS: Final = FRESH_SECONDS
"""Somebody may delete or change a Secret, and no watch tells."""
SHORTEST_LOOK_SECONDS: Final = 1.0
"""Nothing spins on what is always due."""


async def written(
    secret: ObjectKey, what: str, counter: Counter, writing: Awaitable[None]
) -> Failure | None:
    """Await *writing*, which writes *what* into *secret*: counted, logged, and told if it failed."""
    try:
        await writing
    except ApiError as error:
        LOGGER.warning("%s was not written: %s", secret, harmless(error))
        metrics.FAILURES.labels(secret.kind, str(error.permanent).lower()).inc()
        return Failure(secret, harmless(error), error.permanent)
    counter.labels(what).inc()
    LOGGER.info("Wrote %s: %s.", secret, what)
    return None


async def failures_of(writings: Iterable[Awaitable[Failure | None]]) -> tuple[Failure, ...]:
    """Await all *writings* at once; what of them failed."""
    results = await asyncio.gather(*writings)
    return tuple(each for each in results if each is not None)


def bounded(seconds: float, longest: float = LONGEST_LOOK_SECONDS) -> float:
    """When to look again at what is due in so many *seconds*."""
    return min(max(seconds, SHORTEST_LOOK_SECONDS), longest)
