"""A service with one slow route, for tests that stop a real process."""

import asyncio

from fastapi import APIRouter, FastAPI

from arkalia_runtime.app import create_app
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings

router = APIRouter()


@router.get("/slow/{seconds}")
async def answer_slowly(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


def create(settings: ServiceSettings) -> FastAPI:
    return create_app("slow", settings.model_copy(update={"version": "1"}), router=router)


if __name__ == "__main__":
    run("slow", ServiceSettings, create)
