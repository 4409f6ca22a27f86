import socket
import subprocess
import sys
import time

import pytest

from arkalia_dev import init


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The node's folder."""
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(init, "HOME", tmp_path)
    return tmp_path


def a_service(script):
    return init.Service("it", [sys.executable, "-c", script], "", {})


def test_component_writes_to_its_log_and_is_counted(home):
    service = a_service("print('hello')")

    service.start(time.monotonic())
    service.process.wait(timeout=10)

    assert (home / "logs/it.log").read_text() == "hello\n"
    assert service.starts == 1


def test_pause_doubles_up_to_a_limit_when_a_component_keeps_ending(home):
    service = a_service("")
    pauses = []

    for _ in range(8):
        service.ended(1, service.begun)
        pauses.append(service.pause)

    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert max(pauses) == init.LONGEST_PAUSE


def test_pause_is_short_again_when_a_component_ran_for_long(home):
    service = a_service("")
    service.pause = init.LONGEST_PAUSE

    service.ended(1, service.begun + init.STEADY_SECONDS + 1)

    assert service.pause == init.FIRST_PAUSE


def test_gate_is_open_when_there_is_none():
    assert init.is_open("")


def test_gate_opens_when_somebody_listens():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        before = init.is_open(f"tcp:{port}")
        server.listen()

        assert not before
        assert init.is_open(f"tcp:{port}")


def test_gate_of_a_socket_file_opens_when_it_answers(tmp_path):
    path = str(tmp_path / "socket")
    before = init.is_open(f"unix:{path}")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        assert not before
        assert init.is_open(f"unix:{path}")


def test_orphan_is_reaped_with_its_exit_code():
    process = subprocess.Popen(["sh", "-c", "exit 3"])
    deadline = time.monotonic() + 10
    found = {}

    while process.pid not in found and time.monotonic() < deadline:
        found.update(init.reaped())
        time.sleep(0.01)
    process.returncode = found.get(process.pid)

    assert found[process.pid] == 3


def test_log_is_bounded_and_its_writer_goes_on(home, monkeypatch):
    monkeypatch.setattr(init, "LARGEST_LOG", 10)
    log = home / "logs/it.log"
    with log.open("a") as writer:
        writer.write("long enough")
        writer.flush()

        init.bound_logs()
        writer.write("next")

    assert log.read_text() == "next"
    assert (home / "logs/it.log.1").read_text() == "long enough"


def test_audit_log_is_left_to_the_api_server(home, monkeypatch):
    monkeypatch.setattr(init, "LARGEST_LOG", 1)
    (home / "logs/audit.log").write_text("event")

    init.bound_logs()

    assert (home / "logs/audit.log").read_text() == "event"


def test_first_process_ends_when_its_parent_ended_before_the_word(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "arkalia_dev.init", tmp_path],
        input=b"",
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
