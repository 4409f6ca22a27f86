"""The gateway's app: what is published of other modules, before the routes that all services have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from arkalia_contract import files
from arkalia_helloria.access.door import AccountDoor
from arkalia_helloria.callers import Door
from arkalia_helloria.forwarding import Forwarder
from arkalia_helloria.gateway import Entrance, GatewayMiddleware
from arkalia_helloria.limits.rules import Rules
from arkalia_helloria.limits.shared import SharedAccounts
from arkalia_helloria.routes import RouteTable, parse_routes
from arkalia_helloria.settings import GatewaySettings
from arkalia_helloria.upstream.balancer import Lookup, look_up
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.parts import assembled
from arkalia_runtime.redis import Redis
from arkalia_runtime.watched import Watched


class Ways:
    """A part: the connections to the modules."""

    def __init__(self, settings: GatewaySettings, lookup: Lookup) -> None:
        self._settings = settings
        self._lookup = lookup
        self.forwarder: Forwarder | None = None

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how the pods do."""
        self.forwarder = Forwarder(self._settings, metrics, self._lookup)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections for the block."""
        yield
        if self.forwarder is not None:
            self.forwarder.close()


def create(
    settings: GatewaySettings, door: Door | None = None, lookup: Lookup = look_up
) -> FastAPI:
    """The app, for *settings*. It answers without its cache too.

    *door* decides who is let in, by default the accounts of security; *lookup* finds pods by name.
    """
    cache = Redis.of(settings, "cache", required=False)
    ways, shared = Ways(settings, lookup), SharedAccounts(cache)
    accounts = AccountDoor(settings)
    app = assembled("helloria", settings, cache, shared, ways, *([] if door else [accounts]))
    assert ways.forwarder is not None  # noqa: S101 - it was measured when the parts were assembled
    rules = Rules(settings, shared, app.state.metrics.registry)
    _publish(app, settings, ways.forwarder, Entrance(door or accounts, rules))
    return app


def published(settings: GatewaySettings) -> Watched[RouteTable]:
    """What the operator says to be published, in its newest usable form."""
    path = settings.identity_folder / files.ROUTES_KEY
    return Watched([path], partial(_read, path), settings.look_seconds)


def _publish(
    app: FastAPI, settings: GatewaySettings, forwarder: Forwarder, entrance: Entrance
) -> None:
    # Innermost: ids, measurements, limits of size and the guard stand around it.
    app.add_middleware(
        GatewayMiddleware, table=published(settings), entrance=entrance, forwarder=forwarder
    )
    app.user_middleware.append(app.user_middleware.pop(0))


def _read(path: Path) -> RouteTable:
    return parse_routes(path.read_bytes())
