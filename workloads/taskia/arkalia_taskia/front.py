"""What a component without an app shows of itself: health and metrics over HTTPS.

The component writes down every few seconds how it is, and the front tells it to the kubelet and to
Prometheus. A Celery worker forks processes as long as it lives, and a process with threads or an
event loop of its own must not be forked: so its front is a small process beside it. It is a process
of its own program, which loads next to nothing, because a copy of Celery or a framework would take
more memory than all that it does. The scheduler forks nothing: its front is a thread.
"""

import json
import logging
import os
import signal
import ssl
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from socket import AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, has_dualstack_ipv6, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Final, NamedTuple

from arkalia_contract import endpoints, files
from arkalia_runtime.watched import Watched

logger: Final = logging.getLogger(__name__)

STALE_SECONDS: Final = 60
"""A component that says it is at work and has written nothing for so long hangs."""

REQUEST_SECONDS: Final = 5
"""A client that is slower is cut off."""

AT_ONCE: Final = 16
"""Requests; others are closed without an answer."""

LONGEST_LINE: Final = 8192
"""Bytes of a request's first line and of each of its headers."""

MOST_HEADERS: Final = 100

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
TEXT_TYPE: Final = "text/plain; charset=utf-8"

Answer = tuple[HTTPStatus, str, bytes]
"""Status, type and body."""


class Told(NamedTuple):
    """What a component says of itself."""

    is_working: bool
    """Whether it is connected and takes work."""
    message: str
    metrics: str


class Board:
    """A file in the scratch folder: the component writes it, the front reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, told: Told) -> None:
        """Replace what was said before, at once."""
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(json.dumps(told._asdict()), encoding="utf-8")
        unfinished.replace(self.path)

    def read(self) -> tuple[Told, float] | None:
        """What was said last and how many seconds ago; None if nothing was."""
        try:
            age = time.time() - self.path.stat().st_mtime
            return Told(**json.loads(self.path.read_text(encoding="utf-8"))), age
        except FileNotFoundError:
            return None


class FrontSettings(NamedTuple):
    """Where the front serves."""

    host: str
    port: int
    tls_folder: str
    look_seconds: float


def front_beside(board: Board, place: FrontSettings) -> list[str]:
    """The command of a front that ends with the process that starts it."""
    own = json.dumps({"board": str(board.path), "parent": os.getpid(), "place": place._asdict()})
    return [sys.executable, "-m", __name__, own]


def front_within(board: Board, place: FrontSettings) -> None:
    """Be the front in a thread of this process. Raises OSError if the port is taken."""
    server = Server(board, place)
    threading.Thread(target=server.serve_forever, name="front", daemon=True).start()


def main(own: str) -> None:
    """Be the front; *own* is what `front_beside` says."""
    told = json.loads(own)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(told["parent"],), daemon=True).start()
    with Server(Board(Path(told["board"])), FrontSettings(**told["place"])) as server:
        server.serve_forever()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(os.EX_OK)


class Server(ThreadingTCPServer):
    """HTTPS with the component's certificate as it is now; HTTP if it has none."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = AT_ONCE

    def __init__(self, board: Board, place: FrontSettings) -> None:
        self.board = board
        self._free = threading.BoundedSemaphore(AT_ONCE)
        certificate = Path(place.tls_folder, files.CERTIFICATE_KEY)
        key = Path(place.tls_folder, files.PRIVATE_KEY_KEY)
        self.scheme = "https" if certificate.exists() else "http"
        self._context = Watched(
            [certificate, key], lambda: _context(certificate, key), place.look_seconds
        )
        if not place.host and has_dualstack_ipv6():
            self.address_family = AF_INET6
        super().__init__((place.host, place.port), Handler)

    def server_bind(self) -> None:
        """Listen on IPv4 too."""
        if self.address_family == AF_INET6:
            self.socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0)
        super().server_bind()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, if one is free."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands in the thread: a slow client keeps nobody else waiting."""
        try:
            request.settimeout(REQUEST_SECONDS)
            secured = self._secured(request)
            super().process_request_thread(secured, client_address)
        except OSError:  # also what TLS complains of: the client is told enough by the end
            self.shutdown_request(request)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A client that leaves early is no event."""
        logger.debug("A request ended early.", exc_info=True)

    def _secured(self, request: socket) -> socket:
        if self.scheme == "http":
            return request
        return self._context.current().wrap_socket(request, server_side=True)


class Handler(StreamRequestHandler):
    """One request, and the end of the connection."""

    server: Server
    timeout = REQUEST_SECONDS

    def handle(self) -> None:
        """Answer it; not one that is no request."""
        with suppress(ValueError):
            method, target, _ = self._line().split(" ")
            self._read_headers()
            self._tell(*answer(method, target.partition("?")[0], self.server.board.read()))

    def _read_headers(self) -> None:
        for _ in range(MOST_HEADERS):
            if not self._line():
                return
        message = "it has no end"
        raise ValueError(message)

    def _line(self) -> str:
        return self.rfile.readline(LONGEST_LINE).decode("latin-1").rstrip("\r\n")

    def _tell(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        self.wfile.write(head.encode("latin-1") + body)


def answer(method: str, path: str, said: tuple[Told, float] | None) -> Answer:
    """What *method* and *path* get, by what the component *said* and how many seconds ago."""
    if method != "GET":
        return HTTPStatus.METHOD_NOT_ALLOWED, TEXT_TYPE, b"Only GET is answered here.\n"
    told, age = said or (Told(is_working=False, message="it starts", metrics=""), 0.0)
    if path == endpoints.METRICS:
        return HTTPStatus.OK, METRICS_TYPE, told.metrics.encode()
    hangs = told.is_working and age > STALE_SECONDS
    message = f"nothing was heard for {age:.0f} s" if hangs else told.message
    is_ready = told.is_working and not hangs
    if path == endpoints.HEALTH_LIVE:
        return _health(is_well=not hangs, message=message)
    if path in (endpoints.HEALTH, endpoints.HEALTH_READY):
        return _health(is_well=is_ready, message=message)
    if path == endpoints.HEALTH_DETAILED:
        return HTTPStatus.OK, *_health(is_well=is_ready, message=message)[1:]
    return HTTPStatus.NOT_FOUND, TEXT_TYPE, b"There is nothing here.\n"


def _health(*, is_well: bool, message: str) -> Answer:
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    word = "healthy" if is_well else "unhealthy"
    body = json.dumps({"status": word, "message": message}).encode()
    return status, "application/json", body


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


if __name__ == "__main__":
    main(sys.argv[1])
