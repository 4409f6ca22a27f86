"""Clients of many open streams at once, with little of their own."""

import asyncio
import ssl

from bench.gateways import KEY

STREAM_PATH = "/api/v1/taskia/stream"


class Reading(asyncio.Protocol):
    """A client of one stream, which counts its events."""

    def __init__(self):
        self.events, self.is_open, self.status = 0, True, b""
        self.begun = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        head = f"GET {STREAM_PATH} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {KEY}\r\n\r\n"
        transport.write(head.encode())

    def data_received(self, data):
        self.status = self.status or data[9:12]
        self.events += data.count(b"data: ")
        if self.begun.done():
            return
        if self.status != b"200":
            self.begun.set_exception(ConnectionError(f"it answers {self.status.decode()}"))
        elif self.events:
            self.begun.set_result(None)

    def connection_lost(self, error):
        self.is_open = False
        if not self.begun.done():
            self.begun.set_exception(error or ConnectionError("broken off before it began"))


async def opened(port, number, at_once, trusted: ssl.SSLContext | None = None):
    """*number* streams through the gateway at *port*, each of which has begun."""
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(at_once)

    async def one():
        async with turns:
            name = "localhost" if trusted else None
            _, reading = await loop.create_connection(
                Reading, "127.0.0.1", port, ssl=trusted, server_hostname=name
            )
            await reading.begun
            return reading

    return await asyncio.gather(*(one() for _ in range(number)))
