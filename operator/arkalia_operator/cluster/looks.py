"""Looks at somebody else's objects that systems name: believed for a while.

They carry no label of ours, and no watch tells of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import llm
from arkalia_operator.desired.resolved import Problem

FRESH_SECONDS: Final = 60.0
TROUBLED_SECONDS: Final = 10.0
"""Somebody is about to make or correct the object, and waits for what comes of it."""
REMEMBERED: Final = 8192


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at an object gave."""

    problem: Problem | None
    until: float
    """When it must be looked at again."""


class Looks:
    """What was found, the oldest look forgotten first."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[Hashable, Seen] = OrderedDict()

    async def problem(
        self, key: Hashable, look: Callable[[], Awaitable[Problem | None]]
    ) -> Problem | None:
        """What is wrong with the object *key*, which *look* finds out. Raises ApiError."""
        seen = self._seen.get(key)
        if seen is not None and self._clock() < seen.until:
            return seen.problem
        return self._remember(key, await look())

    def _remember(self, key: Hashable, problem: Problem | None) -> Problem | None:
        # A little less than the next look, or that one would still find it fresh.
        until = self._clock() + next_look(problem) - 1
        self._seen[key] = Seen(problem, until)
        self._seen.move_to_end(key)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return problem


def names_objects_of_others(system: ArkaliaSystem) -> bool:
    """Whether there is anything to look at: a bundle of authorities, or API keys."""
    return system.spec.network.ca_bundle is not None or any(llm.keys(system))


def next_look(*problems: Problem | None) -> float:
    """Seconds until it is worth another look, after those that gave *problems*."""
    return TROUBLED_SECONDS if any(problems) else FRESH_SECONDS
