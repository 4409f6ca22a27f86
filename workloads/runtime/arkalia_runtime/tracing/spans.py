"""The spans of a service: around each request that it answers, and around each call that it makes.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP, version 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arkalia_contract import headers
from arkalia_runtime import logs

PROPAGATOR: Final = TraceContextTextMapPropagator()
SERVER_ERROR: Final = 500

_tracer: Final[ContextVar[Tracer | None]] = ContextVar("tracer", default=None)
"""What makes the spans of the request that is being answered."""


class TraceMiddleware:
    """The ASGI layer that puts a span around each request."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in a span of its own, a child of its caller's."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tracer.start_as_current_span(
            scope["method"], _parent(), SpanKind.SERVER, record_exception=False
        ) as span:
            _tracer.set(self._tracer)
            _pass_on(span)

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _conclude(span, scope, message["status"])
                await send(message)

            await self._app(scope, receive, sent)


@contextmanager
def calling(callee: str, method: str) -> Iterator[Span]:
    """A span around a call of *method* to the module *callee*; without a tracer it is nothing."""
    tracer = _tracer.get()
    if tracer is None:
        yield trace.INVALID_SPAN
        return
    before = logs.traceparent.get()
    attributes = {"http.request.method": method, "peer.service": callee}
    with tracer.start_as_current_span(method, kind=SpanKind.CLIENT, attributes=attributes) as span:
        _pass_on(span)
        try:
            yield span
        finally:
            logs.traceparent.set(before)


def _parent() -> Context:
    carrier = {headers.TRACEPARENT: logs.traceparent.get() or ""}
    return PROPAGATOR.extract(carrier, Context())


def _pass_on(span: Span) -> None:
    """Let calls and log lines name *span*."""
    carrier: dict[str, str] = {}
    PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
    logs.traceparent.set(carrier.get(headers.TRACEPARENT))
    logs.trace_id.set(trace.format_trace_id(span.get_span_context().trace_id))


def _conclude(span: Span, scope: Scope, status: int) -> None:
    route = scope.get("route")
    if route is not None:
        span.update_name(f"{scope['method']} {route.path}")
        span.set_attribute("http.route", str(route.path))
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.response.status_code", status)
    if status >= SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
