"""Which pages of other origins may read answers in a browser (Fetch, "CORS protocol").

Cookies play no part: who asks says so in a header, and a browser adds that for nobody.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import TypeAdapter
from starlette.types import Message, Scope, Send

from arkalia_contract import headers

ANY: Final = "*"
MAX_AGE_SECONDS: Final = 600
"""Browsers ask again after at most two hours, whatever is said."""

SENT: Final = ", ".join(
    ("Authorization", "Content-Type", "Accept", "If-None-Match", headers.API_KEY,
     headers.REQUEST_ID, headers.TRACEPARENT, headers.TIMEOUT, headers.PRIORITY)
)  # fmt: skip
READ: Final = ", ".join(
    (headers.REQUEST_ID, "RateLimit", "RateLimit-Policy", "Retry-After", "ETag")
)

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


def parse_origins(text: bytes) -> Origins:
    """The origins that `cors.json` names. Raises ValueError if it is not of that form."""
    return Origins(_FORM.validate_json(text))


def preflight(origin: bytes | None, methods: Iterable[str]) -> Pairs:
    """The headers that answer a browser: what pages of *origin* may ask by *methods*."""
    if origin is None:
        return [(b"vary", b"Origin")]
    return [
        *_allowing(origin),
        (b"access-control-allow-methods", ", ".join(methods).encode("ascii")),
        (b"access-control-allow-headers", SENT.encode("ascii")),
        (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
    ]


def readable(send: Send, origin: bytes) -> Send:
    """*send*, whose answers pages of *origin* may read; what a module says of it is left out."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                each for each in message["headers"] if not each[0].startswith(b"access-control-")
            ]
            said = [*_allowing(origin), (b"access-control-expose-headers", READ.encode("ascii"))]
            message = {**message, "headers": [*kept, *said]}
        await send(message)

    return sent


def _allowing(origin: bytes) -> Pairs:
    return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
