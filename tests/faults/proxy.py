"""A proxy before an API server that does what networks and API servers do on a bad day.

It ends TLS on both sides, so a fault may stand anywhere: in the connection, in an answer, in one
line of a watch. It has a thread of its own; a fault holds from `fault` until the block ends.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

START_SECONDS: Final = 20.0
NOT_FORWARDED: Final = frozenset(
    {"host", "authorization", "content-length", "transfer-encoding", "connection"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    at: float
    """In seconds of time.monotonic."""
    verb: str
    path: str


class Fault:
    """What goes wrong; this one is nothing."""

    async def answer(self, _: web.Request) -> web.StreamResponse | None:
        """An answer in the place of the API server's; None lets the request through."""
        return None

    def lines(self, line: bytes, watch: int) -> Sequence[bytes]:
        """What comes of a line of a *watch*, whose number says which of all it is."""
        del watch
        return (line,)


class Line:
    """One connection; a dead one stays open, and nothing passes."""

    def __init__(self, outer: asyncio.StreamWriter, *, dead: bool) -> None:
        self.dead = dead
        self._writers = [outer]

    async def lead(self, reader: asyncio.StreamReader, port: int) -> None:
        """Pass on what comes, to a server of this machine and back, until either end closes."""
        if self.dead:  # not even the handshake is answered
            await asyncio.Event().wait()
        inner_reader, inner = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(inner)
        ways = (self._pump(reader, inner), self._pump(inner_reader, self._writers[0]))
        await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if self.dead:
                    await asyncio.Event().wait()
                writer.write(data)
                await writer.drain()

    def abort(self) -> None:
        """Break it."""
        for each in self._writers:
            each.transport.abort()


class Proxy:
    """The door through which the operator under test gets to its API server."""

    def __init__(self, upstream: str, authority: str, token: str) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self.token = token
        """What the caller must have; another one is refused with 401."""
        self._upstream_token = token
        self._upstream = upstream
        self._trusted = ssl.create_default_context(cadata=authority)
        self._fault: Fault = Fault()
        self._silent = False
        self._lines: set[Line] = set()
        self._loop = asyncio.new_event_loop()
        self._inner = 0
        self._http: aiohttp.ClientSession
        self._site: web.TCPSite
        self._runner: web.AppRunner
        self._door: asyncio.Server

    @contextmanager
    def serving(self, certificate: Path, key: Path) -> Iterator[Proxy]:
        """Serve on a free port of the loopback while the block runs."""
        thread = threading.Thread(target=self._loop.run_forever, name="faulty proxy", daemon=True)
        thread.start()
        try:
            self._do(self._start(certificate, key))
            yield self
        finally:
            self._do(self._stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(START_SECONDS)
            self._loop.close()

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """*fault* holds while the block runs; open watches end at its begin, to be asked anew."""
        self._fault = fault
        self.cut()
        try:
            yield
        finally:
            self._fault = Fault()

    @contextmanager
    def broken_lines(self, fault: Fault) -> Iterator[None]:
        """As `fault`, and what is open stays open."""
        self._fault = fault
        try:
            yield
        finally:
            self._fault = Fault()

    def cut(self) -> None:
        """Break every connection that is open."""
        self._do(self._abort())

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Nothing passes any more, in no direction, and no connection is closed.

        What was open then stays dead for ever, as behind a gateway that has forgotten it.
        """
        self._silent = True
        for each in tuple(self._lines):
            each.dead = True
        try:
            yield
        finally:
            self._silent = False

    def serve_with(self, certificate: Path, key: Path) -> None:
        """From now on be somebody with another certificate."""
        self._do(self._restart(certificate, key))

    def count(self, since: float, verb: str = "") -> int:
        """How many requests came since a time."""
        return sum(each.at >= since and verb in ("", each.verb) for each in tuple(self.asked))

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    async def _start(self, certificate: Path, key: Path) -> None:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trusted, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=3),
            auto_decompress=False,
            read_bufsize=1 << 20,
        )
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen(certificate, key)
        self._door = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._door.sockets[0].getsockname()[1]

    async def _listen(self, certificate: Path, key: Path) -> None:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate, key)
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=own)
        await self._site.start()
        self._inner = self._runner.addresses[-1][1]

    async def _restart(self, certificate: Path, key: Path) -> None:
        await self._site.stop()
        await self._listen(certificate, key)
        await self._abort()

    async def _stop(self) -> None:
        self._door.close()
        await self._abort()
        await self._http.close()
        await self._runner.cleanup()

    async def _abort(self) -> None:
        for each in tuple(self._lines):
            each.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(writer, dead=self._silent)
        self._lines.add(line)
        try:
            await line.lead(reader, self._inner)
        finally:
            self._lines.discard(line)
            line.abort()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        verb = "WATCH" if request.query.get("watch") == "true" else request.method
        self.asked.append(Asked(time.monotonic(), verb, request.path))
        try:
            answer = await self._refused(request) or await self._fault.answer(request)
            return answer or await self._forward(request, verb)
        except (aiohttp.ClientError, OSError):  # the API server is away: the caller sees it so
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    async def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            return None
        return status(401, "Unauthorized", "the token is not accepted")

    async def _forward(self, request: web.Request, verb: str) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in NOT_FORWARDED}
        headers["Authorization"] = f"Bearer {self._upstream_token}"
        async with self._http.request(
            request.method,
            self._upstream + request.raw_path,
            headers=headers,
            data=await request.read() or None,
        ) as got:
            kept = {k: v for k, v in got.headers.items() if k.lower() not in NOT_FORWARDED}
            if verb != "WATCH" or got.status != 200:
                return web.Response(status=got.status, headers=kept, body=await got.read())
            response = web.StreamResponse(headers=kept)
            await response.prepare(request)
            await self._stream(got, response)
            return response

    async def _stream(self, got: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        async for line in whole_lines(got):
            for each in self._fault.lines(line, id(got)):
                await response.write(each)
        with suppress(ConnectionError):
            await response.write_eof()


async def whole_lines(got: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The lines of a watch, however long."""
    rest = b""
    async for chunk in got.content.iter_any():
        *complete, rest = (rest + chunk).split(b"\n")
        for line in complete:
            yield line + b"\n"


def status(code: int, reason: str, message: str, **headers: str) -> web.Response:
    """An answer in the API server's form."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    body |= {"code": code, "reason": reason, "message": message}
    return web.json_response(body, status=code, headers=headers)


class Cut(Fault):
    """Every connection breaks as soon as something is asked over it."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """None at all."""
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


class Throttled(Fault):
    """The API server turns everything away, and says for how long."""

    async def answer(self, _: web.Request) -> web.StreamResponse:
        """429."""
        return status(429, "TooManyRequests", "try again later", **{"Retry-After": "1"})


class Broken(Fault):
    """The API server answers everything with an error of its own."""

    async def answer(self, _: web.Request) -> web.StreamResponse:
        """500."""
        return status(500, "InternalError", "etcdserver: request timed out")


class Slow(Fault):
    """Every answer takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def answer(self, _: web.Request) -> None:
        """The API server's own, later."""
        await asyncio.sleep(self._seconds)


class WatchAnswered(Fault):
    """Every new watch is answered with these lines, and closed."""

    def __init__(self, *lines: dict[str, Any]) -> None:
        self._lines = [json.dumps(each).encode() + b"\n" for each in lines]

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """The lines, if a watch is asked for."""
        if request.query.get("watch") != "true":
            return None
        return web.Response(body=b"".join(self._lines), content_type="application/json")


class WatchRefused(Fault):
    """Every new watch is refused: its resource version is too old."""

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """410, if a watch is asked for."""
        if request.query.get("watch") != "true":
            return None
        return status(410, "Expired", "too old resource version")


def error_event(code: int, reason: str) -> dict[str, Any]:
    """A line of a watch that says what went wrong."""
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return {"type": "ERROR", "object": {**body, "message": reason}}


class Shuffled(Fault):
    """Holds lines back and lets them go in threes, the newest first, each of them twice."""

    def __init__(self) -> None:
        self._held: dict[int, list[bytes]] = {}

    def lines(self, line: bytes, watch: int) -> Sequence[bytes]:
        """What is let go."""
        held = self._held.setdefault(watch, [])
        held.append(line)
        if len(held) < 3 and b"BOOKMARK" not in line:
            return ()
        ready, self._held[watch] = held[::-1], []
        return [each for line in ready for each in (line, line)]
