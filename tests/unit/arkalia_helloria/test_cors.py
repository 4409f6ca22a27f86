"""Pages of other origins ask the system from a browser."""

import json

import pytest

from arkalia_helloria.cors import parse_origins
from arkalia_runtime.control.shedding import ShedLoad
from unit.arkalia_helloria.conftest import a_module, reply, routes_file
from unit.arkalia_runtime.authority import mount

PAGE = "https://app.example.com"
TASKS = {"taskia": [{"path": "/tasks", "methods": ["GET", "POST"]}]}


def allow(mounts, port, *origins):
    told = {"routes_json": routes_file({"taskia": port}, **TASKS), "cors_json": json.dumps(origins)}
    mount(mounts.identity, **told)


def asking(client, origin=PAGE, method="POST", sending=None):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    headers |= {} if sending is None else {"Access-Control-Request-Headers": sending}
    return client.options("/api/v1/taskia/tasks", headers=headers)


async def speaking_for_itself(scope, receive, send):
    await reply(send, b"", headers=[(b"access-control-allow-origin", b"https://other.example.com")])


async def test_browser_learns_what_an_allowed_page_may_ask_without_saying_who_asks(gateway, mounts):
    async with a_module() as (module, port), gateway({"taskia": port}, routes=TASKS) as client:
        allow(mounts, port, PAGE)
        answer = await asking(client)

        assert answer.status == 204
        assert answer.headers.getall("Access-Control-Allow-Origin") == [PAGE]
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert {each.strip() for each in answer.headers["Vary"].split(",")} == {
            "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers",
        }  # fmt: skip
        assert module.asked == []


async def test_allowed_page_may_read_answers_and_refusals(gateway, mounts):
    async with (
        a_module(speaking_for_itself) as (_, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        allow(mounts, port, PAGE)
        answer = await client.get("/api/v1/taskia/tasks", headers={"Origin": PAGE})
        refused = await client.delete("/api/v1/taskia/tasks", headers={"Origin": PAGE})
        unknown = await client.get("/api/v1/taskia/nothing", headers={"Origin": PAGE})

        assert answer.headers.getall("Access-Control-Allow-Origin") == [PAGE]
        assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (405, PAGE)
        assert (unknown.status, unknown.headers["Access-Control-Allow-Origin"]) == (404, PAGE)


STAINLESS = "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-retry-count"


async def test_page_may_send_what_its_client_adds(gateway, mounts):
    """The official client of OpenAI's API adds headers of its own."""
    async with a_module() as (_, port), gateway({"taskia": port}, routes=TASKS) as client:
        allow(mounts, port, PAGE)
        answer = await asking(client, sending=STAINLESS)

        assert answer.headers["Access-Control-Allow-Headers"] == STAINLESS.replace(",", ", ")


@pytest.mark.parametrize(
    "sending",
    ["", ", ,", "x y", "x:y", "x" * 129, ",".join(["x"] * 65), "x," + " " * 4096 + "y"],
    ids=["nothing", "commas", "space", "colon", "long name", "many names", "long"],
)
async def test_what_is_no_list_of_names_is_not_repeated(gateway, mounts, sending):
    async with a_module() as (_, port), gateway({"taskia": port}, routes=TASKS) as client:
        allow(mounts, port, PAGE)
        answer = await asking(client, sending=sending)

        assert answer.headers["Access-Control-Allow-Headers"].startswith(
            "Authorization, Content-Type"
        )


async def test_page_may_read_why_its_request_is_too_long(gateway, mounts):
    async with (
        a_module() as (_, port),
        gateway({"taskia": port}, routes=TASKS, max_body_bytes=1024) as client,
    ):
        allow(mounts, port, PAGE)
        path, said = "/api/v1/taskia/tasks", {"Origin": PAGE}
        answer = await client.post(path, data=b"x" * 2000, headers=said)

        assert answer.status == 413
        assert answer.headers.getall("Access-Control-Allow-Origin") == [PAGE]
        assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]


async def test_page_may_read_that_the_gateway_sheds_load(gateway, mounts):
    async with a_module() as (_, port), gateway({"taskia": port}, routes=TASKS) as client:
        allow(mounts, port, PAGE)
        shedding = client.app.state.shedder.ability.carry_out
        async with shedding(ShedLoad(share=1, urgency=0)):
            answer = await client.get("/api/v1/taskia/tasks", headers={"Origin": PAGE})

        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (503, PAGE)


async def test_answer_to_a_program_is_none_for_a_page(gateway, mounts):
    """A cache between them must not give a page what says nothing of it."""
    async with (
        a_module(speaking_for_itself) as (_, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        allow(mounts, port, PAGE)
        answer = await client.get("/api/v1/taskia/tasks")

        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_what_is_not_published_is_for_no_page(gateway, mounts):
    async with a_module() as (_, port), gateway({"taskia": port}, routes=TASKS) as client:
        allow(mounts, port, PAGE)
        answer = await client.get("/status", headers={"Origin": PAGE})

        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origins", [(), ("https://other.example.com",)])
async def test_other_pages_are_told_nothing(gateway, mounts, origins):
    async with (
        a_module(speaking_for_itself) as (_, port),
        gateway({"taskia": port}, routes=TASKS) as client,
    ):
        allow(mounts, port, *origins)
        asked = await asking(client)
        answer = await client.get("/api/v1/taskia/tasks", headers={"Origin": PAGE})

        assert "Access-Control-Allow-Origin" not in asked.headers
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


def scope_of(origin):
    return {"method": "GET", "headers": [(b"origin", origin)]}


def test_star_stands_for_every_page():
    assert parse_origins(b'["*"]').of(scope_of(b"https://a.example")) == b"https://a.example"


def test_file_of_another_form_is_refused():
    with pytest.raises(ValueError, match="list"):
        parse_origins(b'{"origins": []}')
