"""The app that a service is: its routes, and the operational ones that all services have."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version as distribution_version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from arkalia_contract import endpoints
from arkalia_runtime import docs, health, metrics, problems
from arkalia_runtime.control import routes as control
from arkalia_runtime.control.actions import Actions
from arkalia_runtime.control.shedding import Shedder, ShedMiddleware
from arkalia_runtime.heads import HeadMiddleware
from arkalia_runtime.health import Check, Health
from arkalia_runtime.identity.guard import Guard, GuardMiddleware
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.middleware import RequestMiddleware
from arkalia_runtime.monitoring import MonitoringCore
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.tracing.spans import TraceMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Status(BaseModel):
    """What runs here, since when, with which settings."""

    module: str
    version: str
    system: str
    namespace: str
    environment: str
    pod: str
    started_at: datetime
    uptime_seconds: float
    settings: dict[str, Any]


def create_app(
    module: str,
    settings: ServiceSettings,
    *,
    router: APIRouter | None = None,
    checks: Sequence[Check] = (),
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """The app of *module*.

    `app.state.settings`, `.metrics`, `.health`, `.actions` and `.monitoring` are there for the
    service's own routes. *lifespan* opens and closes what the service holds; the checks run inside
    it.
    """
    version = settings.version or distribution_version(f"arkalia-{module}")
    measured = Metrics(module, version)
    watched = Health(checks, measured, settings.check_timeout_seconds, settings.check_cache_seconds)
    app = FastAPI(
        title=f"Arkalia {module}",
        version=version,
        # Its own routes would load from elsewhere, and be unknown to the metrics.
        openapi_url=None,
        # The runtime makes its own spans and metrics, in `tracing` and `metrics`.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses=problems.OPENAPI_RESPONSES,
        lifespan=_whole_lifespan(lifespan),
        # Every answer that is an error is made here, in one form.
        exception_handlers={
            HTTPException: problems.on_http_exception,
            RequestValidationError: problems.on_invalid_request,
        },
    )
    app.state.settings, app.state.metrics, app.state.health = settings, measured, watched
    app.state.monitoring = MonitoringCore(watched, measured)
    app.state.export = _export(module, version, settings)
    app.state.shedder = Shedder(measured.registry)
    app.state.actions = Actions(measured.registry, [app.state.shedder.ability])
    _add_layers(app, module, settings)
    for part in (
        health.routes(watched),
        metrics.routes(measured),
        _status_routes(module, version, settings),
        docs.routes(app),
        control.routes(app.state.actions),
        router or APIRouter(),
    ):
        app.include_router(part)
    return app


def _add_layers(app: FastAPI, module: str, settings: ServiceSettings) -> None:
    """What stands around all routes; each layer added stands outside those before it."""
    measured = app.state.metrics
    app.add_middleware(HeadMiddleware)
    # Outside a system there are no other modules, and nobody who could vouch for one.
    if settings.system:
        guard = Guard.of(module, settings)
        app.add_middleware(GuardMiddleware, guard=guard, metrics=measured)
    app.add_middleware(ShedMiddleware, shedder=app.state.shedder)
    if app.state.export is not None:
        app.add_middleware(TraceMiddleware, tracer=app.state.export.tracer)
    app.add_middleware(
        RequestMiddleware,
        health=app.state.health,
        metrics=measured,
        max_body_bytes=settings.max_body_bytes,
        # Between modules it is the caller's name that counts, and that is logged anyway.
        names_clients=settings.public,
    )


def _export(module: str, version: str, settings: ServiceSettings) -> Any:
    """What sends traces; None where there is nobody to send them to: then the SDK is not loaded."""
    if not settings.tracing_endpoint:
        return None
    return import_module("arkalia_runtime.tracing.export").Export(module, version, settings)


def _whole_lifespan(inner: Lifespan | None) -> Lifespan:
    """*inner*, with what runs beside it in every service.

    The checks are asked once before the first request, for the log and `/metrics`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        exporting = app.state.export.open() if app.state.export else nullcontext()
        held = inner(app) if inner else nullcontext()
        async with exporting, held, app.state.monitoring.watching():
            await app.state.health.health_check()
            yield
            await app.state.actions.close()

    return lifespan


def _status_routes(module: str, version: str, settings: ServiceSettings) -> APIRouter:
    router = APIRouter(tags=["operation"])
    started_at, start = datetime.now(UTC), time.monotonic()

    @router.get(endpoints.STATUS, summary="What runs here, since when, with which settings")
    async def read_status() -> Status:
        return Status(
            module=settings.module or module,
            version=version,
            system=settings.system,
            namespace=settings.namespace,
            environment=settings.env,
            pod=settings.pod,
            started_at=started_at,
            uptime_seconds=round(time.monotonic() - start, 3),
            settings=settings.shown(),
        )

    return router
