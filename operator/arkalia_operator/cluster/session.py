"""The connection to the API server: where it is, who we are, and both kept up to date.

Credentials change while the operator runs: the kubelet rotates the service account's token every
hour, an administrator the certificate authority. So they are read again each minute, and at once
when the API server does not accept them; a new token only changes a header, a new certificate
makes new connections. kopf has a session of its own: it closes it on any 401.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from weakref import WeakSet

import aiohttp
import kopf
from aiohttp.abc import AbstractStreamWriter

from arkalia_operator.cluster.heartbeat import Heartbeat

LOGGER = logging.getLogger(__name__)

Login = Callable[[], kopf.ConnectionInfo]

IN_CLUSTER_NAME: Final = "https://kubernetes.default.svc"
"""What kopf takes for the API server of the pod's own cluster."""
NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT_KUBECONFIG: Final = "~/.kube/config"
RENEW_SECONDS: Final = 60.0
LEAST_SECONDS_BETWEEN: Final = 1.0
"""Between two renewals asked for by a 401: many requests fail at the same time."""
LEAST_SECONDS_BETWEEN_WATCHES: Final = 0.5
KEEPALIVE_SECONDS: Final = 30.0
DEAD_PEER_MILLISECONDS: Final = 20_000
"""How long sent bytes may stay unacknowledged before the kernel gives the connection up."""
READ_BUFFER_BYTES: Final = 1 << 20
"""A watch line holds a whole object: up to 1.5 MiB in etcd."""


def login() -> kopf.ConnectionInfo:
    """The way in: the pod's service account, else the kubeconfig. Raises kopf.LoginError."""
    settings = kopf.OperatorSettings()
    found = kopf.login_with_service_account(settings=settings) or kopf.login_with_kubeconfig(
        settings=settings
    )
    if found is None:
        message = (
            "no credentials for a cluster: run in a pod with a service account, or set KUBECONFIG"
        )
        raise kopf.LoginError(message)
    return by_address(found, os.environ)


def login_to(context: str) -> Login:
    """The way in that *context* of the kubeconfig is, whatever the current one is."""

    def find() -> kopf.ConnectionInfo:
        with _current(context):
            try:
                found = kopf.login_with_kubeconfig(settings=kopf.OperatorSettings())
            except KeyError as error:
                message = f"the kubeconfig has no context {context}, or not all that it names"
                raise kopf.LoginError(message) from error
        assert found is not None  # noqa: S101 - kopf gives None without a kubeconfig alone
        return found

    return find


@contextmanager
def _current(context: str) -> Iterator[None]:
    """*context* is the current one meanwhile: kopf asks the first file of KUBECONFIG for that."""
    before = os.environ.get("KUBECONFIG")
    with TemporaryDirectory() as folder:
        first = Path(folder, "context")
        first.write_text(json.dumps({"current-context": context}), encoding="utf-8")
        os.environ["KUBECONFIG"] = os.pathsep.join([str(first), before or DEFAULT_KUBECONFIG])
        try:
            yield
        finally:
            os.environ["KUBECONFIG"] = before or ""


def by_address(info: kopf.ConnectionInfo, environment: Mapping[str, str]) -> kopf.ConnectionInfo:
    """In a pod, the API server's address instead of its name: cluster DNS may be down or not up."""
    host = environment.get("KUBERNETES_SERVICE_HOST")
    if info.server != IN_CLUSTER_NAME or not host:
        return info
    port = environment.get("KUBERNETES_SERVICE_PORT_HTTPS", "443")
    return replace(info, server=f"https://{f'[{host}]' if ':' in host else host}:{port}")


def own_namespace(file: Path = NAMESPACE_FILE) -> str:
    """The namespace of this pod; `default` outside a cluster, as kubectl has it."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return "default"


class LastWordRequest(aiohttp.ClientRequest):
    """Asks once more whether it may be sent, as soon as it has a connection.

    A handshake takes time, and the process may have been stopped meanwhile.
    """

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Send it over *conn*, or raise what the last word raises."""
        LAST_WORD.get()()
        return await super().send(conn)

    async def write_bytes(
        self,
        writer: AbstractStreamWriter,
        conn: aiohttp.connector.Connection,
        content_length: int | None = None,
    ) -> None:
        """Write all of it, if it still may be sent: before Python 3.12 this has to wait its turn."""
        try:
            LAST_WORD.get()()
        except Exception as refusal:  # whoever waits for the answer gets it instead
            assert conn.protocol is not None  # noqa: S101 - it was connected a moment ago
            conn.protocol.set_exception(refusal)
        else:
            SENDING.set(LAST_WORD.get())
            await super().write_bytes(writer, conn, content_length)


class LastWordSocket(socket.socket):
    """Asks a last time, with the bytes in its hand: a process may be stopped at any instruction."""

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send, or break the connection: the client tries again, and is told why it may not."""
        _may_still_be_sent()
        return super().send(data, flags)

    def sendmsg(self, buffers: Any, *more: Any) -> int:
        """As `send`."""
        _may_still_be_sent()
        return super().sendmsg(buffers, *more)


def _may_still_be_sent() -> None:
    try:
        SENDING.get()()
    except Exception as refusal:
        raise ConnectionAbortedError(str(refusal)) from refusal


def _nothing_against_it() -> None:
    """What is said where nobody is asked."""


LAST_WORD: Final[ContextVar[Callable[[], None]]] = ContextVar(
    "last_word", default=_nothing_against_it
)
"""Called right before a request is sent: it raises if that must not be any more."""
SENDING: Final[ContextVar[Callable[[], None]]] = ContextVar("sending", default=_nothing_against_it)
"""The same, while the bytes of a request are written: a handshake is nobody's request."""


class Session:
    """An aiohttp session for the API server, with credentials that are kept up to date."""

    def __init__(self, find: Login = login) -> None:
        self._find = find
        self._info = find()
        self._authority = _authority(self._info)
        self._http = _open(self._info, (self._authorize,))
        self._headers = self._info.as_http_headers()
        self._lent: WeakSet[aiohttp.ClientSession] = WeakSet()
        self._answers: WeakSet[aiohttp.ClientResponse] = WeakSet()
        self._renewed_at = 0.0

    async def request(
        self, method: str, path: str, limits: aiohttp.ClientTimeout, **options: Any
    ) -> aiohttp.ClientResponse:
        """Send one request; the answer is not judged. Raises what aiohttp raises."""
        url = self._info.server.rstrip("/") + path
        try:
            return await self._http.request(method, url, timeout=limits, **options)
        except aiohttp.ClientSSLError:  # the API server is somebody else: a new authority may tell
            await self.renew()
            raise

    def for_kopf(self) -> kopf.AiohttpSession:
        """A session for kopf, which closes it when it likes, with the same credentials.

        kopf opens a watch that was closed again at once, without any delay; here it gets one.
        """
        http = _open(self._info, (self._authorize, WatchPace()))
        self._lent.add(http)
        return kopf.AiohttpSession(server=self._info.server, aiohttp_session=http)

    async def keep_fresh(self) -> None:
        """Read the credentials again each minute, for ever."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self.renew()

    async def renew(self) -> None:
        """Read the credentials again, now. What cannot be read leaves the old ones in place."""
        now = asyncio.get_running_loop().time()
        if self._renewed_at and now - self._renewed_at < LEAST_SECONDS_BETWEEN:
            return
        self._renewed_at = now
        try:
            await self._take(self._find())
        except (OSError, ValueError, kopf.LoginError) as error:
            LOGGER.warning("Credentials cannot be read again, the old ones stay: %s", error)

    async def watch_over(self) -> None:
        """Leave connections that lead nowhere, for ever."""
        await Heartbeat(self._dial, self._leave_dead_connections).run()

    def _dial(self) -> tuple[aiohttp.ClientSession, str]:
        return _open(self._info, (self._authorize,)), self._info.server

    async def _leave_dead_connections(self) -> None:
        LOGGER.warning("The API server answers on new connections only: all are made anew.")
        await self._reconnect()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def _authorize(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers.update(self._headers)
        answer = await handler(request)
        self._answers.add(answer)
        return answer

    async def _take(self, info: kopf.ConnectionInfo) -> None:
        authority = _authority(info)
        if info == self._info and authority == self._authority:
            return
        moved = _without_token(info) != _without_token(self._info) or authority != self._authority
        self._info, self._authority = info, authority
        self._headers = info.as_http_headers()
        if moved:
            await self._reconnect()
        LOGGER.info("Credentials were renewed.")

    async def _reconnect(self) -> None:
        """New connections for all, kopf too: whoever still uses the old ones tries again."""
        for answer in tuple(self._answers):  # a dead peer never says goodbye, and is waited for
            if answer.connection is not None and answer.connection.transport is not None:
                # Else who reads on at this moment meets a RuntimeError, which is kopf's end.
                answer.content.set_exception(aiohttp.ServerDisconnectedError())
                answer.connection.transport.abort()
        outdated = (self._http, *self._lent)
        self._http = _open(self._info, (self._authorize,))
        for http in outdated:
            await http.close()


class WatchPace:
    """At most two new watches a second for each path, as a middleware of aiohttp."""

    def __init__(self, least: float = LEAST_SECONDS_BETWEEN_WATCHES) -> None:
        self._least = least
        self._started: dict[str, float] = {}

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Hold the request back until it may start."""
        if request.url.query.get("watch") == "true":
            clock = asyncio.get_running_loop().time
            last = self._started.get(request.url.path, clock() - self._least)
            await asyncio.sleep(last + self._least - clock())
            self._started[request.url.path] = clock()
        return await handler(request)


def _open(
    info: kopf.ConnectionInfo, middlewares: Sequence[aiohttp.ClientMiddlewareType]
) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0,  # requests are bounded by the client, watches by the number of kinds
        ssl=info.as_ssl_context() if info.server.startswith("https") else True,
        keepalive_timeout=KEEPALIVE_SECONDS,
        socket_factory=_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=True,
        read_bufsize=READ_BUFFER_BYTES,
        request_class=LastWordRequest,
        trust_env=info.trust_env,
        proxy=info.proxy_url,
        middlewares=middlewares,
    )


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket whose kernel notices a peer that went away without a word."""
    family, kind, protocol, _, _ = address
    made = LastWordSocket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MILLISECONDS)
    made.setblocking(False)
    return made


def _authority(info: kopf.ConnectionInfo) -> bytes:
    """The certificates that *info* names by path: they may change behind the same path."""
    paths = (info.ca_path, info.certificate_path, info.private_key_path)
    return b"".join(Path(str(path)).read_bytes() for path in paths if path)


def _without_token(info: kopf.ConnectionInfo) -> tuple[object, ...]:
    fields = vars(info) | {"token": None, "expiration": None}
    return tuple(fields.values())
