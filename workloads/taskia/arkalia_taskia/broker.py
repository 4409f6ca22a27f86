"""Celery's way to the Redis `queue`: every new connection takes what the mounted file says now.

kombu keeps the password that it was started with. So it is given a transport of its own, whose
connections read host, user, password and authorities when they are opened, as the runtime's do.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from kombu import transport
from kombu.transport import redis as of_kombu
from kombu.transport import virtual
from redis.credentials import CredentialProvider

from arkalia_contract import files
from arkalia_runtime import access
from arkalia_runtime.access import RedisAccess
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import Watched

SCHEME: Final = "arkalia"
"""Of the broker's URL, which holds nothing: all stands in the file."""

CONNECT_SECONDS: Final = 3
ANSWER_SECONDS: Final = 30
"""Longer than the 10 s for which a worker waits for a task in one command."""
LOST_SECONDS: Final = 20
NOTICED: Final = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 3,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: LOST_SECONDS * 1000,
}
"""Options of TCP (tcp(7)), by which a connection to a pod that went without a word is noticed.

Celery waits in its own loop, which no time limit of a command ends: without them it waits for what the
kernel gives up after a quarter of an hour.
"""


class BrokerAccess:
    """Where the broker is: set once, before the first connection of the process."""

    def __init__(self) -> None:
        self._settings: ServiceSettings | None = None
        self._access: Watched[RedisAccess] | None = None

    def set(self, settings: ServiceSettings) -> None:
        """Follow the file that *settings* lead to."""
        self._settings = settings
        self._access = access.redis(settings, files.REDIS_QUEUE_KEY)

    @property
    def is_set(self) -> bool:
        """Whether it is known."""
        return self._settings is not None

    def now(self) -> tuple[RedisAccess, str]:
        """How to reach it, and the file of the authorities. Raises UnreadableError."""
        assert self._settings is not None  # noqa: S101 - `app.celery_app` has set it
        assert self._access is not None  # noqa: S101
        given = self._access.current()
        return given, str(access.authorities(self._settings, given))


PLACE: Final = BrokerAccess()


class Credentials(CredentialProvider):
    """User and password, as the file says now."""

    def get_credentials(self) -> tuple[str, str]:
        """Both, for AUTH."""
        given, _ = PLACE.now()
        return given.user, given.password


class FollowingConnection(redis.SSLConnection):
    """A connection that takes everything from the file as it is now."""

    def __init__(self, **others: Any) -> None:
        for given in ("username", "password"):
            others.pop(given, None)
        super().__init__(credential_provider=Credentials(), **others)

    def connect(self) -> None:
        """Open it. Raises UnreadableError while there is no usable file."""
        given, authorities = PLACE.now()
        self.host, self.port = given.host, given.port
        self.ca_certs = authorities
        super().connect()  # type: ignore[no-untyped-call]

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> ssl.SSLSocket:
        # redis-py's own also trusts, and loads, every authority that the image knows.
        context = ssl.create_default_context(cafile=self.ca_certs)
        return context.wrap_socket(sock, server_hostname=self.host)


class QoS(of_kombu.QoS):  # type: ignore[misc]
    """What was taken and not confirmed yet; a worker takes no more than it has places for.

    kombu keeps the place of a message whose confirmation does not reach the queue. A worker whose
    places are all kept asks for nothing, never learns that its connection is gone, and stands still
    for ever. Without the place the message comes again, and a task that is done is dropped (`run`).
    """

    def ack(self, delivery_tag: str) -> None:
        """Confirm. Raises what the connection raises."""
        with self._place_freed(delivery_tag):
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give back, to be delivered again if *requeue*. Raises what the connection raises."""
        with self._place_freed(delivery_tag):
            super().reject(delivery_tag, requeue=requeue)

    @contextmanager
    def _place_freed(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(of_kombu.Channel):  # type: ignore[misc]
    """kombu's channel on such connections."""

    QoS = QoS
    connection_class = FollowingConnection


class Transport(of_kombu.Transport):  # type: ignore[misc]
    """kombu's transport with such channels."""

    Channel = Channel


transport.TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def client(settings: ServiceSettings) -> redis.Redis:
    """A client beside Celery's own, for keys that are not tasks."""
    if not PLACE.is_set:
        PLACE.set(settings)
    pool = redis.ConnectionPool(
        connection_class=FollowingConnection,
        socket_timeout=CONNECT_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        max_connections=4,
    )
    return redis.Redis(connection_pool=pool)
