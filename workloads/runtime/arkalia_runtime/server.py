"""The process: reads its settings, serves its app, and stops without losing a request.

On SIGTERM readiness says no at once, but the service goes on answering for
`ARKALIA_DRAIN_SECONDS`: kube-proxy on every node needs a moment to withdraw the endpoint, and
until then clients are still sent here. Answers then carry `Connection: close`, so that clients
with open connections move to another pod. After that the port is closed, who is connected has a
second more to ask, requests in flight are finished (`ARKALIA_STOP_SECONDS` at most), and the process
ends with 0. A second signal ends it at once.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI

from arkalia_contract import files
from arkalia_runtime.edge import BehindEdge
from arkalia_runtime.health import Health
from arkalia_runtime.identity.certificates import ServerCertificate
from arkalia_runtime.joined import JoiningProtocol
from arkalia_runtime.logs import configure_logging
from arkalia_runtime.settings import ServiceSettings, SettingsError, load_settings
from arkalia_runtime.settled_memory import settle
from arkalia_runtime.watched import UnreadableError

S = TypeVar("S", bound=ServiceSettings)

logger: Final = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the 60 s after which nginx drops idle connections to us: whoever closes first must
be the client, or a request can meet a closing connection."""

DEVELOPMENT: Final = "development"
"""The environment in which a part of a system may serve without a certificate."""

LAST_REQUEST_SECONDS: Final = 1.0
"""How long a connection stays open after the port is closed. Whoever was let in at the last moment
is still in the TLS handshake, and has not asked yet."""

BACKLOG: Final = 2048
"""Connections that wait to be accepted; the kernel's own limit (somaxconn) may be lower."""


class DrainingServer(uvicorn.Server):
    """uvicorn's server with another way to stop."""

    def __init__(self, config: uvicorn.Config, health: Health, drain_seconds: float) -> None:
        super().__init__(config)
        self._health = health
        self._drain_seconds = drain_seconds
        self._last_request_seconds = 0.0

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the signals while serving.

        uvicorn's own version raises the signal again at the end, and the process would die of
        it instead of exiting with 0.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        settle()
        scheme = "https" if self.config.is_ssl else "http"
        logger.info("Serving.", extra={"port": self.config.port, "scheme": scheme})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port, answer those who are connected, then close everything."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(self._last_request_seconds)
        await super().shutdown(sockets)

    def _stop(self, number: int) -> None:
        name = signal.Signals(number).name
        if self._health.draining:
            logger.warning("Second signal: ending at once.", extra={"signal": name})
            os._exit(128 + number)
        # Nobody withdraws an endpoint when a person presses Ctrl+C.
        seconds = self._drain_seconds if number == signal.SIGTERM else 0
        self._last_request_seconds = min(seconds, LAST_REQUEST_SECONDS)
        logger.info("Stopping.", extra={"signal": name, "drain_seconds": seconds})
        self._health.drain()
        asyncio.get_running_loop().call_later(seconds, self._close)

    def _close(self) -> None:
        self.should_exit = True


def run(module: str, settings_class: type[S], create: Callable[[S], FastAPI]) -> None:
    """Be the service *module*, made by *create*, until a signal. Ends the process if it cannot."""
    try:
        settings = load_settings(settings_class)
        configure_logging(settings.log_level, _constants(module, settings))
        certificate = _certificate(settings)
    except (SettingsError, UnreadableError) as error:
        sys.stderr.write(f"arkalia-{module} cannot start: {error}\n")
        sys.exit(os.EX_CONFIG)
    app = create(settings)
    server = DrainingServer(
        _config(app, settings, certificate), app.state.health, settings.drain_seconds
    )
    uvloop.run(server.serve())
    logger.info("Stopped.")


def _certificate(settings: ServiceSettings) -> ServerCertificate | None:
    """What to serve HTTPS with; None for HTTP, which is for development only."""
    file = settings.tls_folder / files.CERTIFICATE_KEY
    if file.exists():
        certificate = ServerCertificate(settings.tls_folder, settings.look_seconds)
        certificate.expires()
        return certificate
    if settings.system and settings.env != DEVELOPMENT:
        message = (
            f"{file} is not there, and without a certificate a part of a system runs only in the "
            f"environment {DEVELOPMENT}, not in {settings.env}"
        )
        raise SettingsError(message)
    return None


def _constants(module: str, settings: ServiceSettings) -> dict[str, str]:
    """What every log line says about its origin."""
    return {
        "module": settings.module or module,
        "system": settings.system,
        "namespace": settings.namespace,
        "pod": settings.pod,
    }


def _config(
    app: FastAPI, settings: ServiceSettings, certificate: ServerCertificate | None
) -> uvicorn.Config:
    if certificate is not None:
        app.state.metrics.certificate(certificate.expires)
    return uvicorn.Config(
        BehindEdge(app, settings.edge) if settings.edge else app,
        host=settings.host,
        port=settings.port,
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever could set these headers would choose the address that he seems to come from.
        proxy_headers=bool(settings.trusted_proxies) and not settings.edge,
        forwarded_allow_ips=settings.trusted_proxies,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=settings.max_header_bytes,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.stop_seconds,
        ssl_context_factory=(lambda *_: certificate.context()) if certificate else None,
    )
