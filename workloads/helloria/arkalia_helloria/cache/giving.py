"""Gives a kept answer to a client."""

import time
from http import HTTPStatus
from typing import Final

from starlette.types import Send

from arkalia_helloria.cache.kept import Kept
from arkalia_helloria.cache.terms import Pairs, names

NAME: Final = b"arkalia"
"""Of this cache, in `Cache-Status` (RFC 9211)."""

OF_THE_BODY: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})


async def give(send: Send, kept: Kept, known: bytes, said: Pairs, how: bytes) -> None:
    """Send *kept*, or that it is what the client has if its tag is among *known*."""
    now = time.time()
    headers = [each for each in kept.headers if each[0] != b"age"]
    status, body = kept.status, kept.body
    if status == HTTPStatus.OK and known and names(known, kept.tag):
        status, body = HTTPStatus.NOT_MODIFIED, b""
        headers = [each for each in headers if each[0] not in OF_THE_BODY]
    about = b"%b; %b; ttl=%d" % (NAME, how, kept.fresh_until - now)
    headers += [(b"age", b"%d" % kept.age(now)), (b"cache-status", about), *said]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
