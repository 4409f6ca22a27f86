"""The way to a gateway through the API server: no wait without an end, and no other way in its place."""

import socket
import threading
import time

import pytest

from arkalia_cli.api_paths import POD
from arkalia_cli.cluster import asking, tunnel
from arkalia_cli.cluster.asking import Asking
from arkalia_cli.cluster.connection import connect
from arkalia_cli.cluster.gateway import Gateway
from arkalia_cli.errors import UnreachableError
from unit.arkalia_cli.api_server import kubeconfig, serving
from unit.arkalia_cli.cluster.test_gateway import a_ready_pod
from unit.arkalia_cli.objects import NAMESPACE, collection

GATEWAY = Gateway("luna-helloria", NAMESPACE, "a=b", {"name": "http", "port": 8443}, None)
WAY = f"{POD.path(NAMESPACE, 'h-1')}/portforward"
CLOSES = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def connection(cluster, tmp_path):
    """A connection to a cluster with one pod of the gateway, to which no way is opened in time."""
    cluster.list(collection(POD), a_ready_pod())
    released = threading.Event()
    cluster.by_path[WAY] = lambda _: released.wait(30) and {}
    with serving(cluster) as url:
        yield connect(None, None, kubeconfig(tmp_path / "config", url))
        released.set()


def test_api_server_that_opens_no_way_is_given_up(connection, monkeypatch):
    monkeypatch.setattr(tunnel, "DIAL_SECONDS", 0.5)
    start = time.monotonic()

    with pytest.raises(UnreachableError, match=r"opened no way to pod h-1 in 0\.5 s"):
        asking.connected(connection, GATEWAY)

    assert time.monotonic() - start < 10


def test_way_is_asked_for_as_the_user_of_the_kubeconfig(cluster, connection, monkeypatch):
    monkeypatch.setattr(tunnel, "DIAL_SECONDS", 0.5)
    with pytest.raises(UnreachableError):
        asking.connected(connection, GATEWAY)

    assert cluster.asked[-1] == ("GET", WAY, {"ports": "8443"})
    assert cluster.shown[-1] == "Bearer abc"


def test_gateway_that_has_closed_the_way_is_looked_for_nowhere_else(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(tunnel, "forwarded", lambda *_: ours)
    way = Asking(asking.connected(None, GATEWAY))
    theirs.sendall(CLOSES)
    assert way.ask("GET", "/keys") == {}

    with theirs, pytest.raises(UnreachableError, match="it has closed the connection"):
        way.ask("GET", "/keys")
