"""What happens around every request: its ids, its limit, its measurements and its log line.

One plain ASGI layer outside all others, so that no answer escapes it: also a request that nobody
could foresee ends in a problem document with an id that leads to the log.
"""

import logging
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from random import getrandbits
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arkalia_contract import endpoints, headers
from arkalia_runtime import deadline, logs, urgency
from arkalia_runtime.health import Health
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem, problem_response

logger: Final = logging.getLogger("arkalia.access")
teller: Final = logs.Teller("arkalia.access")

QUIET: Final = frozenset(
    {
        endpoints.HEALTH,
        endpoints.HEALTH_LIVE,
        endpoints.HEALTH_READY,
        endpoints.HEALTH_DETAILED,
        endpoints.METRICS,
        endpoints.EVENTS,
        endpoints.EVENTS_OUTBOX,
    }
)
"""Asked by machines all the time, and answered when there is something to say: not measured, since
waiting is no slowness, and logged at DEBUG only."""

UNMATCHED: Final = "unmatched"
"""The route of a request that fits no route."""

UNANSWERED: Final = 499
"""nginx' status for a request that ended before its answer; it is never sent."""

SANE_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*"
)


class RequestMiddleware:
    """The ASGI layer."""

    def __init__(
        self,
        app: ASGIApp,
        health: Health,
        metrics: Metrics,
        max_body_bytes: int,
        *,
        names_clients: bool = False,
    ) -> None:
        self._app = app
        self._names_clients = names_clients
        self._health = health
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything else (the lifespan) passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._max_body_bytes)
        exchange.closing = self._health.draining
        _set_ids(scope)
        self._metrics.in_progress += 1
        try:
            await self._answer(exchange)
        finally:
            self._metrics.in_progress -= 1
            self._conclude(exchange)

    async def _answer(self, exchange: "Exchange") -> None:
        try:
            if exchange.declared_bytes > self._max_body_bytes:
                await exchange.refuse_body()
            else:
                await self._app(exchange.scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            logger.debug("The client left.", extra={"route": exchange.route})
        except Exception:
            self._metrics.failed(exchange.scope["method"], exchange.route)
            if exchange.status:  # too late for another answer: the server closes the connection
                raise
            logger.exception("Request failed.", extra={"route": exchange.route})
            await exchange.send_problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "An error that nobody had foreseen; see the log."
            )

    def _conclude(self, exchange: "Exchange") -> None:
        quiet = exchange.scope["path"] in QUIET
        method, route = exchange.scope["method"], exchange.route
        status = exchange.status or UNANSWERED
        seconds = time.perf_counter() - exchange.start
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "duration_seconds": round(seconds, 6),
        }
        if self._names_clients:
            fields["client"] = exchange.client
        message = f"{method} {route} {status}"
        if quiet:
            logger.debug("%s", message, extra=fields)
        else:
            self._metrics.answered(method, route, status, seconds)
            teller.tell(message, fields)


class Exchange:
    """One request and its answer, as they pass through the layer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body_bytes: int) -> None:
        self.scope = scope
        self.start = time.perf_counter()
        self.status = 0
        self.closing = False
        self._receive = receive
        self._send = send
        self._max_body_bytes = max_body_bytes
        self._received_bytes = 0

    @property
    def route(self) -> str:
        """Template of the route that answers."""
        route = self.scope.get("route")
        return UNMATCHED if route is None else str(route.path)

    @property
    def client(self) -> str:
        """Address of who asks: behind a trusted proxy that of its client; empty if unknown."""
        host, _ = self.scope.get("client") or ("", 0)
        return str(host)

    @property
    def declared_bytes(self) -> int:
        """How long the request says that its body is; 0 if it does not say."""
        for name, value in self.scope["headers"]:
            if name == b"content-length":
                return int(value) if value.isdigit() else 0
        return 0

    async def refuse_body(self) -> None:
        """Answer that the body is too long, without reading it."""
        self.closing = True
        error = self._too_long()
        await self.send_problem(error.status_code, error.detail)

    async def receive(self) -> Message:
        """The request's next part. Raises a 413 Problem once the body is too long."""
        message = await self._receive()
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > self._max_body_bytes:
            self.closing = True
            raise self._too_long()
        return message

    async def send(self, message: Message) -> None:
        """The answer's next part, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self._added()]}
        await self._send(message)

    async def send_problem(self, status: int, detail: str) -> None:
        """Answer with a problem document."""
        response = problem_response(self.scope, status, detail)
        await response(self.scope, self._receive, self.send)

    def _added(self) -> Iterator[tuple[bytes, bytes]]:
        yield headers.REQUEST_ID.lower().encode(), (logs.request_id.get() or "").encode()
        if self.closing:
            yield b"connection", b"close"

    def _too_long(self) -> Problem:
        detail = f"The body is longer than {self._max_body_bytes} bytes."
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


WANTED: Final = {
    each.lower().encode(): each
    for each in (headers.REQUEST_ID, headers.TRACEPARENT, headers.TIMEOUT, headers.PRIORITY)
}


def _set_ids(scope: Scope) -> None:
    """Set what the log lines and the calls of this request carry: ids, deadline and urgency.

    The server runs each request in a context of its own.
    """
    given = {
        WANTED[name]: value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name in WANTED
    }
    sent = given.get(headers.REQUEST_ID, "")
    # It names the request and is no secret: chance of any kind will do, and the kernel is not asked for it.
    logs.request_id.set(sent if SANE_REQUEST_ID.fullmatch(sent) else f"{getrandbits(128):032x}")
    told = given.get(headers.TRACEPARENT)
    trace = TRACEPARENT.fullmatch(told) if told else None
    logs.trace_id.set(trace.group(1) if trace else None)
    logs.traceparent.set(trace.group(0) if trace else None)
    deadline.begin(given.get(headers.TIMEOUT, ""))
    urgency.begin(given.get(headers.PRIORITY, ""))
