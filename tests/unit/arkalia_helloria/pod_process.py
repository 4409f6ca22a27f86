"""A pod of a module, as a process: `python -m unit.arkalia_helloria.pod_process`."""

import asyncio

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import StreamingResponse

from arkalia_runtime.app import create_app
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings

EVENTS = 20


def create(settings: ServiceSettings) -> FastAPI:
    router = APIRouter()

    @router.get("/x")
    async def read() -> str:
        return "read"

    @router.post("/x")
    async def write(request: Request) -> str:
        return (await request.body()).decode()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def events():
            for number in range(EVENTS):
                yield f"data: {number}\n\n"
                await asyncio.sleep(0.05)
            yield "data: end\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    return create_app("taskia", settings, router=router)


if __name__ == "__main__":
    run("taskia", ServiceSettings, create)
