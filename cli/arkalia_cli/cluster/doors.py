"""The ways to a gateway: through the API server, or by its URL."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from arkalia_cli import sessions
from arkalia_cli.cluster import asking, systems
from arkalia_cli.cluster import gateway as gateways
from arkalia_cli.cluster.asking import Asking
from arkalia_cli.cluster.connection import Connection, connect
from arkalia_cli.errors import MistakeError
from arkalia_cli.options import Target
from arkalia_cli.system import GATEWAY

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Door:
    """One gateway."""

    connect: Callable[[float], HTTPConnection]
    """A new connection, on which nobody waits longer than so many seconds. Raises CliError."""
    session: Path
    """Where a session at it is kept."""
    prefix: str = ""
    """What its paths begin with."""

    @contextmanager
    def way(self) -> Iterator[Asking]:
        """A way to ask it, as nobody yet."""
        with closing(self.connect(asking.ANSWER_SECONDS)) as connection:
            yield Asking(connection, prefix=self.prefix)


def of(target: Target, system: str | None, url: str | None) -> Door:
    """The gateway that a command names. Raises CliError."""
    if url is not None:
        if system is not None:
            message = f"--url names the gateway, and so does the system {system}"
            raise MistakeError(message, "Leave one of the two out.")
        return at(url)
    cluster = connect(target.namespace, target.context, target.kubeconfig)
    return through_the_api_server(cluster, systems.one(cluster, system)["metadata"]["name"])


def through_the_api_server(cluster: Connection, system: str) -> Door:
    """The gateway of *system*, by the way of `arkalia open`. Raises CliError."""
    found = gateways.find(cluster, system, GATEWAY)

    def connected(seconds: float) -> HTTPConnection:
        connection = asking.connected(cluster, found)
        connection.sock.settimeout(seconds)
        return connection

    return Door(connected, sessions.file_of(cluster.settings.host, cluster.namespace, system))


def at(url: str) -> Door:
    """The gateway at *url*. Raises MistakeError."""
    parts = _usable(url)
    host, port, prefix = str(parts.hostname), parts.port, parts.path.rstrip("/")

    def connected(seconds: float) -> HTTPConnection:
        if parts.scheme == "http":
            return HTTPConnection(host, port, timeout=seconds)
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=seconds, context=context)

    return Door(connected, sessions.file_of(parts.scheme, parts.netloc, prefix), prefix)


def _usable(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        message = f"{url!r} is no URL of a gateway"
        raise MistakeError(message, "Write it as in https://arkalia.example.com.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        message = f"the key would cross the network to {parts.hostname} in clear text"
        raise MistakeError(message, "Use https, or `arkalia open` and its URL.")
    return parts
