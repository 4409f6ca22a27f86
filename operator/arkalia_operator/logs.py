"""JSON log lines (or text for a terminal), each with the system, module and reconcile it is about.

The fields are those of the services' own logs. What a line is about is set once for a whole
reconcile (`about`), so no function hands a logger on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

import orjson

_ABOUT: ContextVar[dict[str, str]] = ContextVar("about")

QUIET: Final = {
    "kopf.objects": logging.WARNING,  # it says at INFO that each event handler succeeded
    "kopf._cogs.clients": logging.CRITICAL,  # each try while the API server is away; ours say so
    "aiohttp.access": logging.WARNING,  # probes, twice a minute each
    "asyncio": logging.WARNING,
}
KOPF_EXTRAS: Final = {"k8s_ref", "k8s_skip", "settings"}
NOT_EXTRA: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", *KOPF_EXTRAS}
)


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a caller gave as `extra` becomes fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_ABOUT.get({}),
            **{name: value for name, value in vars(record).items() if name not in NOT_EXTRA},
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


@contextmanager
def about(namespace: str, system: str, reconcile: str) -> Iterator[None]:
    """All lines inside are about this reconcile of this system."""
    token = _ABOUT.set({"namespace": namespace, "system": system, "reconcile": reconcile})
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextmanager
def about_module(module: str) -> Iterator[None]:
    """All lines inside are about this *module* too; empty: about the system as a whole."""
    token = _ABOUT.set(_ABOUT.get({}) | ({"module": module} if module else {}))
    try:
        yield
    finally:
        _ABOUT.reset(token)


def configure(log_format: str, level: str) -> None:
    """Send every logger, kopf's too, to standard error in *log_format* (`json` or `text`)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(capture=True)


def _formatter(log_format: str) -> logging.Formatter:
    if log_format == "json":
        return JsonFormatter()
    return logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
