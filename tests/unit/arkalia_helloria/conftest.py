"""A gateway before a module, both served on real sockets."""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from arkalia_helloria.app import create
from arkalia_helloria.callers import Caller
from arkalia_helloria.settings import GatewaySettings
from unit.arkalia_runtime.authority import Mounts, mount
from unit.arkalia_runtime.serving import served

ADA = Caller("ada", frozenset({"operator", "admin"}), frozenset({"tasks"}), key="k-1")


class Everybody:
    """A door that lets everybody in as Ada."""

    async def let_in(self, _headers, _client, _route, _method):
        return ADA


@dataclass
class Module:
    """A module of raw ASGI, which tells what it was asked for."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    described: list[dict[str, Any]] = field(default_factory=list)
    """The gateway's own questions for a description."""
    answer: Any = None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        own = [(key.decode(), value.decode("latin-1")) for key, value in scope["headers"]]
        kept = self.described if scope["path"] == "/openapi.json" else self.asked
        kept.append({**scope, "given": dict(own)})
        await (self.answer or echo)(scope, receive, send)


async def body_of(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def reply(send, body=b"", status=200, headers=()):
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope, receive, send):
    await reply(send, await body_of(receive) or scope["path"].encode())


def routes_file(places: Mapping[str, int], **routes: list[dict[str, Any]]) -> str:
    """`routes.json` of modules that listen at ports of the loopback interface."""
    usual = {"methods": ["GET", "POST", "PUT", "DELETE"], "scopes": []}
    return json.dumps(
        {
            module: {
                "address": f"http://127.0.0.1:{port}",
                "pods": "127.0.0.1",
                "routes": [usual | each for each in routes.get(module, [{"path": "/*"}])],
            }
            for module, port in places.items()
        }
    )


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    """What is mounted into the gateway's pod."""
    found = Mounts(tmp_path / "mounts")
    mount(found.tokens, taskia="the token of the gateway")
    found.data.mkdir()
    return found


@pytest.fixture
def gateway(mounts):
    """`gateway(places, routes=..., door=..., lookup=..., **settings)`: a client of a gateway."""

    @asynccontextmanager
    async def opened(places, *, door=None, lookup=None, routes=None, **settings):
        mount(mounts.identity, routes_json=routes_file(places, **(routes or {})))
        # Outside a system no module's token guards the way in; what is asked here is published.
        usual = {"module": "helloria", "version": "1", "system": "", "requests_per_second": 1e6}
        own = mounts.settings | usual | settings
        found = {} if lookup is None else {"lookup": lookup}
        app = create(GatewaySettings(**own), door or Everybody(), **found)
        async with served(app) as client:
            client.app = app
            yield client

    return opened


@asynccontextmanager
async def a_module(answer=None):
    """A served module, and its port."""
    module = Module(answer=answer)
    async with served(module) as client:
        yield module, port_of(client)


def port_of(client: aiohttp.ClientSession) -> int:
    """Where the server of *client* listens."""
    assert client._base_url is not None
    return int(client._base_url.port or 0)
