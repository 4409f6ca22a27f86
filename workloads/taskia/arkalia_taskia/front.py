"""What a component without an app shows of itself: health and metrics over HTTPS.

A Celery worker forks processes as long as it lives, and a process with threads or an event loop of
its own must not be forked. So a small process stands beside it: it reads what the component writes
down every few seconds, and tells it to the kubelet and to Prometheus. It is a process of its own
program, with Python's own server, because a copy of Celery or a framework would take more memory
than all that it does.
"""

import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, has_dualstack_ipv6, socket
from typing import Any, Final

from arkalia_contract import endpoints, files
from arkalia_runtime.watched import Watched

logger: Final = logging.getLogger(__name__)

STALE_SECONDS: Final = 60
"""A component that says it is at work and has written nothing for so long hangs."""

REQUEST_SECONDS: Final = 5
"""A client that is slower is cut off."""

AT_ONCE: Final = 16
"""Requests; others are closed without an answer."""

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Told:
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
        unfinished.write_text(json.dumps(asdict(told)), encoding="utf-8")
        unfinished.replace(self.path)

    def read(self) -> tuple[Told, float] | None:
        """What was said last and how many seconds ago; None if nothing was."""
        try:
            age = time.time() - self.path.stat().st_mtime
            return Told(**json.loads(self.path.read_text(encoding="utf-8"))), age
        except FileNotFoundError:
            return None


@dataclass(frozen=True)
class Place:
    """Where the front serves."""

    host: str
    port: int
    tls_folder: str
    look_seconds: float


def start_front(board: Board, place: Place) -> subprocess.Popen[bytes]:
    """Start the front. It ends with the process that calls this."""
    own = json.dumps({"board": str(board.path), "parent": os.getpid(), "place": asdict(place)})
    return subprocess.Popen([sys.executable, "-m", __name__, own], stdin=subprocess.DEVNULL)  # noqa: S603


def main(own: str) -> None:
    """Be the front; *own* is what `start_front` says."""
    told = json.loads(own)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(told["parent"],), daemon=True).start()
    with Server(Board(Path(told["board"])), Place(**told["place"])) as server:
        server.serve_forever()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(os.EX_OK)


class Server(ThreadingHTTPServer):
    """HTTPS with the component's certificate as it is now; HTTP if it has none."""

    daemon_threads = True

    def __init__(self, board: Board, place: Place) -> None:
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


class Handler(BaseHTTPRequestHandler):
    """The paths that everybody may ask for; there are no others."""

    server: Server
    timeout = REQUEST_SECONDS
    protocol_version = "HTTP/1.0"
    server_version, sys_version = "arkalia", ""

    def do_GET(self) -> None:
        """Answer one request."""
        status, content_type, body = answer(self.path.partition("?")[0], self.server.board.read())
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Probes and scrapes are not logged."""


def answer(path: str, said: tuple[Told, float] | None) -> tuple[int, str, bytes]:
    """Status, type and body for a GET of *path*, by what the component *said*."""
    told, age = said or (Told(is_working=False, message="it starts", metrics=""), 0.0)
    hangs = told.is_working and age > STALE_SECONDS
    is_ready = told.is_working and not hangs
    message = f"nothing was heard for {age:.0f} s" if hangs else told.message
    if path == endpoints.METRICS:
        return HTTPStatus.OK, METRICS_TYPE, told.metrics.encode()
    if path == endpoints.HEALTH_LIVE:
        return _health(is_well=not hangs, message=message)
    if path in (endpoints.HEALTH, endpoints.HEALTH_READY):
        return _health(is_well=is_ready, message=message)
    if path == endpoints.HEALTH_DETAILED:
        _, content_type, body = _health(is_well=is_ready, message=message)
        return HTTPStatus.OK, content_type, body
    return HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n"


def _health(*, is_well: bool, message: str) -> tuple[int, str, bytes]:
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
