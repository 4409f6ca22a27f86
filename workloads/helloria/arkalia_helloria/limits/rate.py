"""PURE. A rate with a burst, as the generic cell rate algorithm (GCRA) keeps it: one number a key.

The number is the time at which a key would have nothing on its account if it went on at its rate. It
may lie as far ahead as the burst lasts. What several gateways count adds up by adding the seconds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

MOST_OWED_SECONDS: Final = 366 * 86_400
"""Nobody waits longer, whatever was charged; what is owed beyond it is forgotten. Redis would refuse a
lifetime of more than 64 bits, and with it all that is told at the same time."""
MOST_KEYS: Final = 100_000
"""About 20 MiB. Beyond that the key that came first is forgotten."""


@dataclass(frozen=True)
class Limit:
    """So much of something in a window, refilled steadily."""

    name: str
    """Of the policy, as clients see it."""
    quota: float
    """What may be taken at once."""
    window: float
    """Seconds in which an empty account fills."""

    @cached_property
    def cost_of_one(self) -> float:
        """Seconds by which one unit moves the account's time."""
        return self.window / self.quota

    @cached_property
    def policy(self) -> str:
        """The header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={math.floor(self.quota)};w={math.ceil(self.window)}'


@dataclass(slots=True)
class Verdict:
    """What the account of a key says. To make one that is frozen takes more than twice as long."""

    limit: Limit
    allowed: bool
    ahead: float
    """Seconds until the account is full again."""

    @property
    def remaining(self) -> int:
        """What may still be taken at once."""
        return max(0, math.floor((self.limit.window - self.ahead) / self.limit.cost_of_one + 1e-6))

    @property
    def retry_after(self) -> int:
        """Seconds until one more may be taken."""
        wait = self.ahead + self.limit.cost_of_one - self.limit.window
        return max(1, math.ceil(wait))

    @property
    def header(self) -> str:
        """The header `RateLimit`."""
        return f'"{self.limit.name}";r={self.remaining};t={math.ceil(self.ahead)}'


@dataclass(slots=True)
class _Account:
    full_at: float
    untold: float = 0.0
    """Seconds that the other gateways do not know of yet."""


class Accounts:
    """All keys, as this gateway knows them."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def take(self, key: str, limit: Limit, now: float) -> Verdict:
        """Take one from *key*, if it has one."""
        account = self._accounts.get(key)
        ahead = 0.0 if account is None else max(0.0, account.full_at - now)
        cost = limit.cost_of_one
        if ahead + cost > limit.window * (1 + 1e-9):
            return Verdict(limit, allowed=False, ahead=ahead)
        self._charge(key, account, cost, now)
        return Verdict(limit, allowed=True, ahead=ahead + cost)

    def look(self, key: str, limit: Limit, now: float) -> Verdict:
        """Whether anything is left of *key*, without taking it."""
        account = self._accounts.get(key)
        ahead = 0.0 if account is None else max(0.0, account.full_at - now)
        return Verdict(limit, allowed=ahead < limit.window, ahead=ahead)

    def charge(self, key: str, limit: Limit, amount: float, now: float) -> None:
        """Take *amount* from *key*, whether it has so much or not: it was used already."""
        self._charge(key, self._accounts.get(key), limit.cost_of_one * amount, now)

    def untold(self) -> dict[str, float]:
        """What the other gateways do not know: seconds by key. It counts as told now."""
        told = {}
        for key, account in self._accounts.items():
            if account.untold:
                told[key] = account.untold
                account.untold = 0.0
        return told

    def learn(self, ahead: Iterable[tuple[str, float]], now: float) -> None:
        """What all gateways together say: by key, seconds until its account is full."""
        for key, seconds in ahead:
            if account := self._accounts.get(key):
                account.full_at = now + seconds + account.untold

    def hear(self, ahead: Iterable[tuple[str, float]], now: float) -> None:
        """What all gateways together say of keys that nothing need have been taken from here.

        It takes nothing back: what is just told to them may not stand in it.
        """
        for key, seconds in ahead:
            if seconds > 0:
                account = self._accounts.get(key) or self._begun(key, now)
                account.full_at = max(account.full_at, now + seconds + account.untold)

    def forget(self, now: float) -> None:
        """Drop every full account: it says nothing."""
        full = [key for key, each in self._accounts.items() if each.full_at <= now]
        for key in full:
            if not self._accounts[key].untold:
                del self._accounts[key]

    def __len__(self) -> int:
        return len(self._accounts)

    def _charge(self, key: str, account: _Account | None, cost: float, now: float) -> None:
        if account is None:
            account = self._begun(key, now)
        before = max(account.full_at, now)
        account.full_at = min(before + cost, now + MOST_OWED_SECONDS)
        account.untold += account.full_at - before

    def _begun(self, key: str, now: float) -> _Account:
        if len(self._accounts) >= MOST_KEYS:
            del self._accounts[next(iter(self._accounts))]
        account = self._accounts[key] = _Account(now)
        return account
