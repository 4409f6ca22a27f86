"""A service made of parts: what it stands on is named once, and shown, asked and opened with it.

A part is a database, a client of Redis, an outbox, a reader: whatever has to be opened. What more
it has decides what becomes of it: its `check` is asked, its `router` serves, its numbers stand in
`/metrics` from the start, its `abilities` can be ordered.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from typing import Any, Protocol, runtime_checkable

from fastapi import APIRouter, FastAPI

from arkalia_runtime.app import Lifespan, create_app
from arkalia_runtime.control.abilities import Ability
from arkalia_runtime.health import Check
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings


@runtime_checkable
class Part(Protocol):
    """Something that a service holds while it lives."""

    def open(self) -> AbstractAsyncContextManager[Any]:
        """Hold it, during the block."""


@runtime_checkable
class Checked(Protocol):
    """A part that can fail."""

    check: Check


@runtime_checkable
class Measured(Protocol):
    """A part with metrics."""

    def measure(self, metrics: Metrics) -> None:
        """Show them in *metrics*."""


@runtime_checkable
class Serving(Protocol):
    """A part with routes."""

    router: APIRouter


@runtime_checkable
class Able(Protocol):
    """A part that carries out orders."""

    abilities: Sequence[Ability[Any]]


class Routes:
    """A part that is nothing but routes."""

    def __init__(self, router: APIRouter) -> None:
        self.router = router

    def open(self) -> AbstractAsyncContextManager[None]:
        """Nothing has to be held."""
        return nullcontext()


def assembled(module: str, settings: ServiceSettings, *parts: Part) -> FastAPI:
    """The app of *module*, made of *parts*: opened in this order, closed in the other."""
    router = APIRouter()
    for each in parts:
        if isinstance(each, Serving):
            # Beside each other: FastAPI looks for the route once more at each level of routers.
            router.routes.extend(each.router.routes)
    checks = [each.check for each in parts if isinstance(each, Checked)]
    app = create_app(module, settings, router=router, checks=checks, lifespan=_holding(parts))
    app.state.parts = parts
    for each in parts:
        _introduce(each, app)
    return app


def _introduce(part: Part, app: FastAPI) -> None:
    if isinstance(part, Measured):
        part.measure(app.state.metrics)
    if isinstance(part, Able):
        for ability in part.abilities:
            app.state.actions.learn(ability)


def _holding(parts: Sequence[Part]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(part.open())
            yield

    return lifespan
