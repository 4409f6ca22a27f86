"""`/livez`, `/readyz` and `/metrics`, served from the loop that they are about."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from arkalia_operator.runtime.checks import Check, Measured


class Probes:
    """A small HTTP server on all interfaces."""

    def __init__(self, live: Mapping[str, Check], ready: Mapping[str, Check]) -> None:
        app = web.Application()
        app.router.add_get("/livez", _answer(live))
        app.router.add_get("/readyz", _answer(ready))
        app.router.add_get("/metrics", _metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, port: int) -> int:
        """Serve on *port*; gives the port, which differs if it was 0. Raises OSError."""
        await self._runner.setup()
        listening = _listen(port)
        await web.SockSite(self._runner, listening).start()
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Answer no more."""
        await self._runner.cleanup()


def _listen(port: int) -> socket.socket:
    """One socket for IPv6 and IPv4, or for IPv4 alone where there is no IPv6."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _answer(checks: Mapping[str, Check]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """One line for each check, as the API server's own endpoints have it; 500 if one fails."""

    async def answer(_: web.Request) -> web.Response:
        now = asyncio.get_running_loop().time()
        found = {name: check(now) for name, check in checks.items()}
        fails = any(each.wrong for each in found.values())
        text = "".join(_line(name, each) for name, each in found.items())
        return web.Response(text=text, status=500 if fails else 200)

    return answer


def _line(name: str, found: Measured) -> str:
    if found.wrong:
        return f"[-]{name}: {found.wrong}\n"
    return f"[+]{name} ok ({found.told})\n" if found.told else f"[+]{name} ok\n"


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
