"""The process: it starts, stops without losing a request, and says why it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn

from arkalia_runtime.app import create_app
from arkalia_runtime.server import DrainingServer, run
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime import slow_service
from unit.arkalia_runtime.serving import (
    PATIENCE_SECONDS,
    free_port,
    process,
    status_of,
    wait_for_status,
)

FORWARDED = "X-Forwarded-For"
SLOW = str(Path(__file__).with_name("slow_service.py"))


@pytest.fixture
def address(monkeypatch):
    """Where a service listens that runs in this process."""
    port = free_port()
    monkeypatch.setenv("ARKALIA_HOST", "127.0.0.1")
    monkeypatch.setenv("ARKALIA_PORT", str(port))
    return f"http://127.0.0.1:{port}"


def stop_when_ready(address, number):
    wait_for_status(f"{address}/health/ready", 200)
    os.kill(os.getpid(), number)


def test_request_in_flight_is_finished_when_the_process_stops():
    with process(SLOW, ARKALIA_DRAIN_SECONDS="0") as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(status_of, f"{address}/slow/1")
            time.sleep(0.3)
            service.terminate()

            assert slow.result(PATIENCE_SECONDS)[0] == 200
        assert service.wait(PATIENCE_SECONDS) == 0


def test_new_requests_are_answered_while_the_process_drains():
    with process(SLOW, ARKALIA_DRAIN_SECONDS="2") as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        service.terminate()

        wait_for_status(f"{address}/health/ready", 503)
        time.sleep(0.3)
        assert status_of(f"{address}/slow/0") == (200, "close")
        assert service.wait(PATIENCE_SECONDS) == 0
        assert status_of(f"{address}/slow/0") == (0, "")


def test_who_connected_before_the_port_closed_is_answered():
    with process(SLOW, ARKALIA_DRAIN_SECONDS="1") as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE_SECONDS) as connected:
            service.terminate()
            wait_for_status(f"{address}/health/live", 0)

            connected.sendall(b"GET /slow/0 HTTP/1.1\r\nHost: slow\r\n\r\n")
            answer = connected.recv(4096).decode()

    assert answer.startswith("HTTP/1.1 200 ")
    assert "connection: close" in answer.lower()


def test_request_is_given_up_when_it_takes_longer_than_the_stop_may():
    with process(SLOW, ARKALIA_DRAIN_SECONDS="0", ARKALIA_STOP_SECONDS="1") as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        with ThreadPoolExecutor() as pool:
            pool.submit(status_of, f"{address}/slow/{PATIENCE_SECONDS}")
            time.sleep(0.3)
            service.terminate()

            assert service.wait(PATIENCE_SECONDS / 2) == 0


def test_second_signal_ends_the_process_at_once():
    with process(SLOW, ARKALIA_DRAIN_SECONDS="300") as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        service.terminate()
        wait_for_status(f"{address}/health/ready", 503)

        service.terminate()

        assert service.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM


def test_heads_of_requests_are_as_long_as_the_setting_allows():
    with process(SLOW, ARKALIA_MAX_HEADER_BYTES="1024") as (_, address):
        wait_for_status(f"{address}/health/ready", 200)

        assert status_of(f"{address}/slow/0?{'a' * 500}")[0] == 200
        assert status_of(f"{address}/slow/0?{'a' * 1024}") == (431, "close")


def test_every_line_of_the_process_is_json():
    own = {"ARKALIA_SYSTEM": "luna", "ARKALIA_PUBLIC": "true"}
    with process(SLOW, ARKALIA_DRAIN_SECONDS="0", **own) as (service, address):
        wait_for_status(f"{address}/slow/0", 200)
        service.terminate()
        lines, _ = service.communicate(timeout=PATIENCE_SECONDS)

    parsed = [json.loads(line) for line in lines.splitlines()]
    said = [line["message"] for line in parsed]
    assert said == ["Serving.", "GET /slow/{seconds} 200", "Stopping.", "Stopped."]
    assert {(line["module"], line["system"]) for line in parsed} == {("slow", "luna")}


def test_process_says_in_one_line_why_it_cannot_start():
    ended = subprocess.run(
        [sys.executable, SLOW],
        env=os.environ | {"ARKALIA_PORT": "http"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert ended.returncode == os.EX_CONFIG == 78
    assert ended.stderr.startswith("arkalia-slow cannot start: ARKALIA_PORT is 'http': ")
    assert ended.stderr.count("\n") == 1


def test_process_fails_when_its_port_is_taken():
    with process(SLOW) as (_, address):
        wait_for_status(f"{address}/health/ready", 200)
        second = subprocess.run(
            [sys.executable, SLOW],
            env=os.environ | {"ARKALIA_HOST": "127.0.0.1", "ARKALIA_PORT": address.split(":")[-1]},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    assert second.returncode != 0
    assert "address already in use" in second.stdout


@pytest.mark.parametrize(("number", "drain_seconds"), [(signal.SIGTERM, 0.1), (signal.SIGINT, 20)])
def test_run_returns_when_a_signal_came(monkeypatch, address, number, drain_seconds):
    monkeypatch.setenv("ARKALIA_DRAIN_SECONDS", str(drain_seconds))
    stopper = threading.Thread(target=stop_when_ready, args=(address, number))
    start = time.monotonic()
    stopper.start()

    run("slow", ServiceSettings, slow_service.create)

    stopper.join()
    assert status_of(address) == (0, "")
    assert time.monotonic() - start < 15, "Ctrl+C must not wait for the drain"


def test_run_ends_with_a_sentence_when_a_setting_is_wrong(monkeypatch, capsys):
    monkeypatch.setenv("ARKALIA_STOP_SECONDS", "never")

    with pytest.raises(SystemExit) as ended:
        run("slow", ServiceSettings, slow_service.create)

    assert ended.value.code == os.EX_CONFIG
    assert "ARKALIA_STOP_SECONDS is 'never'" in capsys.readouterr().err


async def test_server_ends_at_once_when_the_second_signal_comes(monkeypatch, settings):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    app = create_app("m", settings)
    server = DrainingServer(uvicorn.Config(app, log_config=None), app.state.health, 300)

    server._stop(signal.SIGTERM)
    assert codes == []
    server._stop(signal.SIGTERM)

    assert codes == [128 + signal.SIGTERM]


def forwarded(**environment):
    """The address of who asked, as a public service logs it, behind a proxy on this machine."""
    public = {"ARKALIA_PUBLIC": "true", "ARKALIA_DRAIN_SECONDS": "0"} | environment
    with process(SLOW, **public) as (service, address):
        wait_for_status(f"{address}/health/ready", 200)
        request = urllib.request.Request(f"{address}/slow/0", headers={FORWARDED: "203.0.113.9"})
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            assert answer.status == 200
        service.terminate()
        said, _ = service.communicate(timeout=PATIENCE_SECONDS)
    lines = [json.loads(line) for line in said.splitlines()]
    [found] = [each["client"] for each in lines if each.get("route") == "/slow/{seconds}"]
    return found


def test_client_is_who_connects_unless_a_trusted_proxy_says_otherwise():
    assert forwarded() == "127.0.0.1"
    assert forwarded(ARKALIA_TRUSTED_PROXIES="10.0.0.0/8") == "127.0.0.1"


def test_client_behind_a_trusted_proxy_is_who_the_proxy_says():
    assert forwarded(ARKALIA_TRUSTED_PROXIES="10.0.0.0/8,127.0.0.0/8") == "203.0.113.9"


def test_client_behind_the_edge_is_who_the_edge_says_whatever_proxies_are_trusted():
    assert forwarded(ARKALIA_EDGE="localhost") == "203.0.113.9"
    told = {"ARKALIA_EDGE": "nowhere.invalid", "ARKALIA_TRUSTED_PROXIES": "127.0.0.0/8"}
    assert forwarded(**told) == "127.0.0.1"
