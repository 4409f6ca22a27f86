"""The app of the record."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI

from arkalia_globalstate.measures import Measures
from arkalia_globalstate.pulling import Pulling
from arkalia_globalstate.record import Record
from arkalia_globalstate.settings import RecordSettings
from arkalia_globalstate.states import States
from arkalia_runtime.app import create_app
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.database import Database
from arkalia_runtime.events import wakes
from arkalia_runtime.redis import Redis


def create(settings: RecordSettings) -> FastAPI:
    """The app, for *settings*."""
    database, redis = Database.of(settings), Redis.of(settings, "queue", required=False)
    record = Record(database)
    router = APIRouter()
    router.include_router(record.router)
    router.include_router(States(database, settings).router)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(database.open())
            await opened.enter_async_context(redis.open())
            calls = await opened.enter_async_context(Calls(settings, app.state.metrics))
            pulling = Pulling(record, settings, app.state.measures, calls)
            await opened.enter_async_context(pulling.open())
            await opened.enter_async_context(wakes.shared(redis, settings.module, record.news))
            yield

    app = create_app(
        "globalstate",
        settings,
        router=router,
        checks=(database.check, redis.check),
        lifespan=lifespan,
    )
    database.measure(app.state.metrics)
    redis.measure(app.state.metrics)
    app.state.measures = Measures(app.state.metrics.registry)
    return app
