"""The verbs that ask a gateway as somebody: its door is real, and so is the `security` behind it."""

import asyncio
import base64
import re
import socket
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from fastapi import FastAPI, Request, Response

from arkalia_cli.cluster import gateway as gateways
from arkalia_cli.cluster import tunnel
from arkalia_cli.cluster.gateway import Gateway
from arkalia_cli.errors import Exit
from arkalia_contract import headers
from arkalia_helloria.callers import DeniedError
from arkalia_helloria.routes import Route
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import problem_response
from unit.arkalia_cli.conftest import SYSTEMS
from unit.arkalia_cli.systems import a_system
from unit.arkalia_helloria.access.accounts import ADMIN, Accounts
from unit.arkalia_runtime.serving import served

ROOT = Path(__file__).resolve().parents[4]
MODULE = yaml.safe_load((ROOT / "workloads/security/module.yaml").read_text("utf-8"))
ROUTES = [
    (
        re.compile(re.sub(r"\{\w+\}", "[^/]+", each["path"])),
        Route(
            "security",
            each["path"],
            frozenset(each.get("methods", ["GET"])),
            frozenset(each.get("scopes", [])),
        ),
    )
    for each in MODULE["spec"]["routes"]
]
SECRET = "/api/v1/namespaces/arkalia/secrets/luna-admin"


@asynccontextmanager
async def forwarding(accounts):
    """The port of a gateway that does nothing but let in and forward."""
    app = FastAPI(openapi_url=None)
    async with accounts.door() as visitor, Calls(accounts.settings, Metrics("h", "1")) as calls:

        @app.api_route("/api/v1/security{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
        async def forward(path: str, request: Request) -> Response:
            [route] = [route for form, route in ROUTES if form.fullmatch(path)]
            try:
                said, method = request.headers, request.method
                caller = await visitor.door.let_in(said, "192.0.2.7", route, method)
            except DeniedError as error:
                return problem_response(request.scope, error.status, str(error))
            said = {headers.USER: caller.user, headers.SCOPES: " ".join(caller.scopes)}
            said |= {headers.KEY: caller.key or "", "content-type": "application/json"}
            asked = f"{path}?{request.url.query}" if request.url.query else path
            answer = await calls.to("security").request(
                request.method, asked, content=await request.body(), headers=said
            )
            return Response(answer.content, answer.status_code)

        async with served(app) as session:
            yield session._base_url.port


@pytest.fixture
async def run(accounts, cluster, arkalia, monkeypatch):
    """Run a verb as somebody with an API key, or as the first administrator."""
    monkeypatch.delenv("ARKALIA_API_KEY", raising=False)
    cluster.list(SYSTEMS, a_system())
    content = {"username": "admin", "password": ADMIN}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}
    cluster.by_path[SECRET] = {"data": data}
    async with accounts.serving(), forwarding(accounts) as port:
        found = Gateway("luna-helloria", "arkalia", "", {}, None)
        monkeypatch.setattr(gateways, "find", lambda *_: found)
        way = ("127.0.0.1", port)
        monkeypatch.setattr(tunnel, "forwarded", lambda *_: socket.create_connection(way))

        async def ran(*words, key="", typed=None):
            if key:
                monkeypatch.setenv("ARKALIA_API_KEY", key)
            done = await asyncio.to_thread(arkalia, *words, typed=typed)
            monkeypatch.delenv("ARKALIA_API_KEY", raising=False)
            return done

        async with asyncio.timeout(30):
            while (await ran("users", "list")).exit_code == Exit.FORBIDDEN:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        ran.port = port
        yield ran


@pytest.fixture
def accounts(tmp_path, schema):
    return Accounts.of(tmp_path, schema)
