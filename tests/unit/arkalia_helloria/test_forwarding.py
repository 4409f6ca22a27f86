"""Requests through a gateway to a module, over real sockets."""

import asyncio
import io
import time

import aiohttp
import pytest

from arkalia_helloria.app import create
from arkalia_helloria.callers import DeniedError
from arkalia_helloria.settings import GatewaySettings
from unit.arkalia_helloria.conftest import ADA, a_module, body_of, reply, routes_file
from unit.arkalia_runtime.authority import mount
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port, served

AT_ONCE_SECONDS = 1.0
"""It takes milliseconds; the machine that tries it may be busy."""


async def problem(response):
    assert response.content_type == "application/problem+json"
    return await response.json()


async def test_request_reaches_the_module_with_path_query_and_body(gateway):
    async with a_module() as (module, port), gateway({"taskia": port}) as client:
        response = await client.post("/api/v1/taskia/tasks/7?deep=1&a=%26", data=b"hello")

        assert (response.status, await response.read()) == (200, b"hello")
        [asked] = module.asked
        assert (asked["method"], asked["path"], asked["query_string"]) == (
            "POST",
            "/tasks/7",
            b"deep=1&a=%26",
        )


async def test_module_learns_for_whom_it_is_asked_and_by_whom(gateway):
    async with a_module() as (module, port), gateway({"taskia": port}) as client:
        await client.get(
            "/api/v1/taskia/x",
            headers={
                "Authorization": "Bearer the key of ada",
                "X-Request-Id": "abc",
                "Priority": "u=5",
            },
        )

        given = module.asked[0]["given"]
        assert given["authorization"] == "Bearer the token of the gateway"
        assert given["arkalia-user"] == "ada"
        assert given["arkalia-roles"] == "admin,operator"
        assert given["arkalia-scopes"] == "tasks"
        assert given["arkalia-key"] == "k-1"
        assert given["arkalia-path"] == "/api/v1/taskia/x"
        assert given["x-request-id"] == "abc"
        assert given["x-forwarded-for"] == "127.0.0.1"
        assert given["priority"] == "u=5"


async def test_client_cannot_pretend_to_be_somebody(gateway):
    pretended = {
        "Arkalia-User": "root",
        "Arkalia-Anything": "root",
        "Arkalia-Path": "/elsewhere",
        "X-Api-Key": "secret",
        "X-Forwarded-For": "10.0.0.1",
        "X-Real-IP": "10.0.0.1",
        "Connection": "X-Hop",
        "X-Hop": "this connection only",
        "Te": "trailers",
    }
    async with a_module() as (module, port), gateway({"taskia": port}) as client:
        await client.get("/api/v1/taskia/x", headers=pretended)

        given = module.asked[0]["given"]
        assert given["arkalia-user"] == "ada"
        assert given["arkalia-path"] == "/api/v1/taskia/x"
        assert given["x-forwarded-for"] == "127.0.0.1"
        assert not {"arkalia-anything", "x-api-key", "x-real-ip", "x-hop", "te"} & given.keys()


async def test_deadline_is_passed_on_and_kept(gateway):
    async def never(scope, receive, send):
        await asyncio.sleep(PATIENCE_SECONDS)

    async with a_module(never) as (module, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x", headers={"X-Request-Timeout": "0.3"})

        assert response.status == 504
        assert (await problem(response))["detail"] == "taskia does not answer in time."
        assert 0 < float(module.asked[0]["given"]["x-request-timeout"]) <= 0.27


async def test_module_that_ends_in_time_says_itself_why_there_is_no_answer(gateway):
    async def late(scope, receive, send):
        given = dict(scope["headers"])
        await asyncio.sleep(float(given[b"x-request-timeout"]))
        await reply(send, b"the database is slow", status=503)

    async with a_module(late) as (_, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x", headers={"X-Request-Timeout": "3"})

        assert (response.status, await response.text()) == (503, "the database is slow")


async def test_route_has_the_time_for_an_answer_that_its_module_says(gateway):
    async def never(scope, receive, send):
        await asyncio.sleep(PATIENCE_SECONDS)

    routes = {"taskia": [{"path": "/x", "answer_seconds": 1}]}
    async with (
        a_module(never) as (_, port),
        gateway({"taskia": port}, routes=routes, answer_seconds=3600) as client,
    ):
        assert (await client.get("/api/v1/taskia/x")).status == 504


async def test_answer_streams_while_it_is_made(gateway):
    go_on = asyncio.Event()

    async def in_two_parts(scope, receive, send):
        kind = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async with a_module(in_two_parts) as (_, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x")

        assert await response.content.readany() == b"data: 1\n\n"
        go_on.set()
        assert await response.content.read() == b"data: 2\n\n"


async def test_body_streams_while_it_is_sent(gateway):
    arrived = asyncio.Event()

    async def first_part(scope, receive, send):
        message = await receive()
        assert message["body"] == b"one"
        arrived.set()
        await reply(send, b"one" + await body_of(receive))

    async def parts():
        yield b"one"
        await asyncio.wait_for(arrived.wait(), PATIENCE_SECONDS)
        yield b"two"

    async with a_module(first_part) as (_, port), gateway({"taskia": port}) as client:
        response = await client.post("/api/v1/taskia/x", data=parts())

        assert await response.read() == b"onetwo"


async def test_large_bodies_pass_both_ways(gateway):
    large = bytes(range(256)) * 4096 * 4
    async with (
        a_module() as (_, port),
        gateway({"taskia": port}, max_body_bytes=len(large)) as client,
    ):
        response = await client.post("/api/v1/taskia/x", data=io.BytesIO(large))

        assert await response.read() == large


async def test_body_that_is_too_long_is_refused(gateway):
    async def parts():
        yield b"x" * 2000

    async with a_module() as (_, port), gateway({"taskia": port}, max_body_bytes=1000) as client:
        declared = await client.post("/api/v1/taskia/x", data=b"x" * 2000)
        counted = await client.post("/api/v1/taskia/x", data=parts())

        assert (declared.status, counted.status) == (413, 413)
        assert "1000 bytes" in (await problem(counted))["detail"]


async def test_module_is_left_at_once_when_the_client_leaves(gateway):
    gone: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    asked = asyncio.Event()

    async def slow(scope, receive, send):
        asked.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set_result(time.monotonic())

    async with a_module(slow) as (_, port), gateway({"taskia": port}) as client:
        waiting = asyncio.create_task(client.get("/api/v1/taskia/x"))
        await asyncio.wait_for(asked.wait(), PATIENCE_SECONDS)
        left = time.monotonic()
        waiting.cancel()

        heard = await asyncio.wait_for(gone, PATIENCE_SECONDS)
        assert heard - left < AT_ONCE_SECONDS


async def test_stream_is_left_at_once_when_the_client_leaves(gateway):
    gone = asyncio.Event()

    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with a_module(endless) as (_, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x")
        await response.content.readany()
        response.close()

        await asyncio.wait_for(gone.wait(), AT_ONCE_SECONDS)


async def test_answer_that_breaks_off_is_no_whole_answer(gateway):
    async def half(scope, receive, send):
        length = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise ConnectionError

    async with a_module(half) as (_, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x")

        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_module_that_cannot_be_reached_is_told(gateway):
    async with gateway({"taskia": free_port()}) as client:
        response = await client.get("/api/v1/taskia/x")

        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        told = await problem(response)
        assert told["callee"] == "taskia"
        assert told["detail"].startswith("taskia cannot be reached: ")


async def test_statuses_and_headers_come_back_as_they_are(gateway):
    async def odd(scope, receive, send):
        headers = [(b"x-own", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await reply(send, b"short", 418, headers)

    async with a_module(odd) as (_, port), gateway({"taskia": port}) as client:
        response = await client.get("/api/v1/taskia/x", headers={"X-Request-Id": "one"})

        assert (response.status, await response.read()) == (418, b"short")
        assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert response.headers.getall("X-Request-Id") == ["one"]


async def test_answers_without_a_body_end(gateway):
    async def empty(scope, receive, send):
        status = 204 if scope["method"] == "DELETE" else 200
        headers = [] if status == 204 else [(b"content-length", b"5")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if status == 204 else b"hello"})

    async with a_module(empty) as (_, port), gateway({"taskia": port}) as client:
        for _ in range(2):
            head = await client.head("/api/v1/taskia/x")
            deleted = await client.delete("/api/v1/taskia/x")
            whole = await client.get("/api/v1/taskia/x")

            assert (head.status, head.headers["Content-Length"]) == (200, "5")
            assert deleted.status == 204
            assert await whole.read() == b"hello"


async def test_connections_are_used_again(gateway):
    async with a_module() as (module, port), gateway({"taskia": port}) as client:
        for _ in range(5):
            await (await client.get("/api/v1/taskia/x")).read()

        assert len({each["client"] for each in module.asked}) == 1


async def test_who_is_denied_gets_the_reason_and_the_module_hears_nothing(gateway):
    class Denying:
        async def let_in(self, headers, _client, _route, _method):
            status = int(headers["x-status"])
            raise DeniedError(status, "No.", 7 if status == 503 else None)

    async with a_module() as (module, port), gateway({"taskia": port}, door=Denying()) as client:
        answers = {
            status: await client.get("/api/v1/taskia/x", headers={"X-Status": str(status)})
            for status in (401, 403, 503)
        }

        assert [each.status for each in answers.values()] == [401, 403, 503]
        assert answers[401].headers["WWW-Authenticate"] == "Bearer"
        assert answers[503].headers["Retry-After"] == "7"
        assert (await problem(answers[403]))["detail"] == "No."
        assert module.asked == []


async def test_gateway_without_a_door_lets_nobody_in(mounts):
    mount(mounts.identity, routes_json=routes_file({"taskia": 1}))
    settings = GatewaySettings(
        **mounts.settings | {"module": "helloria", "version": "1", "system": ""}
    )
    async with served(create(settings)) as client:
        refused = await client.get("/api/v1/taskia/x")
        live = await client.get("/health/live")

        assert (refused.status, live.status) == (401, 200)


async def test_routes_are_read_again_when_they_change(gateway, mounts):
    async with a_module() as (_, port), gateway({"taskia": port}) as client:
        before = await client.get("/api/v1/weather/days")
        mount(mounts.tokens, taskia="one", weather="two")
        mount(mounts.identity, routes_json=routes_file({"taskia": port, "weather": port}))
        after = await client.get("/api/v1/weather/days")

        assert (before.status, after.status) == (404, 200)


async def test_request_goes_where_its_route_was_found_while_routes_change(gateway, mounts):
    class SlowDoor:
        async def let_in(self, *_):
            mount(mounts.identity, routes_json=routes_file({"weather": 1}))
            await asyncio.sleep(0.01)
            return ADA

    async with a_module() as (_, port), gateway({"taskia": port}, door=SlowDoor()) as client:
        answer = await client.get("/api/v1/taskia/tasks")
        after = await client.get("/api/v1/taskia/tasks")

        assert (answer.status, after.status) == (200, 404)


async def test_wrong_paths_and_methods_are_told(gateway):
    routes = {"taskia": [{"path": "/tasks/*", "methods": ["GET"]}]}
    async with a_module() as (module, port), gateway({"taskia": port}, routes=routes) as client:
        wrong = await client.get("/api/v1/taskia/tasks/a%2f..%2fb")
        method = await client.post("/api/v1/taskia/tasks/a")
        nothing = await client.get("/api/v1/taskia/other")

        assert (wrong.status, method.status, nothing.status) == (400, 405, 404)
        assert method.headers["Allow"] == "GET"
        assert (await problem(nothing))["detail"].startswith("There is nothing at")
        assert module.asked == []


async def test_metrics_name_the_route_and_never_the_path(gateway):
    routes = {"taskia": [{"path": "/tasks/{id}"}]}
    async with a_module() as (_, port), gateway({"taskia": port}, routes=routes) as client:
        await client.get("/api/v1/taskia/tasks/17")

        text = await (await client.get("/metrics")).text()
        assert 'route="/api/v1/taskia/tasks/{id}",status="200"' in text
        assert 'arkalia_gateway_upstream_requests_total{callee="taskia",outcome="200"} 1.0' in text
        assert 'arkalia_lb_backends{callee="taskia"} 1.0' in text
        assert "tasks/17" not in text
