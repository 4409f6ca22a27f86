"""One request on its way through the gateway: what of it is passed on, and what is not."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from arkalia_contract import headers
from arkalia_helloria.callers import REMEMBERED, Caller
from arkalia_helloria.limits.tokens import Meter
from arkalia_helloria.relocation import LEADING, Home
from arkalia_helloria.routes import Match, RouteTable
from arkalia_helloria.upstream.errors import ClientLeftError, SlowRequestError
from arkalia_runtime import deadline, logs

HOP_BY_HOP: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection",
    b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip
"""They belong to one connection (RFC 9110, 7.6.1). No part of a system switches protocols."""


def _lower(name: str) -> bytes:
    return name.lower().encode("ascii")


NEVER_FORWARDED: Final = HOP_BY_HOP | frozenset({
    b"host", b"authorization", b"expect", b"content-length", b"forwarded", b"x-forwarded-for",
    b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip",
    *map(_lower, (
        headers.API_KEY, headers.USER, headers.ROLES, headers.SCOPES, headers.KEY,
        headers.REQUEST_ID, headers.TRACEPARENT, headers.TIMEOUT,
    )),
})  # fmt: skip
"""What the gateway says itself, and what a client could pretend with."""

PUBLIC_PATH: Final = _lower(headers.PUBLIC_PATH)
OWN_PREFIX: Final = b"arkalia-"
"""No client says anything under it."""

NEVER_ANSWERED: Final = HOP_BY_HOP | frozenset({b"server", b"date", _lower(headers.REQUEST_ID)})
"""The server and the layer around all answers say these for themselves."""

Pairs = list[tuple[bytes, bytes]]

WITHOUT_LIMIT: Final = float("inf")

RESERVED_SHARE: Final = 0.1
RESERVED_SECONDS: Final = 0.5
"""Of the time that is left a pod is told so much less, at most: what it says at its end, and why it has
no answer, still reaches the client."""


@dataclass
class Asked:
    """A request that was let in."""

    scope: Scope
    receive: Receive
    send: Send
    match: Match
    table: RouteTable
    """In which it was found."""
    caller: Caller
    said: Pairs = field(default_factory=list)
    """Headers that the gateway adds to the answer."""
    meter: Meter | None = None
    """What looks at the answer, if somebody counts its tokens."""
    has_ended: bool = False
    """Whether the client has the whole answer."""
    body: bytes = b""
    """What of the body was taken in hand: all of it unless `has_more`."""
    has_more: bool = False
    chunked: bool = False
    whole_by: float = 0.0
    """When all of the body must have come, by `time.monotonic()`."""

    @property
    def method(self) -> str:
        """Its method."""
        return str(self.scope["method"])

    async def begin(self, seconds: float) -> None:
        """Take the beginning of the body in hand, all of which must come within *seconds*.

        Raises ClientLeftError or SlowRequestError.
        """
        length = chunked = b""
        for name, value in self.scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                chunked = value
        self.chunked = bool(chunked)
        self.has_more = self.chunked or length not in (b"", b"0")
        if self.has_more:
            self.whole_by = time.monotonic() + seconds
            await self.take(seconds)

    async def take(self, seconds: float) -> None:
        """Take the next part of the body in hand, within *seconds*. Raises ClientLeftError."""
        try:
            async with asyncio.timeout(seconds):
                message = await self.receive()
        except TimeoutError as error:
            raise SlowRequestError from error
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        self.body = message.get("body", b"")
        self.has_more = message.get("more_body", False)

    def head(self, host: bytes, token: bytes) -> bytes:
        """What is sent to a pod before the body."""
        target = self.match.target.encode("latin-1")
        if query := self.scope["query_string"]:
            target = b"%b?%b" % (target, query)
        lines = [
            b"%b %b HTTP/1.1\r\nhost: %b\r\nauthorization: %b\r\n%b: %b\r\n"
            % (
                self.method.encode("ascii"),
                target,
                host,
                token,
                PUBLIC_PATH,
                self.scope["raw_path"],
            ),
            identity_lines(self.caller),
            *self._passed_on(),
            self._own_lines(),
            b"\r\n",
        ]
        return b"".join(lines)

    def answered(self, told: Pairs, host: bytes) -> Pairs:
        """What the client gets of *told*, the headers of the answer of a pod that was asked as *host*."""
        kept = [each for each in told if each[0] not in NEVER_ANSWERED]
        for place, (name, value) in enumerate(kept):
            if name in LEADING:
                home = Home(self.table, self.match.route.module, host)
                kept[place] = name, home.relocated(value)
        return kept

    def part(self, data: bytes, *, last: bool) -> bytes:
        """*data* as it is sent, a chunk where the body's length is not known."""
        if not self.chunked:
            return data
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return chunk + b"0\r\n\r\n" if last else chunk

    def _passed_on(self) -> Iterator[bytes]:
        dropped = NEVER_FORWARDED
        for name, value in self.scope["headers"]:
            if name == b"connection":
                dropped |= {each.strip().lower() for each in value.split(b",")}
            elif name == b"content-length" and not self.chunked:
                yield b"content-length: %b\r\n" % value
        if self.chunked:
            yield b"transfer-encoding: chunked\r\n"
        for name, value in self.scope["headers"]:
            if name not in dropped and not name.startswith(OWN_PREFIX):
                yield b"%b: %b\r\n" % (name, value)

    def _own_lines(self) -> bytes:
        client, _ = self.scope.get("client") or ("", 0)
        said: list[tuple[str, Any]] = [
            (headers.REQUEST_ID, logs.request_id.get()),
            (headers.TRACEPARENT, logs.traceparent.get()),
            (headers.FORWARDED_FOR, client),
            ("X-Forwarded-Proto", self.scope["scheme"]),
        ]
        left = deadline.left(WITHOUT_LIMIT)
        if left != WITHOUT_LIMIT:
            reserved = min(RESERVED_SECONDS, left * RESERVED_SHARE)
            said.append((headers.TIMEOUT, f"{left - reserved:.3f}"))
        lines = [f"{name}: {value}\r\n" for name, value in said if value]
        return "".join(lines).encode("latin-1")


@lru_cache(maxsize=REMEMBERED)
def identity_lines(caller: Caller) -> bytes:
    """The headers that tell a module for whom the gateway asks."""
    said = {
        headers.USER: caller.user,
        headers.ROLES: ",".join(sorted(caller.roles)),
        headers.SCOPES: " ".join(sorted(caller.scopes)),
        headers.KEY: caller.key or "",
    }
    for name, value in said.items():
        if not (value.isascii() and (value.isprintable() or not value)):
            message = f"{name} cannot be {value!r}: a header holds printable ASCII"
            raise ValueError(message)
    return "".join(f"{name}: {value}\r\n" for name, value in said.items() if value).encode("ascii")
