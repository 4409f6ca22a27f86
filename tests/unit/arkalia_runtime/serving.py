"""Serves an app on a loopback port, in the test's own event loop, and starts real processes."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import uvicorn
from fastapi import FastAPI

from arkalia_runtime.joined import JoiningProtocol

PATIENCE_SECONDS = 30


@asynccontextmanager
async def served(
    app: FastAPI, context: Callable[[], ssl.SSLContext] | None = None, port: int = 0
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of *app*, which a real server serves; over TLS if there is a *context* for it."""
    config = uvicorn.Config(
        app,
        port=port,
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        ssl_context_factory=(lambda *_: context()) if context else None,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        server.servers[0].close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        await server.lifespan.shutdown()


async def more(answers: Sequence[object], number: int = 30) -> None:
    """Wait until there are *number* more."""
    wanted = len(answers) + number
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(answers) < wanted:  # noqa: ASYNC110 - a list has no event to wait for
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started Python process that serves, and its address; killed if it is still there."""
    port = free_port()
    own = {"ARKALIA_HOST": "127.0.0.1", "ARKALIA_PORT": str(port), **environment}
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        try:
            yield started, f"http://127.0.0.1:{port}"
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGKILL)


def status_of(address: str) -> tuple[int, str]:
    """Status and `Connection` header of a GET; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.headers.get("Connection", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Connection", "")
    except (urllib.error.URLError, ConnectionError):  # also one that ends before it has answered
        return 0, ""


def wait_for_status(address: str, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := status_of(address)[0]) != wanted:
        assert time.monotonic() < deadline, f"{address} answers {status}, not {wanted}"
        time.sleep(0.02)
