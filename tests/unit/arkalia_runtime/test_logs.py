"""Logs: one JSON object a line, whatever is logged."""

import io
import json
import logging
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from arkalia_runtime import logs


@pytest.fixture
def logged(monkeypatch):
    """Configures the logs and reads what was written since, line by line."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    logs.configure_logging("INFO", {"module": "helloria", "system": "luna", "pod": ""})
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_line_says_when_what_and_where_from(logged):
    logging.getLogger("somebody").info("Hello, %s.", "you", extra={"count": 3})

    [line] = logged()

    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "somebody",
        "message": "Hello, you.",
        "module": "helloria",
        "system": "luna",
        "count": 3,
    }


def test_line_carries_the_ids_of_its_request(logged):
    request, trace = logs.request_id.set("r1"), logs.trace_id.set("t1")

    logging.getLogger().warning("x")
    logs.request_id.reset(request)
    logs.trace_id.reset(trace)

    [line] = logged()
    assert (line["request_id"], line["trace_id"]) == ("r1", "t1")


@pytest.fixture
def full_disk(monkeypatch):
    """Where the log goes there is no room for a line."""
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - its end fails too
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        logs.configure_logging("INFO", {})
    yield full
    logs.configure_logging("INFO", {})
    with suppress(OSError):
        full.close()


def test_who_finds_no_room_for_a_line_goes_on(full_disk):
    logs.Teller("somebody").tell("x", {})

    with pytest.raises(OSError, match="No space left"):
        full_disk.flush()


def test_line_of_a_request_is_as_any_other(logged):
    logs.Teller("somebody").tell("Hello.", {"count": 3})
    logging.getLogger("somebody").info("Hello.", extra={"count": 3})

    told, usual = logged()
    assert told.pop("time") <= usual.pop("time")
    assert told == usual


def test_less_severe_line_is_left_out(logged):
    logging.getLogger("somebody").debug("x")

    assert logged() == []


@pytest.mark.parametrize("name", ["httpx", "uvicorn.error"])
def test_library_that_tells_of_each_request_is_heard_only_when_something_is_wrong(logged, name):
    logging.getLogger(name).info("HTTP Request: GET / 200 OK")
    logging.getLogger(name).warning("odd")

    assert [line["message"] for line in logged()] == ["odd"]


def test_exception_is_one_field_of_the_same_line(logged):
    try:
        {}["absent"]
    except KeyError:
        logging.getLogger().exception("Lost.")

    [line] = logged()
    assert line["message"] == "Lost."
    assert line["exception"].endswith("KeyError: 'absent'")


@pytest.mark.parametrize(
    "odd", ["\ud800", 2**70, {1: 2}, object()], ids=["surrogate", "big", "key", "object"]
)
def test_line_is_json_when_the_value_is_odd(logged, odd):
    logging.getLogger().info("x", extra={"odd": odd})

    [line] = logged()

    assert "odd" in line


def test_warning_of_python_is_a_line_too(logged):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    [line] = logged()
    assert line["logger"] == "py.warnings"
    assert "old" in line["message"]
