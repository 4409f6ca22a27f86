"""Every test of the runtime starts without settings, and leaves logging as it was."""

import logging
import os

import pytest

from arkalia_contract import environment
from arkalia_runtime import deadline, logs
from arkalia_runtime.settings import ServiceSettings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith(environment.PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_request():
    """No request is being answered: neither at first, nor for the test that comes next."""
    forget_request()
    yield
    forget_request()


def forget_request():
    deadline.begin("")
    for known in (logs.request_id, logs.trace_id, logs.traceparent, logs.caller):
        known.set(None)


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root, uvicorns = logging.getLogger(), logging.getLogger("uvicorn.error")
    before = root.handlers[:], root.level, uvicorns.level
    yield
    root.handlers[:], root.level, uvicorns.level = before
    logging.captureWarnings(capture=False)


@pytest.fixture
def settings():
    return ServiceSettings(version="1.2.3", check_cache_seconds=0)
