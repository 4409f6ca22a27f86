"""Logs: one JSON object a line on standard output, with the request that it belongs to.

The request and trace ids and the caller live in context variables, so that every line written
while a request is answered carries them, whoever writes it.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TextIO

import orjson

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
trace_id: Final[ContextVar[str | None]] = ContextVar("trace_id", default=None)
traceparent: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
"""The header that the trace id came in, to be passed on as it is."""
caller: Final[ContextVar[str | None]] = ContextVar("caller", default=None)
"""The module that asks, once its token is verified."""

_OF_EVERY_RECORD: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
)


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; *constants* stand in each line."""

    def __init__(self, constants: Mapping[str, str]) -> None:
        super().__init__()
        self._constants = {key: value for key, value in constants.items() if value}

    def format(self, record: logging.LogRecord) -> str:
        """The line. What a caller gave as `extra` becomes fields of their own."""
        entry = self._begun(record.created, record.levelname, record.name, record.getMessage())
        entry |= {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _dumped(entry)

    def info(self, name: str, message: str, fields: Mapping[str, Any]) -> str:
        """The line of what the logger *name* says at INFO."""
        entry = self._begun(time.time(), "INFO", name, message)
        entry |= fields
        return _dumped(entry)

    def _begun(self, created: float, level: str, name: str, message: str) -> dict[str, Any]:
        return {
            "time": _rfc3339(created),
            "level": level,
            "logger": name,
            "message": message,
            **self._constants,
            **_context(),
        }


class Teller:
    """Says at INFO what happens at every request, past `logging`.

    The same line costs a quarter there: no record is made, and no handler looked for.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def tell(self, message: str, fields: Mapping[str, Any]) -> None:
        """Write a line, where the process writes any."""
        if _output is not None and self._logger.isEnabledFor(logging.INFO):
            stream, formatter = _output
            line = formatter.info(self._logger.name, message, fields)
            # Who cannot log answers nevertheless: there is nobody left to tell.
            with suppress(OSError, ValueError):
                stream.write(f"{line}\n")
                stream.flush()


_output: tuple[TextIO, JsonFormatter] | None = None
"""Where lines go, and how."""


def configure_logging(level: str, constants: Mapping[str, str]) -> None:
    """Send everything that this process logs, at *level* and above, through JsonFormatter."""
    global _output  # noqa: PLW0603 - as `logging` has one root, so there is one output
    handler, formatter = logging.StreamHandler(sys.stdout), JsonFormatter(constants)
    handler.setFormatter(formatter)
    _output = sys.stdout, formatter
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    # No line tells where in the code, in which thread or process it was written: it costs a third of it.
    logging._srcfile = None  # documented: "Optimization" in its how-to
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.logAsyncioTasks = False  # type: ignore[attr-defined]  # unknown to typeshed
    # What they say of themselves the runtime says in other words, in metrics or in traces.
    for talkative in ("uvicorn.error", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def _rfc3339(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _context() -> dict[str, str]:
    known = {
        "request_id": request_id.get(),
        "trace_id": trace_id.get(),
        "caller": caller.get(),
    }
    return {key: value for key, value in known.items() if value}


def _dumped(entry: dict[str, Any]) -> str:
    try:
        return orjson.dumps(entry, default=str).decode()
    except TypeError:  # lone surrogates, integers over 64 bits, keys that are no strings
        return json.dumps(entry, default=str, skipkeys=True)
