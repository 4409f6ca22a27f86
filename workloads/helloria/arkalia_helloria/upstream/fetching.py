"""Something that the gateway itself wants to know of a module."""

import asyncio
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from arkalia_helloria.upstream.balancer import Balancer
from arkalia_helloria.upstream.connection import Connection
from arkalia_helloria.upstream.errors import BrokenError, NotSentError

FETCH_SECONDS: Final = 5.0


async def fetch(balancer: Balancer, path: str, most_bytes: int) -> bytes:
    """What a pod answers at *path*. Raises UpstreamError if that is no whole answer of 200."""
    replica = await balancer.choose(set())
    if replica is None:
        message = "has no pod that answers"
        raise NotSentError(message)
    now = time.monotonic()
    host = urlsplit(balancer.callee.address).netloc
    head = f"GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n".encode("ascii")
    asked = b"%bauthorization: %b\r\n\r\n" % (head, balancer.token())
    connection = await replica.connection(now)
    replica.begin()
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            connection.ask(asked, bodiless=False)
            return await _whole(connection, most_bytes)
    except TimeoutError:
        message = "did not answer in time"
        raise BrokenError(message) from None
    finally:
        replica.end()
        replica.give_back(connection, time.monotonic())


async def _whole(connection: Connection, most_bytes: int) -> bytes:
    answer = await connection.head(FETCH_SECONDS)
    body = b""
    while True:
        body += connection.taken()
        if answer.status != HTTPStatus.OK or len(body) > most_bytes:
            message = f"answers {answer.status} with {len(body)} bytes"
            raise BrokenError(message)
        if connection.ended:
            return body
        await connection.arrival(FETCH_SECONDS)
