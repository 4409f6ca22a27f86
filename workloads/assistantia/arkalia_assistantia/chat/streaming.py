"""Answers that come as they are said, and clients that leave before the end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

T = TypeVar("T")

EVENTS: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
NOT_KEPT: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody between keeps an answer, or waits for all of it."""
COMMENT: Final = b":\n\n"
"""What no client takes for an event."""
QUIET_SECONDS: Final = 15.0
"""After so long without a word a sign of life is sent: the gateway gives up what is silent."""
UNREAD_SECONDS: Final = 60.0
"""How long a client may leave unread what is sent to it: meanwhile the model waits, and its turn is
taken."""

logger: Final = logging.getLogger(__name__)


class UnreadError(Exception):
    """A client does not read what is sent to it."""


class Streamed(StreamingResponse):
    """An answer as it is said; *close* is called when it is over, or its client has left.

    With a *sign* of life that is sent in every pause.
    """

    def __init__(
        self,
        content: AsyncIterator[bytes],
        media_type: str,
        close: Callable[[], None],
        sign: bytes = b"",
    ) -> None:
        parts = with_signs_of_life(content, sign) if sign else content
        super().__init__(parts, media_type=media_type, headers=NOT_KEPT)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(UNREAD_SECONDS):
                    await send(message)
            except TimeoutError as error:
                raise UnreadError from error

        try:
            await super().__call__(scope, receive, send_in_time)
        except UnreadError:
            logger.warning("An answer ends in its middle: its client does not read it.")
        finally:
            self._close()


async def with_signs_of_life(parts: AsyncIterator[bytes], sign: bytes) -> AsyncIterator[bytes]:
    """*parts*, and *sign* in every pause of theirs."""
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(_next(parts))
            await asyncio.wait({coming}, timeout=QUIET_SECONDS)
            if not coming.done():
                yield sign
                continue
            try:
                part = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield part
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


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


async def _next(parts: AsyncIterator[bytes]) -> bytes:
    return await anext(parts)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
