"""Gateways to compare, each a process: `python -m bench.gateways WHICH PORT UPSTREAM_PORT`.

`helloria` is the product, with a door that checks an API key as `security` keeps them (HMAC-SHA-256),
limits, breaker, balancer and metrics on. The others pass on and do nothing else.
"""

import asyncio
import hashlib
import hmac
import sys
from functools import partial

import aiohttp
import uvicorn
from fastapi import FastAPI, Request, Response

from arkalia_helloria.app import create
from arkalia_helloria.callers import Caller, DeniedError
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.server import run

BODY = b'{"answer":"' + b"x" * 1000 + b'"}'
SECRET, KEY = b"k" * 32, "ark_" + "1" * 43
EVENT, EVERY_SECONDS = b"data: " + b"x" * 58 + b"\n\n", 10
JSON = (b"content-type", b"application/json")


class KeyDoor:
    """Lets in who shows the key."""

    def __init__(self) -> None:
        caller = Caller("ada", frozenset({"user"}), frozenset({"tasks"}), key="k-1")
        self._known = {self._digest(KEY): caller}

    async def let_in(self, headers, _client, route):
        caller = self._known.get(self._digest(headers.get("authorization", "")[7:]))
        if caller is None:
            raise DeniedError(401, "The key is not known.")
        if not route.scopes <= caller.scopes:
            raise DeniedError(403, "The key may not.")
        return caller

    def _digest(self, key):
        return hmac.digest(SECRET, key.encode(), hashlib.sha256)


async def upstream(scope, receive, send):
    if scope["type"] == "http":
        length = (b"content-length", b"%d" % len(BODY))
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, length]})
        await send({"type": "http.response.body", "body": BODY})


async def streams(scope, receive, send):
    """Answers without an end: an event at once, and then from time to time."""
    if scope["type"] != "http":
        return
    kind = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    left = asyncio.create_task(until_gone(receive))
    while not left.done():
        await send({"type": "http.response.body", "body": EVENT, "more_body": True})
        await asyncio.wait({left}, timeout=EVERY_SECONDS)


async def until_gone(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


UPSTREAMS = {"upstream": upstream, "streams": streams}


def raw_asgi(address):
    """ASGI and aiohttp, nothing between."""
    session = None

    async def app(scope, receive, send):
        nonlocal session
        if scope["type"] != "http":
            return
        session = session or aiohttp.ClientSession(auto_decompress=False)
        async with session.request(scope["method"], address + scope["path"]) as answer:
            headers = [JSON, (b"content-length", answer.headers["content-length"].encode())]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": await answer.read()})

    return app


def fastapi(address):
    """FastAPI and aiohttp."""
    app = FastAPI()
    held = {}

    @app.get("/{path:path}")
    async def pass_on(path: str, request: Request) -> Response:
        session = held.setdefault("session", None) or aiohttp.ClientSession()
        held["session"] = session
        async with session.get(f"{address}/{path}") as answer:
            return Response(await answer.read(), answer.status, media_type="application/json")

    return app


def serve(app, port):
    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="off",
        log_level="critical", access_log=False,
    )  # fmt: skip


def main(which, port, upstream_port):
    address = f"http://127.0.0.1:{upstream_port}"
    if which == "helloria":
        run("helloria", GatewaySettings, partial(create, door=KeyDoor()))
    elif which in UPSTREAMS:
        serve(UPSTREAMS[which], port)
    else:
        serve({"asgi": raw_asgi, "fastapi": fastapi}[which](address), port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
