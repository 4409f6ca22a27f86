"""A module of somebody else that speaks until somebody has heard it: what stories about streams ask."""

from __future__ import annotations

from typing import Final

from arkalia_operator.api import API_VERSION
from cluster.kube import Body

NAME: Final = "streamer"
STREAM: Final = "/stream"
HEARD: Final = "/heard"
WORD: Final = "data: word"
END: Final = "data: end"
PROGRAM: Final = f"""
import asyncio
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from arkalia_runtime.app import create_app
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings

class Settings(ServiceSettings):
    public: bool = PUBLIC

router, heard = APIRouter(), asyncio.Event()

async def words():
    while not heard.is_set():
        yield "{WORD}\\n\\n"
        await asyncio.sleep(0.2)
    yield "{END}\\n\\n"

@router.get("{STREAM}")
async def stream():
    return StreamingResponse(words(), media_type="text/event-stream")

@router.get("{HEARD}")
async def ends():
    heard.set()

run("{NAME}", Settings, lambda s: create_app("{NAME}", s, router=router))
"""


def module(namespace: str, image: str, *, public: bool) -> Body:
    """The module, in the *image* of a service: asked from outside, or by the gateway for others."""
    repository, _, tag = image.rpartition(":")
    program = PROGRAM.replace("PUBLIC", str(public))
    command = ["python3", "-u", "-c", program]
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaModule",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "image": {"repository": repository, "tag": tag},
            "public": public,
            "components": [{"name": "main", "port": 8080, "scheme": "HTTPS", "command": command}],
            "routes": [] if public else [{"path": STREAM}, {"path": HEARD}],
        },
    }
