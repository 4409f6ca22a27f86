"""A client that asks one address again and again, and says four times a second how it went.

It runs in a pod as `python3 -c`, so it is one file on the standard library alone. It is stricter
than an ordinary client: it never asks twice, so a connection that is closed under a request counts
as a lost request.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field

ANSWER_SECONDS = 30
"""A slow answer is none that was lost: the story is told on busy machines too."""
LED_SECONDS = 120
"""Within this time the network of a busy node leads to a new Service."""
ERRORS_KEPT = 20


@dataclass
class Wanted:
    """What to ask, how often, and for how long."""

    host: str
    port: int
    path: str
    seconds: float
    lasting: int
    """Clients that keep their connection until the server wants it closed."""
    fleeting: int
    """Clients that open a connection for each request."""
    rate: float
    """Requests a second, all clients together, at most."""
    name: str = ""
    """Name that the certificate must have."""
    trusted: str = ""
    """Authorities that may have signed it, PEM. Empty: the address serves HTTP."""


@dataclass
class Tally:
    """How it went so far."""

    answered: int = 0
    failed: int = 0
    unheard: int = 0
    """Of the failed ones: nobody had opened the connection, so nobody had accepted the request."""
    connections: int = 0
    slowest: float = 0.0
    """Seconds that the slowest answer took."""
    errors: list[str] = field(default_factory=list)
    """The first failures, in words."""

    def fail(self, error: object) -> None:
        """Count a lost request."""
        self.failed += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(f"{time.strftime('%H:%M:%S')} {error!r}")


class Client:
    """One of those who ask."""

    def __init__(self, wanted: Wanted, tally: Tally, lasting: bool) -> None:
        self._wanted = wanted
        self._tally = tally
        self._lasting = lasting
        trusted = wanted.trusted
        self._tls = ssl.create_default_context(cadata=trusted) if trusted else None
        self._pause = (wanted.lasting + wanted.fleeting) / wanted.rate

    async def run(self, until: float) -> None:
        """Ask until the clock says *until*."""
        while time.monotonic() < until:
            try:
                await self._connected(until)
            except (OSError, EOFError, ValueError) as error:
                self._tally.fail(error)
                await asyncio.sleep(self._pause)

    async def _connected(self, until: float) -> None:
        opened = await self._opened()
        if opened is None:
            return
        reader, writer = opened
        self._tally.connections += 1
        try:
            open_for_more = True
            while open_for_more and time.monotonic() < until:
                open_for_more = await self._asked(reader, writer) and self._lasting
                await asyncio.sleep(self._pause)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        wanted = self._wanted
        opening = asyncio.open_connection(
            wanted.host, wanted.port, ssl=self._tls, server_hostname=wanted.name or None
        )
        try:
            return await asyncio.wait_for(opening, ANSWER_SECONDS)
        except (OSError, EOFError) as error:
            self._tally.fail(error)
            self._tally.unheard += 1
            await asyncio.sleep(self._pause)
            return None

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Ask once; whether the server leaves the connection open."""
        start = time.monotonic()
        request = f"GET {self._wanted.path} HTTP/1.1\r\nHost: {self._wanted.host}\r\n\r\n"
        writer.write(request.encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)
        status, headers = parsed(head.decode())
        length = int(headers.get("content-length", "0"))
        await asyncio.wait_for(reader.readexactly(length), ANSWER_SECONDS)
        self._tally.slowest = max(self._tally.slowest, time.monotonic() - start)
        if status != 200:
            self._tally.fail(f"HTTP {status}")
        else:
            self._tally.answered += 1
        return headers.get("connection", "").lower() != "close"


def parsed(head: str) -> tuple[int, dict[str, str]]:
    """Status and headers (in lower case) of an answer."""
    first, *rest = head.strip().split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def told(tally: Tally, until: float) -> None:
    """Write the tally four times a second."""
    while time.monotonic() < until:
        await asyncio.sleep(0.25)
        print(json.dumps(asdict(tally)), flush=True)


async def led_there(wanted: Wanted) -> None:
    """Wait for the first answer: the network follows a new Service by a second or so."""
    deadline = time.monotonic() + LED_SECONDS
    before = Tally()
    while not before.answered and time.monotonic() < deadline:
        await Client(wanted, before, lasting=False).run(time.monotonic() + 0.1)


async def run(wanted: Wanted) -> None:
    """All clients at once, from the first answer on, then the final tally."""
    await led_there(wanted)
    tally, until = Tally(), time.monotonic() + wanted.seconds
    kinds = [True] * wanted.lasting + [False] * wanted.fleeting
    clients = [Client(wanted, tally, lasting) for lasting in kinds]
    await asyncio.gather(told(tally, until), *(each.run(until) for each in clients))
    print(json.dumps(asdict(tally)), flush=True)


if __name__ == "__main__":
    asyncio.run(run(Wanted(**json.loads(sys.argv[1]))))
