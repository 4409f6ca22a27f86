"""A door of TLS before a server that has none, for tests: it can be held, late, cut, closed and disguised."""

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from unit.arkalia_runtime.authority import Authority

PATIENCE_SECONDS = 30
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
"""What a client of PostgreSQL says before it begins with TLS."""


class Door:
    """A TLS server on the loopback interface before a socket in the file system."""

    def __init__(self, socket: Path, authority: Authority, *, asks_first: bool) -> None:
        self._socket = socket
        self._asks_first = asks_first
        self._authority = authority
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._passing: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._late = 0.0
        self.passed_late = 0
        """How often something was passed on late, since the beginning."""
        self.port = 0
        self.opened = 0
        """Connections that came, since the beginning."""
        self.show(authority)
        self.open()

    @property
    def is_open(self) -> bool:
        """Whether connections are let in."""
        return self._server is not None and self._server.is_serving()

    def show(self, authority: Authority, names: tuple[str, ...] = (), **wanted: object) -> None:
        """Show another certificate from now on."""
        issued = authority.issue(*names, **wanted)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            for key, content in issued.items():
                Path(folder, key).write_bytes(content)
            context.load_cert_chain(Path(folder, "tls_crt"), Path(folder, "tls_key"))
        self._context = context

    def open(self) -> None:
        """Let connections in, on the same port as before."""
        self._run(self._open())

    def close(self) -> None:
        """Let nobody in, and cut who is in."""
        self._run(self._close())

    def cut(self) -> None:
        """Break off every connection, without a farewell."""
        self._loop.call_soon_threadsafe(self._cut)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Pass nothing on, and break nothing off: a server that hangs."""
        self._loop.call_soon_threadsafe(self._flows.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._flows.set)

    @contextmanager
    def late(self, seconds: float) -> Iterator[None]:
        """Pass everything on so much later, in both directions: a server that is slow."""
        self._late = seconds
        try:
            yield
        finally:
            self._late = 0.0

    def end(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def _run(self, what: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_SECONDS)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._let_in, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._cut()

    def _cut(self) -> None:
        for writer in self._passing:
            _break_off(writer)

    async def _end(self) -> None:
        """Let nobody in, and wait for the end of all that pass: no stream may outlive the loop."""
        await self._close()
        passing = asyncio.all_tasks() - {asyncio.current_task()}
        for each in passing:
            each.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        self._cut()

    def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._passing.add(writer)
        entering = asyncio.create_task(self._enter(reader, writer))
        entering.add_done_callback(lambda _: self._passing.discard(writer))

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, plain = None, writer.transport
        try:
            if self._asks_first:
                assert await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST
                writer.write(b"S")
                await writer.drain()
            await writer.start_tls(self._context)
            inner = await asyncio.open_unix_connection(str(self._socket))
            await asyncio.gather(self._carry(reader, inner[1]), self._carry(inner[0], writer))
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            # Python 3.11 leaves no transport where one is lost during its handshake.
            writer._transport = writer.transport or plain
            _break_off(writer)
            if inner is not None:
                _break_off(inner[1])

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on until one side ends; then end both."""
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                if self._late:
                    await asyncio.sleep(self._late)
                    self.passed_late += 1
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


def _break_off(writer: asyncio.StreamWriter) -> None:
    # In Python 3.11 a transport of TLS that was closed twice has nothing left that could be broken off.
    with suppress(AttributeError):
        writer.transport.abort()
