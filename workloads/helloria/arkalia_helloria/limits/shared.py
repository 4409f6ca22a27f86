"""What all gateways know together of the limits: they tell Redis what they counted, and learn the sum.

Each gateway decides by what it knows, and tells ten times a second. Two gateways may so let a burst
through twice, once; what was too much is owed, and in the long run the rate holds exactly (decision
0055). Only who has a budget that another gateway may have seen used up waits until it is asked for,
once a second. Without Redis each gateway keeps its own accounts, and says so.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import Gauge
from redis.exceptions import RedisError

from arkalia_helloria.limits.asking import Asking
from arkalia_helloria.limits.rate import MOST_OWED_SECONDS, Accounts
from arkalia_runtime.background import running
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.redis import Redis, RedisUnavailableError
from arkalia_runtime.watched import UnreadableError

logger: Final = logging.getLogger(__name__)

TELL_SECONDS: Final = 0.1
ANSWER_SECONDS: Final = 1.0
"""A Redis that takes longer cannot be used: the client itself would wait ten times as long."""
AGAIN_SECONDS: Final = 1.0
"""After Redis could not be used."""

UNUSABLE: Final = (RedisError, RedisUnavailableError, UnreadableError, OSError, TimeoutError)
"""How it says that it cannot be used; at first it may not even be known where it is."""

ONE_TIME: Final = 1000
"""Accounts that are told at once."""

ADD: Final = f"""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local ahead = {{}}
for place, key in ipairs(KEYS) do
  local full = math.max(tonumber(redis.call('GET', key) or now), now) + tonumber(ARGV[place])
  full = math.min(full, now + {MOST_OWED_SECONDS})
  redis.call('SET', key, string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1000)
  ahead[place] = string.format('%.6f', full - now)
end
return ahead
"""
"""By Redis's own clock: those of the gateways need not agree."""


class SharedAccounts:
    """A part: the accounts, which others know of while there is a Redis."""

    def __init__(self, redis: Redis) -> None:
        self.accounts = Accounts()
        self.is_shared = True
        """Whether the other gateways are known to count the same."""
        self._redis = redis
        self._asking = Asking(self._ask)
        self._gauge = Gauge(
            "arkalia_gateway_limits_shared",
            "1 while all gateways count their limits together, 0 while each counts for itself.",
            registry=None,
        )
        self._gauge.set(1)

    def measure(self, metrics: Metrics) -> None:
        """Show whether they are shared."""
        metrics.registry.register(self._gauge)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Tell and learn during the block."""
        async with running(self._go_on()):
            yield

    async def tell(self) -> None:
        """Tell what was counted, and learn what all have counted. Raises if Redis cannot be used."""
        told = self.accounts.untold()
        if not told and not self.is_shared:
            await self._redis.client.execute_command("PING")  # type: ignore[no-untyped-call]
        for part in _parts(told.items()):
            start = time.monotonic()
            self.accounts.learn(await self._sums(part), start)
        now = time.monotonic()
        self.accounts.forget(now)
        self._asking.forget(now)

    async def know(self, keys: Iterable[str]) -> None:
        """Learn what all have counted of *keys*, if that was not asked for in the last second.

        Who waits for it does so no longer than Redis may take; while it cannot be used, nobody does.
        """
        if self.is_shared:
            await self._asking.know(keys)

    async def _ask(self, keys: list[str]) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                for part in _parts((key, 0.0) for key in keys):
                    start = time.monotonic()
                    self.accounts.hear(await self._sums(part), start)
        except UNUSABLE as error:
            # That it can be used again, whoever tells it will find.
            self._show(is_shared=False, cause=repr(error.__cause__ or error))

    async def _sums(self, told: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
        """What all have counted, by key, with what is *told* now."""
        keys = [self._redis.key(f"limit:{key}") for key, _ in told]
        seconds = [f"{each:.6f}" for _, each in told]
        answer = await self._redis.client.execute_command(  # type: ignore[no-untyped-call]
            "EVAL", ADD, len(keys), *keys, *seconds
        )
        return zip((key for key, _ in told), map(float, answer), strict=True)

    async def _go_on(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self.tell()
            except UNUSABLE as error:
                self._show(is_shared=False, cause=repr(error.__cause__ or error))
                # What the others were not told is not owed later: it was allowed.
                self.accounts.untold()
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self._show(is_shared=True)
                await asyncio.sleep(TELL_SECONDS)

    def _show(self, *, is_shared: bool, cause: str = "") -> None:
        if is_shared == self.is_shared:
            return
        self.is_shared = is_shared
        self._gauge.set(is_shared)
        if is_shared:
            logger.info("Limits are shared again.")
        else:
            logger.warning(
                "Limits are this gateway's own: Redis cannot be used.", extra={"cause": cause}
            )


def _parts(told: Iterable[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    """*told* in parts that are told at once."""
    every = list(told)
    return (every[at : at + ONE_TIME] for at in range(0, len(every), ONE_TIME))
