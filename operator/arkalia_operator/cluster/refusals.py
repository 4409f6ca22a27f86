"""What the API server refused for good: the same request is not sent again at every event.

The world around may change and make it valid (a right granted, a quota raised), so it is tried
again, after 1 s first and every minute or so in the end. A changed manifest is sent at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from arkalia_operator.backoff import exponential
from arkalia_operator.planning.actions import Apply, Failure
from arkalia_operator.planning.observed import ObjectKey

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 60.0
REMEMBERED: Final = 8192


@dataclass(slots=True)
class _Refusal:
    digest: bytes
    failure: Failure
    until: float
    attempts: int


class Refusals:
    """Permanent failures by object, the oldest forgotten first."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._by_object: OrderedDict[ObjectKey, _Refusal] = OrderedDict()

    def standing(self, action: Apply) -> Failure | None:
        """The refusal of just this apply, while it is too early to ask again."""
        known = self._by_object.get(action.key)
        if known is None or known.digest != action.digest or self._clock() >= known.until:
            return None
        return known.failure

    def remember(self, action: Apply, failure: Failure) -> None:
        """The API server refused *action* for good."""
        known = self._by_object.get(action.key)
        again = known is not None and known.digest == action.digest
        attempts = known.attempts + 1 if known is not None and again else 0
        until = self._clock() + exponential(FIRST_SECONDS, LONGEST_SECONDS, attempts)
        self._by_object[action.key] = _Refusal(action.digest, failure, until, attempts)
        self._by_object.move_to_end(action.key)
        if len(self._by_object) > REMEMBERED:
            self._by_object.popitem(last=False)

    def forget(self, key: ObjectKey) -> None:
        """The object was applied."""
        self._by_object.pop(key, None)

    def forget_all(self) -> None:
        """The operator may do other things than before."""
        self._by_object.clear()

    def wait(self, failures: tuple[Failure, ...]) -> float:
        """Seconds until the first of *failures* is worth another try."""
        known = [self._by_object[each.key] for each in failures if each.key in self._by_object]
        soonest = min((each.until for each in known), default=self._clock() + LONGEST_SECONDS)
        return max(0.0, soonest - self._clock())
