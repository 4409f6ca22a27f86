"""A tunnel from this machine to a pod: each connection goes through the API server.

It speaks plain HTTP here, on the loopback alone, and TLS to the pod, whose certificate it checks. So
a browser needs to trust nothing new, and nobody between here and the pod can read along.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import Any, Final

from kubernetes.stream.ws_client import PortForward, create_websocket, get_websocket_url
from websocket import WebSocketBadStatusException, WebSocketException

from arkalia_cli.api_paths import POD
from arkalia_cli.cluster.connection import Connection
from arkalia_cli.cluster.gateway import Gateway, ready_pod
from arkalia_cli.errors import (
    CliError,
    ForbiddenError,
    MistakeError,
    RefusedError,
    UnreachableError,
)

HERE: Final = "127.0.0.1"
DIAL_SECONDS: Final = 30.0
"""A way through the API server to a pod, with two handshakes: half a second, many on a busy machine."""
CLOSE_SECONDS: Final = 1.0
CHUNK: Final = 65_536
MOST_CONNECTIONS: Final = 100
"""At once: more than a browser opens."""

Ways = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Tunnel:
    """Connections to a port of this machine, carried to a gateway."""

    def __init__(
        self, cluster: Connection, gateway: Gateway, report: Callable[[CliError], None]
    ) -> None:
        self.cluster = cluster
        self.gateway = gateway
        self.report = report
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._carried: set[asyncio.Task[None]] = set()

    async def keep_open(self, port: int, opened: Callable[[int], None]) -> None:
        """Listen on *port*, or on a free one if it is 0, until SIGINT or SIGTERM. Raises CliError."""
        _, probe = await self._dial()
        await _close(probe)
        try:
            server = await asyncio.start_server(self._accept, HERE, port)
        except OSError as error:
            message = f"port {port} of this machine cannot be used: {error.strerror}"
            raise MistakeError(message, "Leave `--port` out for a free one.") from error
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        opened(server.sockets[0].getsockname()[1])
        await ended.wait()
        server.close()
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what comes and goes on one connection until one side ends it."""
        try:
            async with self._room:
                far_reader, far_writer = await self._dial()
                try:
                    await _until_one_ends(_pump(reader, far_writer), _pump(far_reader, writer))
                finally:
                    await _close(far_writer)
        except CliError as error:
            self.report(error)
        finally:
            await _close(writer)

    async def _dial(self) -> Ways:
        """A connection to a ready pod, its certificate checked. Raises CliError."""
        name = self.gateway.host if self.gateway.tls else None
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                way = await asyncio.to_thread(self._forward)
                return await asyncio.open_connection(
                    sock=way, ssl=self.gateway.tls, server_hostname=name
                )
        except ssl.SSLCertVerificationError as error:
            message = (
                f"the certificate of {self.gateway.host} is not trusted: {error.verify_message}"
            )
            hint = "The system's authority may have been renewed: start `arkalia open` again."
            raise RefusedError(message, hint) from error
        except TimeoutError as error:
            message = f"no connection to {self.gateway.host} was made in {DIAL_SECONDS:g} s"
            hint = (
                "The way through the API server may be slow: try again. "
                "`arkalia status` tells how the module is."
            )
            raise UnreachableError(message, hint) from error
        except OSError as error:
            message = f"no connection to {self.gateway.host} could be made: {error}"
            raise UnreachableError(message, "`arkalia status` tells how it is.") from error

    def _forward(self) -> socket.socket:
        return forwarded(self.cluster, self.gateway)


class Forwarding(PortForward):
    """The client's way to a pod; where it breaks, its end here is closed too.

    The client's own thread would end with a traceback, and who reads here would wait for ever.
    """

    def _proxy(self) -> None:
        try:
            with suppress(OSError, ValueError, WebSocketException):
                super()._proxy()  # type: ignore[no-untyped-call]
        finally:
            for port in self.local_ports.values():
                port.python.close()
            self.websocket.shutdown()


def forwarded(cluster: Connection, gateway: Gateway) -> socket.socket:
    """A socket that leads to a pod behind *gateway* through the API server. Raises CliError."""
    pod, port = ready_pod(cluster, gateway)
    path = f"{POD.path(cluster.namespace, pod)}/portforward"
    url, query = f"{cluster.settings.host}{path}", [("ports", str(port))]

    def forward() -> Any:
        # What CoreV1Api does too: to import that takes longer than all the rest.
        where = get_websocket_url(url, query)  # type: ignore[no-untyped-call]
        asked = create_websocket(cluster.settings, where, cluster.credentials(path))  # type: ignore[no-untyped-call]
        return Forwarding(asked, [port])  # type: ignore[no-untyped-call]

    try:
        way = _within_its_time(forward)
    except TimeoutError as error:
        message = f"the API server opened no way to pod {pod} in {DIAL_SECONDS:g} s"
        raise UnreachableError(message, "Try again; a VPN or a proxy may be in the way.") from error
    except (OSError, WebSocketException) as error:
        raise _not_forwarded(pod, error) from error
    # What the client hands out hides that it is one end of a pair of sockets.
    wrapped = way.socket(port)
    return socket.socket(fileno=wrapped.detach())


def _within_its_time(forward: Callable[[], Any]) -> Any:
    """What *forward* makes. Raises TimeoutError: the client itself waits for ever.

    It is left to a thread that keeps no process from ending. A way that comes too late is closed.
    """
    made: Future[Any] = Future()

    def attempt() -> None:
        try:
            made.set_result(forward())
        except BaseException as error:
            made.set_exception(error)

    Thread(target=attempt, daemon=True).start()
    try:
        return made.result(DIAL_SECONDS)
    except TimeoutError:
        made.add_done_callback(_close_late)
        raise


def _close_late(made: Future[Any]) -> None:
    if made.exception() is None:
        made.result().close()


def _not_forwarded(pod: str, error: Exception) -> CliError:
    """What it means that the API server has refused, or broken off."""
    if isinstance(error, WebSocketBadStatusException) and error.status_code == HTTPStatus.FORBIDDEN:
        message = f"you may not open a way to pod {pod}"
        hint = "It takes the right to get and create pods/portforward: `arkalia doctor` tells."
        return ForbiddenError(message, hint)
    message = f"the API server does not forward to pod {pod}: {error}"
    return RefusedError(message, "Try again; `arkalia status` tells how the pod is.")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()


async def _until_one_ends(*pumps: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(each) for each in pumps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
