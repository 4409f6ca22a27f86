"""The answers to the kubelet's questions."""

import json
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from arkalia_model_keeper.keeping import Word

LIVE: Final = "/health/live"
READY: Final = "/health/ready"
REQUEST_SECONDS: Final = 10


def serve(word: Word, port: int) -> ThreadingHTTPServer:
    """Answer at *port* of every address, beside the calling thread, what *word* says."""

    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            """Whether the process lives, or the models are there."""
            status, message = answer(self.path, word)
            body = json.dumps({"message": message}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the kubelet asks every few seconds."""

    server = ThreadingHTTPServer(("", port), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = _listening(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _listening(port: int) -> socket.socket:
    """A socket for IPv6 and IPv4, where the machine has both."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def answer(path: str, word: Word) -> tuple[HTTPStatus, str]:
    """Status and message for a request of *path*."""
    if path == LIVE:
        return HTTPStatus.OK, "It runs."
    if path != READY:
        return HTTPStatus.NOT_FOUND, f"There are {LIVE} and {READY}."
    status = HTTPStatus.OK if word.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return status, word.message
