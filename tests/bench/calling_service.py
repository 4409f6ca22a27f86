"""A module as most are: it answers others behind TLS and tokens, and may call others itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from arkalia_runtime.app import create_app
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings

router = APIRouter()


@router.get("/states/{name}")
async def read_state(name: str) -> dict[str, str]:
    return {"name": name, "state": "known"}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with Calls(app.state.settings, app.state.metrics):
        yield


def create(settings: ServiceSettings) -> FastAPI:
    return create_app("zeroia", settings, router=router, lifespan=lifespan)


if __name__ == "__main__":
    run("zeroia", ServiceSettings, create)
