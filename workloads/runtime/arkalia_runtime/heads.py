"""HEAD is answered by the routes for GET: with the same headers, and without a body (RFC 9110, 9.3.2).

FastAPI's routes answer the methods that they name. A body that is there is dropped by the server; one
that comes in parts, and may have no end, is not waited for.
"""

from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LENGTH: Final = b"content-length"
WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""They need no length to be whole."""


class HeadMiddleware:
    """The ASGI layer. What stands outside of it sees the method that was asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answer = _Headers(scope, send)
        scope["method"] = "GET"
        try:
            await self._app(scope, receive, answer.send)
        except _EnoughError:
            pass
        finally:
            scope["method"] = "HEAD"
        if answer.is_refused:
            # A route may answer HEAD alone; none at all is told by its own name.
            await self._app(scope, receive, send)


class _EnoughError(Exception):
    """The answer would go on, and nobody asked for more of it."""


class _Headers:
    """What of an answer to GET is one to HEAD."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.is_refused = False
        """Whether no route answers GET."""

    async def send(self, message: Message) -> None:
        """Take one message of the answer. Raises _EnoughError when the rest is not needed."""
        if message["type"] != "http.response.start":
            await self._end(message)
            return
        if message["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            self.is_refused = True
            return
        self._scope["method"] = "HEAD"
        await self._send(message)
        has_length = any(name.lower() == LENGTH for name, _ in message.get("headers", ()))
        if not has_length and message["status"] not in WITHOUT_BODY:
            await self._end({**message, "more_body": True})

    async def _end(self, message: Message) -> None:
        if not self.is_refused:
            await self._send({"type": "http.response.body", "body": b""})
        if message.get("more_body", False):
            raise _EnoughError
