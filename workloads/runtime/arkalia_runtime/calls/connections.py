"""Connections to other modules, opened under the newest trust.

A connection is checked when it is opened. So with another trust bundle the next call opens new
connections, and the former ones are closed when the last call on them has ended.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from arkalia_contract import files
from arkalia_runtime.watched import Watched

logger: Final = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 2
"""Inside a cluster a connection takes milliseconds; after this the next try has better chances."""

KEEP_ALIVE_SECONDS: Final = 60
"""Less than the 75 s after which a service closes idle connections: a request must not meet that."""

LIMITS: Final = httpx.Limits(
    max_connections=256, max_keepalive_connections=32, keepalive_expiry=KEEP_ALIVE_SECONDS
)

CLOSE_SECONDS: Final = 2
"""How long connections may take to end."""


class Pool:
    """Connections that were opened under one trust bundle."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        # What the environment says about proxies and authorities is for the world outside.
        self.client = httpx.AsyncClient(
            verify=trusted,
            trust_env=False,
            limits=LIMITS,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        )
        self.users = 0

    async def close(self) -> None:
        """Close them; nobody uses them any more. A slow farewell is no fault of the last call's."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.client.aclose()
        except TimeoutError:
            logger.info("Former connections did not end in time.", extra={"seconds": CLOSE_SECONDS})


class Connections:
    """The pool for the newest trust bundle in *folder*."""

    def __init__(self, folder: Path, look_seconds: float) -> None:
        self._authority = folder / files.AUTHORITY_KEY
        self._pools = Watched([self._authority], self._trusting, look_seconds)
        self._current: Pool | None = None

    @asynccontextmanager
    async def used(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client, for one call. Raises UnreadableError if there is no usable trust bundle."""
        pool = await self._newest()
        pool.users += 1
        try:
            yield pool.client
        finally:
            pool.users -= 1
            await self._close_if_former(pool)

    async def close(self) -> None:
        """Close them all; calls that still wait for an answer fail."""
        if self._current is not None:
            await self._current.close()

    async def _newest(self) -> Pool:
        pool, former = self._pools.current(), self._current
        self._current = pool
        if former is not None:
            await self._close_if_former(former)
        return pool

    async def _close_if_former(self, pool: Pool) -> None:
        if pool is not self._current and not pool.users:
            await pool.close()

    def _trusting(self) -> Pool:
        # The context itself must read the file: cadata would not refuse a bundle cut short.
        return Pool(ssl.create_default_context(cafile=str(self._authority)))
