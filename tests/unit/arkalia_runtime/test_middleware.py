"""What happens around every request: ids, limits, measurements, log lines."""

import asyncio
import io
import json
import sys

import aiohttp
import pytest
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from arkalia_contract import headers
from arkalia_runtime import logs
from arkalia_runtime.app import create_app
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

SECRET = "hunter2"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def app(settings):
    router = APIRouter()

    @router.get("/ids")
    async def read_ids() -> dict[str, str | None]:
        return {"request": logs.request_id.get(), "trace": logs.trace_id.get()}

    @router.get("/items/{item}")
    async def read_item(item: str) -> str:
        return item

    @router.post("/length")
    async def measure(request: Request) -> int:
        return len(await request.body())

    @router.get("/fault")
    async def fail() -> None:
        raise KeyError(SECRET)

    @router.get("/late-fault")
    async def fail_late() -> StreamingResponse:
        async def parts():
            yield b"first"
            raise KeyError(SECRET)

        return StreamingResponse(parts())

    return create_app("m", settings.model_copy(update={"max_body_bytes": 10}), router=router)


def sample(app, name, **labels):
    return app.state.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def access_lines(monkeypatch):
    """The lines about requests so far."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    logs.configure_logging("INFO", {})
    return lambda: [
        line
        for line in map(json.loads, written.getvalue().splitlines())
        if line["logger"] == "arkalia.access"
    ]


async def chunks(*parts):
    for part in parts:
        yield part


async def ids(app, **sent):
    async with served(app) as client:
        answer = await client.get("/ids", headers=sent)
        return await answer.json(), answer.headers


async def test_request_id_is_taken_over_when_it_is_sane(app):
    seen, answered = await ids(app, **{headers.REQUEST_ID: "order-66_a.b"})

    assert seen["request"] == "order-66_a.b"
    assert answered.getall(headers.REQUEST_ID) == ["order-66_a.b"]


@pytest.mark.parametrize("sent", ["", "a b", '{"x":1}', "é", "x" * 129])
async def test_request_id_is_replaced_when_it_is_not_sane(app, sent):
    seen, answered = await ids(app, **{headers.REQUEST_ID: sent})

    assert answered[headers.REQUEST_ID] == seen["request"]
    assert seen["request"] != sent
    assert len(seen["request"]) == 32


async def test_two_requests_have_two_ids(app):
    async with served(app) as client:
        first, second = [(await client.get("/ids")).headers for _ in range(2)]

    assert first[headers.REQUEST_ID] != second[headers.REQUEST_ID]


async def test_trace_id_comes_from_traceparent(app):
    seen, _ = await ids(app, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")

    assert seen["trace"] == TRACE


@pytest.mark.parametrize(
    "sent",
    [
        "garbage",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-b7ad-01",
    ],
)
async def test_trace_id_is_absent_when_traceparent_is_not_valid(app, sent):
    seen, _ = await ids(app, traceparent=sent)

    assert seen["trace"] is None


async def test_ids_end_with_their_request_when_the_connection_goes_on(app):
    async with served(app) as client:
        sent = {headers.REQUEST_ID: "one", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        await (await client.get("/ids", headers=sent)).read()
        following = await (await client.get("/ids")).json()

    assert following["request"] != "one"
    assert following["trace"] is None


async def test_body_passes_when_it_is_as_long_as_allowed(app):
    async with served(app) as client:
        declared = await client.post("/length", data=b"0123456789")
        streamed = await client.post("/length", data=chunks(b"01234", b"56789"))

        assert (await declared.json(), await streamed.json()) == (10, 10)


async def test_declared_body_is_refused_unread_when_it_is_too_long(app):
    async with served(app) as client:
        place = client._base_url.host, client._base_url.port
        reader, writer = await asyncio.open_connection(*place)
        writer.write(b"POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert b'"detail":"The body is longer than 10 bytes."' in answer


async def test_streamed_body_is_refused_when_it_becomes_too_long(app):
    async with served(app) as client:
        answer = await client.post("/length", data=chunks(b"01234", b"56789", b"x"))
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, answer.headers["Connection"]) == (413, "close")
    assert problem["title"] == "Content Too Large"


async def test_unforeseen_error_is_a_problem_without_its_inside(app, caplog):
    async with served(app) as client:
        answer = await client.get("/fault")
        problem = await answer.json(content_type="application/problem+json")
        text = await answer.text()

    assert answer.status == 500
    assert problem["request_id"] == answer.headers[headers.REQUEST_ID]
    assert SECRET not in text
    assert "Traceback" not in text
    assert SECRET in caplog.text
    assert sample(app, "http_request_exceptions_total", method="GET", route="/fault") == 1


async def test_connection_is_closed_when_the_error_comes_after_the_start(app, caplog):
    async with served(app) as client:
        answer = await client.get("/late-fault")
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()

    assert sample(app, "http_request_exceptions_total", method="GET", route="/late-fault") == 1
    [error] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert SECRET in caplog.text
    assert error.name == "uvicorn.error"


async def test_request_is_counted_as_unanswered_when_the_client_leaves(app, access_lines):
    async with served(app) as client:
        _, writer = await asyncio.open_connection(client._base_url.host, client._base_url.port)
        writer.write(b"POST /length HTTP/1.1\r\nHost: m\r\nContent-Length: 5\r\n\r\nab")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(10):
            while not access_lines():  # noqa: ASYNC110 - a log has no event to wait for
                await asyncio.sleep(0.01)

    assert [line["status"] for line in access_lines()] == [499]
    assert sample(app, "http_request_exceptions_total", method="POST", route="/length") is None


async def test_answers_close_the_connection_when_the_service_drains(app):
    async with served(app) as client:
        before = await client.get("/ids")
        app.state.health.drain()
        after = await client.get("/ids")

    assert "Connection" not in before.headers
    assert after.headers["Connection"] == "close"


async def test_request_is_measured_under_its_routes_template(app):
    async with served(app) as client:
        await client.get("/items/17")
        await client.get("/items/18")

    labels = {"method": "GET", "route": "/items/{item}", "status": "200"}
    assert sample(app, "http_requests_total", **labels) == 2
    assert sample(app, "http_request_duration_seconds_count", **labels) == 2
    assert 0 < sample(app, "http_request_duration_seconds_sum", **labels) < 10
    assert sample(app, "http_requests_in_progress") == 0


async def test_clients_cannot_create_time_series(app):
    async with served(app) as client:
        await client.request("PROPFIND", "/some/path")
        await client.get("/another/path")

    labels = {"route": "unmatched", "status": "404"}
    assert sample(app, "http_requests_total", method="OTHER", **labels) == 1
    assert sample(app, "http_requests_total", method="GET", **labels) == 1


async def test_access_line_says_method_route_status_and_duration(app, access_lines):
    async with served(app) as client:
        await client.get("/items/17")

    [line] = access_lines()
    assert line["message"] == "GET /items/{item} 200"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/items/{item}", 200)
    assert 0 < line["duration_seconds"] < 10


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_questions_of_machines_are_neither_counted_nor_logged_at_info(
    app, access_lines, path
):
    async with served(app) as client:
        await client.get(path)

    assert access_lines() == []
    assert sample(app, "http_requests_total", method="GET", route=path, status="200") is None
