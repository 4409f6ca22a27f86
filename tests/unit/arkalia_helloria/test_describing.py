"""The gateway asks the modules what they serve, and shows it as one."""

import asyncio
import json

from unit.arkalia_helloria.conftest import a_module, reply, routes_file
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

DESCRIPTION = {
    "openapi": "3.1.0",
    "paths": {"/tasks": {"get": {"summary": "All tasks", "responses": {}}}},
}
TASKS = {"taskia": [{"path": "/tasks", "methods": ["GET"]}]}


async def description(client):
    return await (await client.get("/openapi.json")).json()


async def until_described(client, path):
    """The operation at *path*, once the module's own word for it is known."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            operation = (await description(client))["paths"].get(path, {}).get("get", {})
            if "summary" in operation:
                return operation
            await asyncio.sleep(0.05)


def describing(*, status=200, body=None):
    text = json.dumps(DESCRIPTION).encode() if body is None else body

    async def answer(scope, receive, send):
        await reply(send, text if scope["path"] == "/openapi.json" else b"", status)

    return answer


async def test_description_of_the_gateway_holds_those_of_the_modules(gateway):
    async with (
        a_module(describing()) as (module, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        operation = await until_described(client, "/api/v1/taskia/tasks")

        assert operation["summary"] == "All tasks"
        assert "/status" in (await description(client))["paths"]
        assert module.described[0]["given"]["authorization"] == "Bearer the token of the gateway"
        page = await client.get("/docs")
        assert page.status == 200


async def test_module_that_joins_is_described_and_one_that_leaves_is_not(gateway, mounts):
    async with (
        a_module(describing()) as (_, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        await until_described(client, "/api/v1/taskia/tasks")
        mount(mounts.tokens, other="one")
        mount(mounts.identity, routes_json=routes_file({"other": port}, other=TASKS["taskia"]))
        await until_described(client, "/api/v1/other/tasks")

        assert "/api/v1/taskia/tasks" not in (await description(client))["paths"]


DEEP = b'{"paths": ' + b'{"a":' * 900 + b"1" + b"}" * 901
ILL_FORMED = [
    {"status": 500},
    {"body": b"no json"},
    {"body": b"[1]"},
    {"body": DEEP},
    {"body": json.dumps(DESCRIPTION | {"components": None}).encode()},
    {"body": json.dumps(DESCRIPTION | {"components": {"schemas": [1]}}).encode()},
    {"body": json.dumps({"paths": {"/tasks": {"get": {"parameters": None}}}}).encode()},
    {"body": json.dumps({"paths": {"/tasks": {"get": {"responses": 1}}}}).encode()},
    {"body": json.dumps({"paths": {"/tasks": {"get": {"parameters": [{"name": []}]}}}}).encode()},
]


async def test_module_that_describes_itself_wrongly_is_described_by_its_routes(gateway, caplog):
    for wrong in ILL_FORMED:
        async with (
            a_module(describing(**wrong)) as (module, port),
            gateway({"taskia": port}, routes=TASKS) as client,
        ):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not module.described:  # noqa: ASYNC110 - a list has no event to wait for
                    await asyncio.sleep(0.02)

            operation = (await description(client))["paths"]["/api/v1/taskia/tasks"]["get"]
            assert operation["responses"]["200"]["description"] == "What the module answers."
    assert caplog.text.count("The description of taskia cannot be used.") == len(ILL_FORMED) - 1


async def test_description_is_put_together_once_for_all_who_ask(gateway, monkeypatch):
    async with (
        a_module(describing()) as (_, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        await until_described(client, "/api/v1/taskia/tasks")
        monkeypatch.setattr("arkalia_helloria.describing.merged", None)
        monkeypatch.setattr("arkalia_runtime.docs.JSONResponse", None)

        assert (await client.get("/openapi.json")).status == 200
