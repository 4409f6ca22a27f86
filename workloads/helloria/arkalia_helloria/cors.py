"""Which pages of other origins may read answers in a browser (Fetch, "CORS protocol").

Cookies play no part: who asks says so in a header, and a browser adds that for nobody.
"""

import re
from collections.abc import Iterable
from typing import Final

from pydantic import TypeAdapter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arkalia_contract import headers
from arkalia_helloria.routes import PUBLISHED
from arkalia_runtime.watched import UnreadableError, Watched

ANY: Final = "*"
MAX_AGE_SECONDS: Final = 600
"""Browsers ask again after at most two hours, whatever is said."""

SENT: Final = ", ".join(
    ("Authorization", "Content-Type", "Accept", "If-None-Match", headers.API_KEY,
     headers.REQUEST_ID, headers.TRACEPARENT, headers.TIMEOUT, headers.PRIORITY)
).encode("ascii")  # fmt: skip
"""What a page may send that does not say what it would send, or says too much."""
NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
"""Of a header (RFC 9110, 5.6.2)."""
MOST_NAMES: Final = 64
MOST_BYTES: Final = 4096
READ: Final = ", ".join(
    (headers.REQUEST_ID, "RateLimit", "RateLimit-Policy", "Retry-After", "ETag")
)

VARIES: Final = (b"vary", b"Origin")
PREFLIGHT_VARIES: Final = (
    b"vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)
EXPOSED: Final = (b"access-control-expose-headers", READ.encode("ascii"))

_FORM: Final = TypeAdapter(list[str])

Pairs = list[tuple[bytes, bytes]]


class Origins:
    """The origins that are allowed."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(each.strip().lower().encode() for each in allowed if each.strip())
        self._any = ANY.encode() in self._allowed

    def of(self, scope: Scope) -> bytes | None:
        """The origin of a page that may read the answer; None if there is no such page."""
        if not self._allowed:
            return None
        origin = _header(scope, b"origin")
        return origin if origin and (self._any or origin.lower() in self._allowed) else None

    def is_preflight(self, scope: Scope) -> bool:
        """Whether a browser asks what a page may ask."""
        return (
            bool(self._allowed)
            and scope["method"] == "OPTIONS"
            and bool(_header(scope, b"origin"))
            and bool(_header(scope, b"access-control-request-method"))
        )


NO_ORIGINS: Final = Origins(())


def parse_origins(text: bytes) -> Origins:
    """The origins that `cors.json` names. Raises ValueError if it is not of that form."""
    return Origins(_FORM.validate_json(text))


def origins_of(cors: Watched[Origins]) -> Origins:
    """The pages that may read answers; none while that is not known."""
    try:
        return cors.current()
    except UnreadableError:
        return NO_ORIGINS


def preflight(origin: bytes | None, scope: Scope, methods: Iterable[str]) -> Pairs:
    """The headers that answer a browser: what pages of *origin* may ask by *methods*.

    They may send what they like to: the gateway takes out what is its own, and modules pass over the rest.
    """
    if origin is None:
        return [PREFLIGHT_VARIES]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", ", ".join(methods).encode("ascii")),
        (
            b"access-control-allow-headers",
            _sendable(_header(scope, b"access-control-request-headers")),
        ),
        (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
        PREFLIGHT_VARIES,
    ]


class CorsMiddleware:
    """The ASGI layer that says who may read an answer; what a module says of it is left out."""

    def __init__(self, app: ASGIApp, cors: Watched[Origins]) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].startswith(PUBLISHED):
            origins = origins_of(self._cors)
            # To a preflight the gateway says more, and other answers to one tell a browser nothing.
            if not origins.is_preflight(scope):
                send = _readable(send, origins.of(scope))
        await self._app(scope, receive, send)


def _readable(send: Send, origin: bytes | None) -> Send:
    """*send*, whose answers pages of *origin* may read."""
    said = (
        [VARIES] if origin is None else [(b"access-control-allow-origin", origin), VARIES, EXPOSED]
    )

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                each for each in message["headers"] if not each[0].startswith(b"access-control-")
            ]
            message = {**message, "headers": [*kept, *said]}
        await send(message)

    return sent


def _sendable(asked: bytes) -> bytes:
    names = [each.strip() for each in asked.split(b",") if each.strip()]
    if not 0 < len(names) <= MOST_NAMES or len(asked) > MOST_BYTES:
        return SENT
    return b", ".join(names) if all(map(NAME.fullmatch, names)) else SENT


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
