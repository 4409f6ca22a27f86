"""Requests whose head may be only so long, and take only so long to come.

uvicorn reads headers of any length, and waits for their end for ever. Here all that is no body has a
bound: the first line, the headers, what follows the last chunk of a body, and what stands between chunks.
What is beyond it is never given to the parser, which would keep it.
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, Final, NoReturn, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from arkalia_runtime.problems import problem_response

MOST_BYTES: Final = 64 * 1024
"""Of a head, where the server says nothing else."""

MOST_QUEUED: Final = 100
"""Requests that wait on one connection for the answer to the one before. Each takes a hundred times the
memory of its shortest head."""

LINGER_SECONDS: Final = 1.0
"""How long a refused connection stays open: closed while its client sends, it would break off, and the
client would not see why."""

CLOCK_SECONDS: Final = 0.001
"""The clock of the loop goes in such steps, and a timer ends at the nearest."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds.

    One timer serves a connection for all its requests, and looks from time to time what there is to wait
    for. One that were set for each request would cost more than all else that is done here.
    """

    head_seconds: ClassVar[float] = 60.0
    """How long a head may take from its first byte to its end."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn calls it; its setting for another parser says how long a head may be."""
        super().__init__(config, server_state, app_state, _loop)
        self._most = config.h11_max_incomplete_event_size or MOST_BYTES
        self._room = self._most
        """Bytes that may still come before a head ends, or a body goes on. A head that begins in one piece
        with the end of something else is counted from the next piece: it may get twice as long."""
        self._begun: float | None = None
        """When the first byte came of what has not ended yet."""
        self._idle_since = 0.0
        self._refused = False
        self._fault = ""
        """What is wrong with a request that the parser takes."""
        self._timer: asyncio.TimerHandle | None = None

    # What the loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open, and has so long for its first request as for the next."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._timer = self.loop.call_later(self._step, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request, or of several."""
        if len(data) > self._room:
            self._take(data)
        else:
            self._room -= len(data)
            super().data_received(data)
        if self._room != self._most and self._begun is None:
            self._begun = self.loop.time()

    def _take(self, data: bytes) -> None:
        """Read as much of *data* as may be a head, and more if that was none, or had an end."""
        rest = memoryview(data)
        while rest and not self._refused:
            if not self._room:
                status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                self._refuse(status, f"The request's headers are longer than {self._most} bytes.")
                return
            part, rest = rest[: self._room], rest[self._room :]
            self._room -= len(part)
            super().data_received(
                cast(bytes, part)
            )  # the parser takes either, and need not copy this

    # What the parser calls.

    def on_headers_complete(self) -> None:
        """A head has ended."""
        self._room, self._begun = self._most, None
        hosts = 0
        for name, _ in self.headers:
            if name == b"host":
                hosts += 1
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            self._blame("A request names its host once.")
        if len(self.pipeline) >= MOST_QUEUED:
            self._blame(f"More than {MOST_QUEUED} requests wait on this connection.")
        super().on_headers_complete()
        # What follows a body in chunks is called a header too, and is none of the request (RFC 9110, 6.5.1).
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Some of a body, which is bounded elsewhere."""
        self._room, self._begun = self._most, None
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has ended."""
        self._room, self._begun = self._most, None
        super().on_message_complete()

    # What uvicorn calls.

    def on_response_complete(self) -> None:
        """An answer has ended, as uvicorn has it, but for the timer that it sets after each."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._idle_since = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, self._fault or msg)

    # How it ends.

    def _blame(self, detail: str) -> NoReturn:
        """Have the parser end, and refuse the request for *detail*."""
        self._fault = detail
        raise ValueError(detail)

    @property
    def _step(self) -> float:
        """Seconds after which the timer looks at the latest."""
        return min(self.head_seconds, self.timeout_keep_alive)

    def _look(self) -> None:
        """End the connection if it waits for too long; look again when that can be."""
        now, step = self.loop.time(), self._step
        if self.cycle is not None and not self.cycle.response_complete:
            seconds = step
        elif self._begun is None:
            seconds = self._idle_since + self.timeout_keep_alive - now
        else:
            seconds = max(self._begun, self._idle_since) + self.head_seconds - now
        if seconds > CLOCK_SECONDS:
            self._timer = self.loop.call_later(min(seconds, step), self._look)
        elif self._begun is None:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not come whole in time.")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Read no more, and say why where nothing else is being said."""
        self._refused, self._room = True, 0
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:  # the request before has all it needs: its answer is the last
                cycle.keep_alive = False
                return
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(_answer(status, detail))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)


def _answer(status: HTTPStatus, detail: str) -> bytes:
    """A problem document for a request of which too little is known to name it."""
    response = problem_response({"path": "", "headers": []}, status, detail)
    lines = [b"%b: %b\r\n" % each for each in response.raw_headers]
    end = [b"connection: close\r\n\r\n", bytes(response.body)]
    return b"".join([STATUS_LINE[status], *lines, *end])
