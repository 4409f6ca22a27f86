"""Gateways to compare, each a process: `python -m bench.gateways WHICH PORT UPSTREAM_PORT`.

`helloria` is the product, with all that it does; the others pass on and do nothing else. What it knows of
accounts is told by the process behind it, in the form in which `security` tells it.
"""

import asyncio
import hmac
import json
import sys
from dataclasses import asdict

import aiohttp
import uvicorn
from fastapi import FastAPI, Request, Response

from arkalia_contract import access
from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.server import run

KEY = "ark_" + "1" * 43
BODY = b'{"answer":"' + b"x" * 1000 + b'"}'
EVENT, EVERY_SECONDS = b"data: " + b"x" * 58 + b"\n\n", 10
JSON = (b"content-type", b"application/json")


async def answer(send, body, status=200, *more):
    said = [JSON, (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


async def upstream(scope, receive, send):
    if scope["type"] == "http":
        await answer(send, BODY)


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


def view():
    """Ada, who has a key."""
    secret = b"k" * 32
    digest = hmac.digest(secret, KEY.encode(), "sha256").hex()
    ada = access.ViewedUser("ada", "ada", ["user"], ["chat", "tasks"])
    key = access.ViewedKey("k-1", "ada", digest, ["tasks"], None, None, None)
    known = access.View(1, secret.hex(), "arkalia/bench", [], {}, [ada], [key], [])
    return json.dumps(asdict(known)).encode()


def with_accounts(app):
    """*app*, and what `security` serves for a gateway."""

    async def both(scope, receive, send):
        path = scope.get("path", "")
        if path == access.VIEW:
            known = (b"if-none-match", b'"1"') in scope["headers"]
            await (
                answer(send, b"", 304) if known else answer(send, view(), 200, (b"etag", b'"1"'))
            )
        elif path == access.JUDGEMENTS:
            await answer(send, b"{}")
        else:
            await app(scope, receive, send)

    return both


UPSTREAMS = {"upstream": with_accounts(upstream), "streams": with_accounts(streams)}


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
        run("helloria", GatewaySettings, create)
    elif which in UPSTREAMS:
        serve(UPSTREAMS[which], port)
    else:
        serve({"asgi": raw_asgi, "fastapi": fastapi}[which](address), port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
