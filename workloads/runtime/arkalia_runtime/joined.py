"""Answers whose beginning goes out with their body: one write, and for most answers one packet.

uvicorn writes the headers when they are there, and the body when it is. Each write costs the processor
about 15 µs, and more of a client, which is woken twice.
"""

import asyncio

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from arkalia_runtime.bounded import BoundedProtocol


class JoinedTransport(asyncio.Transport):
    """The transport of one answer. Its first part waits for the next, until the loop's next turn.

    It is what uvicorn's cycle asks of a transport, and nothing else. Leave to send (100 Continue) counts as
    a part.
    """

    __slots__ = ("_begun", "_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self._begun = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*, with what is held."""
        if not self._begun:
            self._begun, self._held = True, bytes(data)
            self._loop.call_soon(self.flush)
        elif self._held is None:
            self._transport.write(data)
        else:
            held, self._held = self._held, None
            self._transport.writelines([held, data])

    def flush(self) -> None:
        """Send what is held: nothing followed, or the connection ends."""
        held, self._held = self._held, None
        if held is not None and not self._transport.is_closing():
            self._transport.write(held)

    def close(self) -> None:
        """End the connection, once all of the answer is sent."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection ends."""
        return self._transport.is_closing()


class UnframedCycle(RequestResponseCycle):
    """An answer to a client of HTTP/1.0, who knows no chunks: without a length it ends with its connection."""

    is_unframed = False

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            if self.scope["method"] != "HEAD" and b"content-length" not in names:
                # Of an answer to HEAD uvicorn frames no body, and sends none either.
                self.is_unframed, self.scope = True, {**self.scope, "method": "HEAD"}
        elif message["type"] == "http.response.body" and self.is_unframed:
            if self.flow.write_paused and not self.disconnected:
                await self.flow.drain()
            if not self.disconnected:
                self.transport.write(message.get("body", b""))
        await super().send(message)


class JoiningProtocol(BoundedProtocol):
    """uvicorn's protocol, with a transport of its own for each answer."""

    def on_headers_complete(self) -> None:
        """A request begins, and so does its answer."""
        super().on_headers_complete()
        # The answer to HEAD has one part, which must not wait: its client may end meanwhile.
        if self.scope["method"] != "HEAD":
            self.cycle.transport = JoinedTransport(self.transport, self.loop)
        if self.scope["http_version"] == "1.0":
            self.cycle.__class__ = UnframedCycle
