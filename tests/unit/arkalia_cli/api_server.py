"""A small API server over a real socket: answers by path, and a log of what was asked."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Refusal:
    """An answer that is none."""

    code: int
    message: str


class Answers:
    """What is served: a list, an object or a text by path; an int is refused with that code."""

    def __init__(self):
        self.by_path = {}
        self.asked = []
        self.shown = []
        """The credentials of each request."""
        self.reviews = lambda _: True
        self.written = []
        """What was created or merged: method, path and body."""

    def list(self, path, *items):
        self.by_path[path] = {"metadata": {}, "items": list(items)}

    def answer(self, method, path, query, body):
        self.asked.append((method, path, query))
        if path.endswith("/selfsubjectaccessreviews"):
            allowed = self.reviews(body["spec"]["resourceAttributes"])
            return 201, {**body, "status": {"allowed": allowed}}
        if method != "GET":
            self.written.append((method, path, body))
        found = self.by_path.get(path, 404)
        if callable(found):
            found = found(query)
        if isinstance(found, int):
            found = Refusal(found, f"refused with {found}")
        if isinstance(found, Refusal):
            return found.code, {"message": found.message}
        return 200, found


@contextmanager
def serving(answers):
    """The URL at which *answers* are served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            question = json.loads(body) if body else None
            answers.shown.append(self.headers.get("Authorization"))
            status, found = answers.answer(self.command, parts.path, query, question)
            content = (found if isinstance(found, str) else json.dumps(found)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def kubeconfig(path, server, namespace="arkalia"):
    """Write a kubeconfig with the contexts `here` and `there` to *path*."""
    context = {"cluster": "one", "user": "somebody", "namespace": namespace}
    path.write_text(
        json.dumps({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "one", "cluster": {"server": server}}],
            "users": [{"name": "somebody", "user": {"token": "abc"}}],
            "contexts": [
                {"name": "here", "context": context},
                {"name": "there", "context": {**context, "namespace": "elsewhere"}},
            ],
            "current-context": "here",
        })
    )  # fmt: skip
    return str(path)
