"""The keeper as a process, beside a server by Ollama's API that has a real model."""

import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from arkalia_model.chains import NAME, SHORT
from arkalia_model_keeper.server import RefusedError, Server, UnreachableError
from model_servers import an_ollama_server
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, free_port

PROGRAM = (sys.executable, "-m", "arkalia_model_keeper")
ENVIRONMENT = {"PYTHONPATH": "workloads/model-keeper"}


@pytest.fixture
def server():
    with an_ollama_server() as started:
        yield started


@contextmanager
def a_keeper(server, *models):
    """The keeper's process, and its port."""
    port = free_port()
    words = ("--server", server.url, "--port", str(port), *models)
    process = subprocess.Popen(
        [*PROGRAM, *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process, port
    finally:
        process.kill()
        process.communicate()


def status(port, path="/health/ready"):
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
    except httpx.TransportError:
        return None


def eventually(port, wanted):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while status(port) != wanted:
        assert time.monotonic() < deadline, f"never {wanted}"
        time.sleep(0.05)


def listed(server, what):
    return [x["name"] for x in httpx.get(f"{server.url}/api/{what}").json()["models"]]


def test_keeper_is_ready_once_its_model_is_pulled_and_loaded(server):
    with a_keeper(server, NAME) as (_, port):
        eventually(port, 200)

        assert listed(server, "tags") == listed(server, "ps") == [f"{NAME}:latest"]
        assert status(port, "/health/live") == 200
        assert status(port, "/other") == 404


def test_model_can_be_chatted_with(server):
    with a_keeper(server, NAME) as (_, port):
        eventually(port, 200)
        asked = {"model": NAME, "messages": [{"role": "user", "content": "Hello"}]}

        answer = httpx.post(f"{server.url}/api/chat", json=asked, timeout=PATIENCE_SECONDS)

    lines = [httpx.Response(200, text=each).json() for each in answer.text.splitlines()]
    assert "".join(each["message"]["content"] for each in lines).strip() == SHORT
    assert lines[-1]["done"]
    assert lines[-1]["eval_count"] > 0


def test_server_that_starts_anew_is_given_its_model_again(server):
    with a_keeper(server, NAME) as (process, port):
        eventually(port, 200)
        server.kill()
        eventually(port, 503)
        assert status(port, "/health/live") == 200

        server.start()
        eventually(port, 200)

        assert listed(server, "ps") == [f"{NAME}:latest"]
        assert process.poll() is None


def test_model_that_nobody_has_ends_the_keeper_with_a_code_and_the_reason(server):
    with a_keeper(server, NAME, "unknown:1b") as (process, _port):
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 69
    assert said.splitlines()[-1].endswith(
        "the model unknown:1b cannot be pulled: pull model manifest: file does not exist"
    )


def test_keeper_ends_at_once_when_it_is_asked_to(server):
    with a_keeper(server, NAME) as (process, port):
        eventually(port, 200)
        process.terminate()

        assert process.wait(PATIENCE_SECONDS) == 0


def test_server_that_is_not_there_is_unreachable():
    with pytest.raises(UnreachableError, match="GET /api/tags"):
        Server(f"http://127.0.0.1:{free_port()}").pulled()


def test_refusal_is_told_in_the_servers_words(server):
    with pytest.raises(RefusedError, match="model 'unknown:latest' not found"):
        Server(server.url).load("unknown")
