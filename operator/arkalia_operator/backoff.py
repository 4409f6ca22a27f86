"""Delays between tries: exponential, with full jitter, so that many waiters never move in step.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ has the reasoning. One
class serves requests, watches and the queue; retry libraries wrap a call, which fits only the
first of these.
"""

from __future__ import annotations

from random import SystemRandom

_RANDOM = SystemRandom()


class Backoff:
    """Growing random delays in seconds, from about *first* up to *cap*."""

    def __init__(self, first: float, cap: float) -> None:
        self._first = first
        self._cap = cap
        self.attempts = 0

    def next(self) -> float:
        """The delay before the next try. At least half of *first*, so that nothing spins."""
        delay = exponential(self._first, self._cap, self.attempts)
        self.attempts += 1
        return delay

    def reset(self) -> None:
        """Begin again: the last try succeeded."""
        self.attempts = 0


def exponential(first: float, cap: float, attempt: int) -> float:
    """A random delay for the try number *attempt* (from 0)."""
    ceiling = min(cap, first * 2 ** min(attempt, 32))
    return _RANDOM.uniform(first / 2, max(ceiling, first))


def jittered(seconds: float, share: float = 0.1) -> float:
    """*seconds*, up to *share* more or less."""
    return seconds * _RANDOM.uniform(1 - share, 1 + share)
