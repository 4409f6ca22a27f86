"""The whole way: somebody asks the gateway, and `security` answers what it let through."""

import asyncio
import json
import time
from pathlib import Path

import pytest
import yaml

from arkalia_contract import headers
from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from unit.arkalia_helloria.access.accounts import ADMIN
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

ROOT = Path(__file__).resolve().parents[4]
DESCRIBED = yaml.safe_load((ROOT / "workloads/security/module.yaml").read_text("utf-8"))["spec"]
PROMISED_SECONDS = 5
"""Until what is revoked is refused."""
USERS, ME = "/api/v1/security/users", "/api/auth/me"


def published(port):
    """What the operator would write of the module's own description."""
    usual = {"methods": ["GET"], "scopes": [], "alias": []}
    routes = [
        {key: each[key] for key in ("path", *usual) if key in each} for each in DESCRIBED["routes"]
    ]
    place = {"address": f"https://localhost:{port}", "pods": "localhost"}
    return json.dumps({"security": place | {"routes": [usual | each for each in routes]}})


@pytest.fixture
async def ask(accounts, security):
    """`ask(method, path, credential, **content)`: status and JSON of the gateway's answer."""
    callees = (accounts.gateway.identity / "callees.json").read_text()
    mount(accounts.gateway.identity, callees_json=callees, routes_json=published(accounts.port))
    accounts.gateway.data.mkdir(exist_ok=True)
    own = accounts.gateway.settings | {"module": "helloria", "version": "1"}
    async with served(create(GatewaySettings(**own))) as client:

        async def asked(method, path, credential="", **content):
            said = {"Authorization": f"Bearer {credential}"} if credential else {}
            said |= content.pop("said", {})
            async with client.request(method, path, headers=said, **content) as answer:
                text = await answer.read()
                return answer.status, json.loads(text) if text else None

        yield asked


async def test_somebody_logs_in_makes_a_key_uses_it_and_revokes_it(ask):
    body = {"user": "admin", "password": ADMIN}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (session := await ask("POST", "/api/auth/login", json=body))[0] != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    token = session[1]["access_token"]
    wanted = {"name": "laptop", "scopes": ["users"]}
    status, key = await ask("POST", "/api/v1/security/keys", token, json=wanted)
    assert (status, (await ask("GET", USERS, key["key"]))[0]) == (201, 200)

    assert (await ask("DELETE", f"/api/v1/security/keys/{key['id']}", token))[0] == 204
    start = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await ask("GET", USERS, key["key"]))[0] != 401:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert time.monotonic() - start < PROMISED_SECONDS


async def test_nobody_says_from_outside_who_they_are(ask):
    said = {headers.USER: "root", headers.SCOPES: "*"}

    assert (await ask("GET", ME, said=said))[0] == 401
    assert (await ask("GET", USERS, said=said))[0] == 401


async def test_what_only_the_gateway_may_ask_is_published_nowhere(ask, key):
    assert (await ask("GET", "/api/v1/security/gateway/view", key["key"]))[0] == 404


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/v1/security/auth/login"])
async def test_problem_of_a_module_names_the_path_that_its_client_asked_for(ask, path):
    status, problem = await ask("POST", path, json={})

    assert (status, problem["instance"]) == (422, path)
