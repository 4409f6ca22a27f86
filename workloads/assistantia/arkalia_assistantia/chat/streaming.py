"""Answers that come as they are said, and clients that leave before the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

EVENTS: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
NOT_KEPT: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody between keeps an answer, or waits for all of it."""


class Streamed(StreamingResponse):
    """An answer as it is said; *close* is called when it is over, or its client has left."""

    def __init__(
        self, content: AsyncIterator[bytes], media_type: str, close: Callable[[], None]
    ) -> None:
        super().__init__(content, media_type=media_type, headers=NOT_KEPT)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


async def while_here(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of *work*, which ends when the client leaves. Raises ClientDisconnect then."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ClientDisconnect
    finally:
        for each in (doing, gone):
            each.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


def event(data: Mapping[str, Any] | str, name: str = "") -> bytes:
    """A server-sent event."""
    text = data.encode() if isinstance(data, str) else orjson.dumps(data)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + text + b"\n\n"


def line(data: Mapping[str, Any]) -> bytes:
    """A line of JSON."""
    return orjson.dumps(data) + b"\n"


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
