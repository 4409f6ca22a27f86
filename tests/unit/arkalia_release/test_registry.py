"""Whether a tag of a registry is free: only a plain "there is none" counts."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from arkalia_release.errors import ReleaseError
from arkalia_release.registry import Login, require_free

LOGIN = Login("someone", "secret")
PATH = "/v2/owner/name/manifests/1.0.0"


class Answers(BaseHTTPRequestHandler):
    """Answers with what the server's `reply` makes of a question: status, headers, body."""

    def do_GET(self):
        status, headers, body = self.server.reply(self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the names are the base class's

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def registry(reply):
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.reply = reply
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def always(status):
    return lambda _: (status, {}, b"")


def test_tag_is_free_when_the_registry_has_none():
    with registry(always(404)) as host:
        require_free(f"{host}/owner/name:1.0.0", LOGIN)


def test_tag_is_not_free_when_somebody_has_published_it():
    with registry(always(200)) as host, pytest.raises(ReleaseError, match="never overwritten"):
        require_free(f"{host}/owner/name:1.0.0", LOGIN)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_tag_is_not_free_when_the_registry_says_anything_else(status):
    with registry(always(status)) as host, pytest.raises(ReleaseError, match=f"answered {status}"):
        require_free(f"{host}/owner/name:1.0.0", LOGIN)


def test_tag_is_not_free_when_nobody_answers():
    with registry(always(404)) as host:
        pass

    with pytest.raises(ReleaseError, match="does not answer"):
        require_free(f"{host}/owner/name:1.0.0", LOGIN)


@pytest.mark.parametrize("reference", ["name:1.0.0", "ghcr.io/owner/name", "ghcr.io/name@sha256:0"])
def test_reference_without_host_or_tag_is_refused(reference):
    with pytest.raises(ReleaseError, match="names no tag of a registry"):
        require_free(reference, LOGIN)


def guarded(status, realm=None):
    """A registry that answers *status* to who shows a token, which it gives to who logs in."""

    def reply(question):
        host = question.headers["Host"]
        if question.path.startswith("/token"):
            ok = question.headers.get("Authorization", "").startswith("Basic ")
            given = json.dumps({"token": "t"}).encode()
            return (200, {}, given) if ok and "scope=pull" in question.path else (403, {}, b"")
        if question.headers.get("Authorization") == "Bearer t" and question.path == PATH:
            return status, {}, b""
        where = f'Bearer realm="{realm or f"http://{host}/token"}",scope="pull"'
        return 401, {"WWW-Authenticate": where}, b""

    return reply


def test_token_is_asked_for_where_the_registry_says():
    with registry(guarded(404)) as host:
        require_free(f"{host}/owner/name:1.0.0", LOGIN)

    with registry(guarded(200)) as host, pytest.raises(ReleaseError, match="never overwritten"):
        require_free(f"{host}/owner/name:1.0.0", LOGIN)


def test_login_that_is_refused_is_told():
    with registry(guarded(404)) as host, pytest.raises(ReleaseError, match="REGISTRY_PASSWORD"):
        require_free(f"{host}/owner/name:1.0.0", Login())


def test_password_is_told_to_nobody_without_tls():
    reply = guarded(404, realm="http://elsewhere.example.com/token")

    with registry(reply) as host, pytest.raises(ReleaseError, match="without TLS"):
        require_free(f"{host}/owner/name:1.0.0", LOGIN)
