"""Passwords: Argon2id with the second recommended parameters of RFC 9106 (64 MiB, 3 passes, 4 lanes).

A hash takes a tenth of a second of a core and 64 MiB. So few are made at once, beside the event loop,
and few may wait: beyond that nobody is helped by waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from arkalia_runtime.problems import Problem

T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 256
WAITING_EACH: Final = 8
"""Passwords that may wait for each that is checked."""
BUSY_SECONDS: Final = 2

HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


class Passwords:
    """Hashes and checks, a bounded number at once."""

    def __init__(self, at_once: int, hasher: PasswordHasher = HASHER) -> None:
        self._hasher, self._nobodys = hasher, nobodys(hasher)
        self._threads = ThreadPoolExecutor(at_once, "password")
        self._most = at_once * (WAITING_EACH + 1)
        self._inside = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Passwords"]:
        """End the threads with the service."""
        try:
            yield self
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """What is kept of *password*. Raises a 503 Problem while too many wait."""
        return await self._beside(lambda: self._hasher.hash(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether *kept* is of *password*; without one it takes as long to say no."""
        known = kept or self._nobodys
        return await self._beside(lambda: self._fits(password, known)) and kept is not None

    def _fits(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._inside >= self._most:
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many log in at once: try again.")
            problem.headers = {"Retry-After": str(BUSY_SECONDS)}
            raise problem
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside -= 1


def nobodys(hasher: PasswordHasher) -> str:
    """No password has this hash: to check it takes as long as that of a user who is there."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"
