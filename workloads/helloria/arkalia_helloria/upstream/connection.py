"""HTTP/1.1 with one pod: one exchange after the other on one connection.

The parser is llhttp's (httptools), the same that reads what clients send. What is around it is here
and not a client library's because it is the gateway's hot path: decision 0054 has the figures.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final, cast

import httptools

from arkalia_helloria.upstream.errors import (
    BrokenError,
    ClientLeftError,
    SilentError,
    UpstreamError,
)

MOST_BUFFERED: Final = 256 * 1024
"""Bytes of an answer that wait for a slow client; beyond that the pod waits."""

CLOCK_SECONDS: Final = 0.001
"""The clock of the loop goes in such steps, and a timer ends at the nearest."""

NO_CONTENT: Final = frozenset({204, 304})
INFORMATIONAL: Final = 200
"""Below it an answer only announces the one to come."""

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: Headers


class Connection(asyncio.Protocol):
    """One connection: `ask`, `head`, then `arrival` and `taken` until it has `ended`."""

    def __init__(self, max_header_bytes: int, trusted: ssl.SSLContext | None) -> None:
        self.trusted = trusted
        """Under what it was opened, and the pod's certificate checked."""
        self._max_header_bytes = max_header_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._late = 0.0
        """Until when what is waited for must have come, by the clock of the loop."""
        self._timer: asyncio.TimerHandle | None = None
        self._failure: UpstreamError | None = None
        self._paused = False
        self.closed = False
        self.idle_since = 0.0
        """When the last exchange ended; 0 before there was one."""
        self._begin(bodiless=False)

    @property
    def is_usable(self) -> bool:
        """Whether another exchange can follow."""
        return not self.closed and self.ended and self._keeps_alive and self._failure is None

    @property
    def was_used(self) -> bool:
        """Whether there was an exchange before."""
        return bool(self.idle_since)

    # The exchange.

    def ask(self, request: bytes, *, bodiless: bool) -> None:
        """Begin an exchange; *bodiless*: its answer has no body whatever its headers say."""
        self._begin(bodiless=bodiless)
        if self._transport is None or self.closed:
            self._fail(BrokenError("ended the connection"))
        else:
            self._transport.write(request)

    async def send(self, data: bytes) -> None:
        """Send more of the request, as fast as the pod takes it."""
        if self._transport is None or self.closed:
            raise self._failure or BrokenError("ended the connection")
        self._transport.write(data)
        if self._writable is not None:
            await self._writable

    async def head(self, seconds: float) -> Head:
        """The beginning of the answer. Raises UpstreamError."""
        while self.answer is None:
            await self._wait(seconds)
        return self.answer

    async def arrival(self, seconds: float) -> None:
        """Wait until more of the body has come, or it has `ended`. Raises UpstreamError."""
        while not self._body and not self.ended:
            await self._wait(seconds)

    def taken(self) -> bytes:
        """What of the body has come so far."""
        if not self._body:
            return b""
        data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._buffered = 0
        if self._paused and self._transport is not None and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return data

    def leave(self) -> None:
        """End the exchange at once: who asked has gone."""
        self._fail(ClientLeftError("the client has gone"))
        self.abort()

    def abort(self) -> None:
        """End the connection without a farewell."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection; nobody uses it."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def _begin(self, *, bodiless: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = bodiless
        self.answer: Head | None = None
        self.ended = False
        self._keeps_alive = False
        self._headers: Headers = []
        self._header_bytes = 0
        self._framed = False
        self._body: list[bytes] = []
        self._buffered = 0

    async def _wait(self, seconds: float) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = self._loop.create_future()
        self._late = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._late:
            self._arm()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _arm(self) -> None:
        self._disarm()
        self._timer = self._loop.call_at(self._late, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        # A timer costs more than all else here: it is left from one wait to the next, and looks again.
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() >= self._late - CLOCK_SECONDS:
            self._fail(SilentError("does not answer in time"))
        else:
            self._arm()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: UpstreamError) -> None:
        if self._failure is None:
            self._failure = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.resume_writing()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Some of the answer."""
        if self.ended or self._failure is not None:  # nobody asked for it
            self.abort()
            return
        if self.answer is None:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(BrokenError(f"answers what is no HTTP: {error}"))
            self.abort()
            return
        if self.answer is None and self._header_bytes > self._max_header_bytes:
            self._fail(BrokenError("answers with headers that are too long"))
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended; a body without a length has, too."""
        self.closed = True
        self._disarm()
        if self.answer is not None and not self._framed and error is None and not self.ended:
            self.ended = True
            self._wake()
        elif not self.ended:
            self._fail(BrokenError("broke the connection off"))
        self.resume_writing()

    def pause_writing(self) -> None:
        """The pod takes no more for now."""
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one that comes after the body is dropped."""
        if self.answer is None:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The answer begins, or is announced."""
        status = self._parser.get_status_code()
        if status < INFORMATIONAL:
            self._headers = []
            return
        framing = {name for name, _ in self._headers if name in FRAMING}
        bodiless = self._bodiless or status in NO_CONTENT
        self._framed = bool(framing) or bodiless
        self.answer = Head(status, self._headers)
        if bodiless:
            # The parser would wait for what the headers speak of: the connection ends here.
            self.ended = True
            self._keeps_alive = not framing and self._parser.should_keep_alive()
        self._wake()

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        if self.ended:
            return
        self._body.append(data)
        self._buffered += len(data)
        if self._buffered > MOST_BUFFERED and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """The answer is whole; one that only announced another is not."""
        if self.answer is not None and not self.ended:
            self.ended = True
            self._keeps_alive = self._parser.should_keep_alive()
            self._wake()


FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
