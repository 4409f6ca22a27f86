"""The second level: answers in Redis, for all gateways; and whose turn it is to ask the module.

Nothing waits long for it: a Redis that does not answer at once is not asked for a while, and each
gateway has what it keeps itself.
"""

import asyncio
import hashlib
import logging
import time
from contextlib import suppress
from typing import Any, Final

from arkalia_helloria.cache.kept import Kept, Resource, from_bytes, to_bytes
from arkalia_helloria.cache.local import Key
from arkalia_helloria.cache.measures import CacheMeasures
from arkalia_helloria.cache.terms import MOST_SECONDS, Pairs, varied
from arkalia_runtime.redis import Redis, RedisUnavailableError

logger: Final = logging.getLogger(__name__)

ASK_SECONDS: Final = 0.25
REST_SECONDS: Final = 2.0
"""After Redis did not answer."""

TURN_MILLISECONDS: Final = 3_000
"""So long one gateway may ask alone; if it dies meanwhile, another one asks."""

FORM: Final = "1"
"""Of what is stored: gateways of another version have another one."""

COMMON_VARIANTS: Final = (b"accept", b"accept-encoding", b"accept-language")
"""What answers usually depend on: each of their values has a place of its own."""


class AwayError(Exception):
    """Redis cannot be used at the moment."""


class SharedAnswers:
    """The answers that all gateways keep."""

    def __init__(self, redis: Redis, measures: CacheMeasures) -> None:
        self._redis = redis
        self._measures = measures
        self._rests_until = 0.0
        self._is_there = True

    async def find(self, keys: tuple[Key, ...], asked: Pairs) -> Kept | None:
        """The answer to a request with the headers *asked*, however old. Raises AwayError."""
        changed = self._changed(keys[0][1])
        *found, at = await self._ask("MGET", *(self._place(each, asked) for each in keys), changed)
        usable = (_read(each) for each in found if each)
        since = float(at or 0)
        return next(
            (each for each in usable if each and each.fits(asked) and each.asked_at > since), None
        )

    async def keep(self, key: Key, asked: Pairs, kept: Kept) -> None:
        """Keep *kept*, the answer to a request with the headers *asked*."""
        left = min(kept.useful_until - time.time(), MOST_SECONDS)
        if left > 0:
            with suppress(AwayError):
                length = f"{left * 1000:.0f}"
                await self._ask("SET", self._place(key, asked), to_bytes(kept), "PX", length)

    async def changed(self, resource: Resource, at: float) -> None:
        """Let all know that *resource* was changed at the time *at*."""
        with suppress(AwayError):
            await self._ask("SET", self._changed(resource), f"{at:.6f}", "EX", str(MOST_SECONDS))

    async def begin_turn(self, key: Key, asked: Pairs) -> bool:
        """Whether the module may be asked from here; else another gateway does. Raises AwayError."""
        wanted = self._turn(key, asked), "1", "NX", "PX", str(TURN_MILLISECONDS)
        return bool(await self._ask("SET", *wanted))

    async def end_turn(self, key: Key, asked: Pairs) -> None:
        """The module has answered."""
        # A turn that another one took meanwhile is ended too: that costs the module one question.
        with suppress(AwayError):
            await self._ask("DEL", self._turn(key, asked))

    async def _ask(self, *words: str | bytes) -> Any:
        if time.monotonic() < self._rests_until:
            raise AwayError
        try:
            with self._redis.needed():
                async with asyncio.timeout(ASK_SECONDS):
                    answer = await self._redis.client.execute_command(*words)  # type: ignore[no-untyped-call]
        except RedisUnavailableError as error:
            raise self._away(error) from error
        self._show(is_there=True)
        return answer

    def _away(self, error: Exception) -> AwayError:
        self._rests_until = time.monotonic() + REST_SECONDS
        self._show(is_there=False, cause=repr(error.__cause__ or error))
        return AwayError()

    def _show(self, *, is_there: bool, cause: str = "") -> None:
        if is_there == self._is_there:
            return
        self._is_there = is_there
        self._measures.shared.set(is_there)
        if is_there:
            logger.info("Kept answers are shared again.")
        else:
            sentence = "Kept answers are this gateway's own: Redis cannot be used."
            logger.warning(sentence, extra={"cause": cause})

    def _place(self, key: Key, asked: Pairs) -> str:
        return self._named("answer", repr((key, varied(COMMON_VARIANTS, asked))))

    def _turn(self, key: Key, asked: Pairs) -> str:
        return self._named("turn", repr((key, varied(COMMON_VARIANTS, asked))))

    def _changed(self, resource: Resource) -> str:
        return self._named("changed", repr((resource.module, resource.target)))

    def _named(self, kind: str, what: str) -> str:
        digest = hashlib.sha256(what.encode()).hexdigest()
        try:
            return self._redis.key(f"cache:{FORM}:{kind}:{digest}")
        except RedisUnavailableError as error:
            raise self._away(error) from error


def _read(data: bytes) -> Kept | None:
    """What was stored; what cannot be read is not there."""
    try:
        return from_bytes(data)
    except ValueError:
        return None
