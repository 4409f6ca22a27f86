"""Who asks, where the pods of the edge stand before the service.

The edge writes the address of its client into `X-Forwarded-For`. It is known by a name that stands
for the address of each of its pods, since pods come and go; what anybody else writes there is not
believed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

EVERYBODY: Final = "*"
"""Whether to believe is decided before the headers are read."""
LOOK_SECONDS: Final = 1.0
"""An address that is not known is looked for at most this often, and this long."""
KNOWN_SECONDS: Final = 10.0
"""How long the pod of an edge that is gone may be believed: its address may be another's soon."""

Find = Callable[[str], Awaitable[frozenset[str]]]

logger = logging.getLogger(__name__)


async def addresses_of(name: str) -> frozenset[str]:
    """The addresses that *name* stands for."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return frozenset(_plain(str(address[0])) for *_, address in found)


class BehindEdge:
    """A service that believes the pods *name*, and nobody else, where a request is from."""

    def __init__(self, app: ASGIApp, name: str, find: Find = addresses_of) -> None:
        """Nothing is looked for before the first request."""
        self._app = app
        self._believing = ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=EVERYBODY)
        self._name = name
        self._find = find
        self._known: frozenset[str] = frozenset()
        self._looked = float("-inf")
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and await self._is_from_edge(scope):
            await self._believing(cast(Any, scope), cast(Any, receive), cast(Any, send))
        else:
            await self._app(scope, receive, send)

    async def _is_from_edge(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None:
            return False
        address = _plain(client[0])
        if address not in self._known or self._age > KNOWN_SECONDS:
            await self._look()
        return address in self._known

    @property
    def _age(self) -> float:
        return time.monotonic() - self._looked

    async def _look(self) -> None:
        async with self._turn:
            if self._age < LOOK_SECONDS:
                return
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    self._known = await self._find(self._name)
            except (OSError, TimeoutError) as error:
                # What was known stays: a name server that is away is no reason to forget it.
                logger.warning("The pods of the edge cannot be looked for.", exc_info=error)
            self._looked = time.monotonic()


def _plain(address: str) -> str:
    """*address* as IPv4 where it is one written as IPv6; a socket that takes both writes it so."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # a test client, or a socket in the file system
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
