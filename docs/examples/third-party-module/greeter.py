"""A service that Arkalia did not write: Python's standard library, one route that does something.

What Arkalia asks of a module is the HTTP it serves: two health paths for the kubelet, metrics for
whoever watches, and an end within the grace period after SIGTERM.
"""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

stopping = threading.Event()
counting = threading.Lock()
counted = {"greeter_greetings_total": 0}


def greet(name: str) -> str:
    """The greeting of *name*, counted."""
    with counting:
        counted["greeter_greetings_total"] += 1
    return json.dumps({"greeting": f"Hello, {name}!"})


def answer(path: str) -> tuple[int, str, str]:
    """Status, media type and body for a GET of *path*."""
    if path.startswith("/greetings/"):
        return 200, "application/json", greet(unquote(path.removeprefix("/greetings/")))
    if path == "/health/ready" and stopping.is_set():
        return 503, "text/plain", "stopping\n"
    if path in {"/health/live", "/health/ready"}:
        return 200, "text/plain", "yes\n"
    if path == "/metrics":
        lines = (f"# TYPE {name} counter\n{name} {value}\n" for name, value in counted.items())
        return 200, "text/plain; version=0.0.4", "".join(lines)
    return 404, "text/plain", "nothing here\n"


class Handler(BaseHTTPRequestHandler):
    """Turns an answer into HTTP."""

    timeout = 30

    def do_GET(self) -> None:
        """Answer a GET."""
        status, media_type, body = answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log what people ask for, not the questions of machines."""
        if self.path.startswith("/greetings/"):
            super().log_request(code, size)


def main() -> None:
    """Serve until SIGTERM; then say "not ready", serve on for a moment, and end."""
    server = ThreadingHTTPServer(("", int(os.environ.get("ARKALIA_PORT", "8080"))), Handler)
    server.daemon_threads = False  # so that server_close() waits for requests in flight
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threading.Thread(target=server.serve_forever).start()
    stopping.wait()
    time.sleep(float(os.environ.get("ARKALIA_DRAIN_SECONDS", "5")))
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
