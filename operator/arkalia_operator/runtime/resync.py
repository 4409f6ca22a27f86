"""The clock as a trigger: every system is looked at again within a time, evenly spread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.secrets import fresh_for
from arkalia_operator.cluster.store import SystemKey

STEPS: Final = 60


def resync_seconds(wanted: float, systems: int) -> float:
    """Seconds within which so many *systems* are added: *wanted*, if that is not too much at once."""
    return max(wanted, fresh_for(systems))


async def resync(
    known: Callable[[], Iterable[SystemKey]],
    add: Callable[[SystemKey], None],
    within: Callable[[int], float],
) -> None:
    """Add every *known* system once, in small shares, again and again until cancelled.

    *within* says for a number of systems how many seconds that takes.
    """
    while True:
        keys = sorted(known())
        seconds = within(len(keys))
        for step in range(STEPS):
            await asyncio.sleep(jittered(seconds / STEPS))
            for key in keys[len(keys) * step // STEPS : len(keys) * (step + 1) // STEPS]:
                add(key)
