"""The gateway's app: what is published of other modules, before the routes that all services have."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import FastAPI

from arkalia_contract import files
from arkalia_helloria import open_files
from arkalia_helloria.access.door import AccountDoor
from arkalia_helloria.cache.answers import Answers, Forwards
from arkalia_helloria.callers import Door
from arkalia_helloria.cors import CorsMiddleware, parse_origins
from arkalia_helloria.describing import Descriptions
from arkalia_helloria.forwarding import Forwarder
from arkalia_helloria.gateway import Entrance, GatewayMiddleware, Told
from arkalia_helloria.limits.rules import Rules
from arkalia_helloria.limits.shared import SharedAccounts
from arkalia_helloria.routes import parse_routes
from arkalia_helloria.settings import GatewaySettings
from arkalia_helloria.upstream.balancer import Lookup, look_up
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.parts import Part, assembled
from arkalia_runtime.redis import Redis
from arkalia_runtime.watched import Watched

Parsed = TypeVar("Parsed")


class Ways:
    """A part: the connections to the modules."""

    def __init__(self, settings: GatewaySettings, lookup: Lookup) -> None:
        self._settings = settings
        self._lookup = lookup
        self._forwarder: Forwarder | None = None

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how the pods do."""
        self._forwarder = Forwarder(self._settings, metrics, self._lookup)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections for the block."""
        open_files.allow_most()
        yield
        self.open_ones().close()

    def open_ones(self) -> Forwarder:
        """The connections."""
        assert self._forwarder is not None  # noqa: S101 - the app measures its parts when it is made
        return self._forwarder


def create(
    settings: GatewaySettings, door: Door | None = None, lookup: Lookup = look_up
) -> FastAPI:
    """The app, for *settings*. It answers without its cache too.

    *door* decides who is let in, by default who has an account, and is held open if it is a part;
    *lookup* finds pods by name.
    """
    cache, own = Redis.of(settings, "cache", required=False), door or AccountDoor(settings)
    table, cors = (
        _told(settings, files.ROUTES_KEY, parse_routes),
        _told(settings, files.CORS_KEY, parse_origins),
    )
    ways, shared = Ways(settings, lookup), SharedAccounts(cache)
    descriptions = Descriptions(table, ways.open_ones)
    held = [own] if isinstance(own, Part) else []
    app = assembled("helloria", settings, cache, shared, ways, descriptions, *held)
    metrics: Metrics = app.state.metrics
    answers = Answers(ways.open_ones(), settings, cache, metrics)
    rules = Rules(settings, shared, metrics.registry)
    _publish(app, Told(table, cors), answers, Entrance(own, rules))
    of_itself = app.openapi
    # What is published is described where the service describes itself.
    app.openapi = lambda: descriptions.over(of_itself())  # type: ignore[method-assign]
    return app


def _publish(app: FastAPI, told: Told, forwarder: Forwards, entrance: Entrance) -> None:
    # Ids, measurements, limits of size and the guard stand around it. Within it stands alone what answers
    # HEAD for the gateway's own routes: a module is asked by the method that its client used.
    app.add_middleware(GatewayMiddleware, told=told, entrance=entrance, forwarder=forwarder)
    app.user_middleware.insert(-1, app.user_middleware.pop(0))
    # Outermost: a page may read why it was refused, whichever layer refuses.
    app.add_middleware(CorsMiddleware, cors=told.cors)


def _told(settings: GatewaySettings, key: str, parse: Callable[[bytes], Parsed]) -> Watched[Parsed]:
    """What the operator says in the file *key*, in its newest usable form."""
    path = settings.identity_folder / key
    return Watched([path], lambda: parse(path.read_bytes()), settings.look_seconds)
