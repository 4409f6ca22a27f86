"""What a component shows of itself: answers by what it said, over TLS, to whoever asks properly."""

import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from arkalia_contract import endpoints
from arkalia_taskia.front import (
    LONGEST_LINE,
    MOST_HEADERS,
    STALE_SECONDS,
    Board,
    FrontSettings,
    Server,
    Told,
    answer,
    front_beside,
)
from unit.arkalia_runtime.authority import Authority, mount
from unit.arkalia_taskia.conftest import eventually

WORKS = Told(is_working=True, message="it takes tasks", metrics="arkalia_ready 1.0\n")
WAITS = Told(is_working=False, message="it is not connected", metrics="arkalia_ready 0.0\n")


@pytest.fixture
def board(tmp_path):
    return Board(tmp_path / "board.json")


@pytest.fixture
def serve(board, tmp_path):
    """A function that starts a front in this process, and gives its port."""
    running = []

    def start():
        server = Server(board, FrontSettings("127.0.0.1", 0, str(tmp_path / "tls"), 0))
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server.server_address[1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def said(port, request):
    """What comes back when *request* is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with suppress(OSError):  # who is refused may be left before all of it was sent
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        got = b""
        with suppress(ConnectionResetError):
            while more := connection.recv(65536):
                got += more
        return got


@pytest.mark.parametrize(
    ("path", "told", "age", "status"),
    [
        (endpoints.HEALTH_LIVE, None, 0, 200),
        (endpoints.HEALTH_READY, None, 0, 503),
        (endpoints.HEALTH_LIVE, WORKS, 1, 200),
        (endpoints.HEALTH_READY, WORKS, 1, 200),
        (endpoints.HEALTH, WORKS, 1, 200),
        (endpoints.HEALTH_LIVE, WORKS, STALE_SECONDS + 1, 503),
        (endpoints.HEALTH_READY, WORKS, STALE_SECONDS + 1, 503),
        (endpoints.HEALTH_DETAILED, WORKS, STALE_SECONDS + 1, 200),
        (endpoints.HEALTH_LIVE, WAITS, STALE_SECONDS + 1, 200),
        (endpoints.HEALTH_READY, WAITS, 1, 503),
        (endpoints.METRICS, WAITS, 1, 200),
        ("/tasks", WORKS, 1, 404),
    ],
)
def test_answer_follows_from_what_the_component_said_and_when(path, told, age, status):
    assert answer("GET", path, told and (told, age))[0] == status


def test_nothing_but_get_is_answered():
    assert answer("POST", endpoints.METRICS, (WORKS, 1))[0] == 405


def test_metrics_are_those_that_the_component_wrote_down_last(board, serve):
    port = serve()
    board.write(WAITS)
    board.write(WORKS)

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics?name=x", timeout=10) as answered:
        assert answered.read().decode() == WORKS.metrics
        assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_front_shows_the_certificate_that_lies_there_now(board, serve, tmp_path):
    first, second = Authority("first"), Authority("second")
    mount(tmp_path / "tls", **first.issue("localhost"))
    port = serve()
    board.write(WORKS)

    for authority in (first, second):
        mount(tmp_path / "tls", **authority.issue("localhost"))
        context = ssl.create_default_context(cadata=authority.pem.decode())
        url = f"https://localhost:{port}{endpoints.HEALTH_READY}"
        with urllib.request.urlopen(url, timeout=10, context=context) as answered:
            assert answered.status == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * (MOST_HEADERS + 1) + b"\r\n",
        b"GET /" + b"a" * LONGEST_LINE + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=["nothing", "old HTTP", "too many headers", "too long", "TLS"],
)
def test_what_is_no_request_gets_no_answer(board, serve, request_):
    board.write(WORKS)

    assert said(serve(), request_) == b""


def test_silent_clients_keep_nobody_waiting(board, serve):
    board.write(WORKS)
    port = serve()
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(10)]

    answered = said(port, b"GET /health/ready HTTP/1.1\r\n\r\n")

    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")
    for each in silent:
        each.close()


def test_front_beside_a_process_ends_with_it(board, tmp_path):
    place = FrontSettings("127.0.0.1", 0, str(tmp_path), 0)
    program = (
        "import os, subprocess, sys; from pathlib import Path\n"
        "from arkalia_taskia.front import Board, FrontSettings, front_beside\n"
        f"command = front_beside(Board(Path({str(board.path)!r})), FrontSettings{tuple(place)!r})\n"
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid)"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    front = Path(f"/proc/{int(printed.stdout)}/cmdline")
    eventually(lambda: not front.exists() or front.read_bytes() == b"")


def test_front_beside_loads_no_framework(board):
    command = front_beside(board, FrontSettings("", 0, "", 0))
    program = f"import sys; import {command[2]}; print(*sys.modules)"

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    loaded = set(printed.stdout.split())
    assert not loaded & {"celery", "pydantic", "prometheus_client", "http.server", "asyncio"}
