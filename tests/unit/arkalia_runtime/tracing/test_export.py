"""The way of spans to a receiver outside the cluster: through a proxy, under a bundle of authorities."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.tracing.export import Export
from unit.arkalia_runtime.authority import Authority, mount

FLUSH_MILLISECONDS = 10_000


@pytest.fixture
def receiver():
    """A server that takes whatever is posted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.got = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def sent(endpoint):
    """What sends one span after the other to *endpoint*, and waits for its end."""
    settings = ServiceSettings(tracing_endpoint=endpoint, tracing_sampling=1)
    export = Export("m", "1", settings)

    def send():
        export.tracer.start_span("s").end()
        export._provider.force_flush(FLUSH_MILLISECONDS)

    return send


def port_of(receiver):
    return receiver.server_address[1]


def speak_tls(receiver, folder, authority):
    mount(folder, **authority.issue("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)


def test_spans_go_through_the_proxy(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port_of(receiver)}")

    sent("http://collector.example.com:4318")()

    assert receiver.got == ["http://collector.example.com:4318/v1/traces"]


def test_spans_pass_the_proxy_by_where_the_receiver_is_asked_directly(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1,.svc")

    sent(f"http://localhost:{port_of(receiver)}")()

    assert receiver.got == ["/v1/traces"]


def test_bundle_that_is_replaced_is_believed_from_then_on(receiver, tmp_path, monkeypatch):
    authority, bundle = Authority(), tmp_path / "outside"
    speak_tls(receiver, tmp_path / "tls", authority)
    mount(bundle, ca_crt=Authority("of somebody else").pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle / "ca.crt"))
    send = sent(f"https://localhost:{port_of(receiver)}")

    send()
    assert receiver.got == []
    mount(bundle, ca_crt=authority.pem)
    send()

    assert receiver.got == ["/v1/traces"]
