"""A tunnel from this machine: what goes in at one end comes out at the other, over checked TLS."""

import asyncio
import os
import signal
import socket
import socketserver
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest
from websocket import WebSocketException

from arkalia_cli.cluster import tunnel
from arkalia_cli.cluster.gateway import Gateway
from arkalia_cli.cluster.tunnel import HERE, Forwarding, Tunnel
from arkalia_cli.errors import MistakeError, RefusedError, UnreachableError
from unit.arkalia_runtime.authority import Authority

HOST = "luna-helloria.arkalia.svc"
ANSWER_SECONDS = 5


class TunnelTo(Tunnel):
    """A tunnel whose way does not lead through an API server, but to a port of this machine."""

    target = 0

    def _forward(self):
        return socket.create_connection((HERE, self.target), timeout=ANSWER_SECONDS)


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def serving_context(authority, tmp_path):
    """What a pod serves with: a certificate of the authority for the gateway's name."""
    for key, content in authority.issue(HOST).items():
        (tmp_path / key).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls_crt", tmp_path / "tls_key")
    return context


class Echo(socketserver.StreamRequestHandler):
    """Answers every line in capitals."""

    timeout = ANSWER_SECONDS

    def handle(self):
        with suppress(OSError):
            for line in self.rfile:
                self.wfile.write(line.upper())


@contextmanager
def echo(context):
    """The port of a server that echoes, over TLS if there is a *context*."""

    class Server(socketserver.ThreadingTCPServer):
        def get_request(self):
            accepted, address = super().get_request()
            if context:
                accepted = context.wrap_socket(
                    accepted, server_side=True, do_handshake_on_connect=False
                )
            return accepted, address

    with Server((HERE, 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(ANSWER_SECONDS)


def a_tunnel(authority, target):
    trusted = ssl.create_default_context(cadata=authority.pem.decode()) if authority else None
    gateway = Gateway("luna-helloria", "arkalia", "a=b", {"name": "https", "port": 8000}, trusted)
    reports = []
    way = TunnelTo(None, gateway, reports.append)
    way.target = target
    return way, reports


async def lines_through(way, *lines):
    """What comes back for *lines* through *way*, which is then closed by a signal."""
    opened = asyncio.get_running_loop().create_future()
    kept = asyncio.create_task(way.keep_open(0, opened.set_result))
    port = await asyncio.wait_for(opened, ANSWER_SECONDS)
    reader, writer = await asyncio.open_connection(HERE, port)
    answers = []
    for line in lines:
        writer.write(line)
        answers.append(await asyncio.wait_for(reader.readline(), ANSWER_SECONDS))
    writer.close()
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(kept, ANSWER_SECONDS)
    return answers


async def test_plain_lines_go_through_checked_tls_and_a_signal_closes_the_tunnel(
    authority, serving_context
):
    with echo(serving_context) as port:
        way, reports = a_tunnel(authority, port)

        answers = await lines_through(way, b"one\n", b"two\n")

    assert answers == [b"ONE\n", b"TWO\n"]
    assert reports == []


async def test_module_that_serves_http_is_reached_without_tls():
    with echo(None) as port:
        way, _ = a_tunnel(None, port)

        assert await lines_through(way, b"one\n") == [b"ONE\n"]


async def test_certificate_of_another_authority_is_refused_before_the_tunnel_opens(serving_context):
    with echo(serving_context) as port:
        way, _ = a_tunnel(Authority("another"), port)

        with pytest.raises(RefusedError, match="is not trusted"):
            await way.keep_open(0, lambda _: None)


async def test_certificate_of_another_name_is_refused(authority, serving_context):
    with echo(serving_context) as port:
        way, _ = a_tunnel(authority, port)
        way.gateway = Gateway("luna-taskia", "arkalia", "", {}, way.gateway.tls)

        with pytest.raises(RefusedError, match=r"luna-taskia\.arkalia\.svc is not trusted"):
            await way.keep_open(0, lambda _: None)


async def test_pod_that_does_not_answer_is_told(authority):
    way, _ = a_tunnel(authority, 1)

    with pytest.raises(UnreachableError, match=r"no connection to luna-helloria.* could be made"):
        await way.keep_open(0, lambda _: None)


async def test_pod_that_says_nothing_is_given_up_with_the_time_that_it_was_given(
    authority, monkeypatch
):
    monkeypatch.setattr(tunnel, "DIAL_SECONDS", 0.05)
    with socket.create_server((HERE, 0)) as silent:
        way, _ = a_tunnel(authority, silent.getsockname()[1])

        with pytest.raises(UnreachableError, match=r"was made in 0\.05 s"):
            await way.keep_open(0, lambda _: None)


async def test_port_that_is_taken_is_told():
    with echo(None) as port:
        way, _ = a_tunnel(None, port)

        with pytest.raises(MistakeError, match=f"port {port} of this machine cannot be used"):
            await way.keep_open(port, lambda _: None)


class Broken:
    """A WebSocket whose connection breaks as soon as something is sent or read."""

    connected = True

    def __init__(self, error):
        self.sock, self._other = socket.socketpair()
        self._other.close()
        self._error = error

    def fileno(self):
        return self.sock.fileno()

    def recv_data_frame(self, _):
        raise self._error

    def shutdown(self):
        self.sock.close()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), WebSocketException("odd")])
def test_way_that_breaks_ends_for_who_reads_it_and_without_a_traceback(error, capsys):
    way = Forwarding(Broken(error), [8000])
    here = way.socket(8000)
    here.settimeout(ANSWER_SECONDS)

    assert here.recv(1) == b""
    assert capsys.readouterr().err == ""
