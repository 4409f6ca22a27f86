"""Traces, as a receiver of OTLP gets them over HTTP."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi import APIRouter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from arkalia_contract import headers
from arkalia_runtime import logs
from arkalia_runtime.app import create_app
from arkalia_runtime.problems import Problem
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.tracing.spans import calling
from unit.arkalia_runtime.serving import served

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"


@pytest.fixture
def receiver():
    """A server that takes traces."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, body, self.headers["Content-Encoding"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.got = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def resources(receiver):
    for path, body, encoding in receiver.got:
        assert (path, encoding) == ("/v1/traces", None)
        yield from ExportTraceServiceRequest.FromString(body).resource_spans


def spans(receiver):
    """What was received, by the name of the span."""
    return {
        span.name: span
        for resource in resources(receiver)
        for scope in resource.scope_spans
        for span in scope.spans
    }


def attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def an_app(receiver, sampling=1.0):
    router = APIRouter()

    @router.get("/greetings/{name}")
    async def greet(name: str) -> str | None:
        with calling("zeroia", "PUT"):
            return logs.traceparent.get()

    @router.get("/broken")
    async def broken() -> None:
        raise Problem(503, "away")

    address = f"http://127.0.0.1:{receiver.server_address[1]}"
    own = ServiceSettings(
        version="1.2.3", system="", tracing_endpoint=address, tracing_sampling=sampling
    )
    return create_app("helloria", own, router=router)


async def asked(app, path="/greetings/luna", **sent):
    """The answer, after the service has ended and sent what it has."""
    async with served(app) as client:
        return await (await client.get(path, headers=sent)).json(content_type=None)


async def test_request_is_a_span_of_its_callers_trace(receiver):
    await asked(an_app(receiver), **{headers.TRACEPARENT: SAMPLED})

    span = spans(receiver)["GET /greetings/{name}"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)
    assert span.kind == Span.SPAN_KIND_SERVER
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.route": "/greetings/{name}",
        "http.response.status_code": 200,
    }


async def test_call_is_a_span_below_its_request_and_is_what_the_callee_is_told(receiver):
    passed_on = await asked(an_app(receiver))

    request, call = spans(receiver)["GET /greetings/{name}"], spans(receiver)["PUT"]
    assert call.kind == Span.SPAN_KIND_CLIENT
    assert call.parent_span_id == request.span_id
    assert attributes(call)["peer.service"] == "zeroia"
    version, trace, parent, flags = passed_on.split("-")
    assert (version, trace, parent) == ("00", request.trace_id.hex(), call.span_id.hex())
    assert int(flags, 16) & 1, "the callee is told that the trace is recorded"


async def test_answer_that_is_a_server_error_marks_its_span(receiver):
    await asked(an_app(receiver), "/broken")

    assert spans(receiver)["GET /broken"].status.code == 2


async def test_spans_say_which_service_they_come_from(receiver):
    await asked(an_app(receiver))

    resource = next(iter(resources(receiver))).resource
    assert attributes(resource)["service.name"] == "helloria"
    assert attributes(resource)["service.version"] == "1.2.3"


async def test_caller_decides_whether_its_trace_is_recorded(receiver):
    await asked(an_app(receiver, sampling=1.0), **{headers.TRACEPARENT: NOT_SAMPLED})
    assert receiver.got == []

    await asked(an_app(receiver, sampling=0.0), **{headers.TRACEPARENT: SAMPLED})
    assert "GET /greetings/{name}" in spans(receiver)


async def test_nothing_is_recorded_of_a_trace_outside_the_sample(receiver):
    await asked(an_app(receiver, sampling=0.0))

    assert receiver.got == []


async def test_call_without_tracing_passes_its_callers_trace_on(settings):
    logs.traceparent.set(SAMPLED)

    with calling("zeroia", "GET"):
        assert logs.traceparent.get() == SAMPLED


def test_sdk_is_not_loaded_where_no_traces_are_sent():
    code = (
        "import sys; from arkalia_runtime.app import create_app; "
        "from arkalia_runtime.settings import ServiceSettings; "
        "create_app('m', ServiceSettings(version='1')); "
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'google'))])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert answer.stdout.strip() == "[]"
