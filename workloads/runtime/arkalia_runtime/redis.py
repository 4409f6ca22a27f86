"""Redis: a client that follows rotated passwords and replaced authorities.

Every new connection reads the mounted file again. What lies in Redis can be done without for a
while: a request that finds it away goes on or answers 503, as its service decides.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any, Final, Literal

from prometheus_client import Counter
from redis import asyncio as client
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from arkalia_contract import files
from arkalia_runtime import access
from arkalia_runtime.access import RedisAccess
from arkalia_runtime.health import Check, UnhealthyError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import Problem
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched

Role = Literal["queue", "cache"]

KEYS: Final = {"queue": files.REDIS_QUEUE_KEY, "cache": files.REDIS_CACHE_KEY}

CONNECT_SECONDS: Final = 2
ANSWER_SECONDS: Final = 5
"""A command that blocks for longer must not be sent."""

CONNECTIONS: Final = 16
"""Most connections of one pod; a command waits CONNECT_SECONDS for one of them."""

PROBE_SECONDS: Final = 15
"""A connection that was idle for longer is asked first whether it is still there."""

RETRY: Final = Retry(ConstantBackoff(0.05), 1)
"""Once, at once: it heals a connection that a restart of Redis has broken."""

RETRY_AFTER_SECONDS: Final = 2


class RedisUnavailableError(Problem):
    """Redis cannot be used now: a problem (503) with Retry-After for whoever asked."""

    def __init__(self, role: Role) -> None:
        sentence = f"The {role} in memory cannot be reached."
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        self.headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class Redis:
    """One of the two servers: `queue` loses nothing, `cache` may forget."""

    def __init__(self, settings: ServiceSettings, role: Role, *, required: bool) -> None:
        self._settings = settings
        self._role: Role = role
        self._access = access.redis(settings, KEYS[role])
        self._failures = Counter(
            f"arkalia_redis_{role}_failures",
            f"Commands that failed because the Redis `{role}` cannot be used.",
            registry=None,
        )
        self.client = self._new_client()
        """redis-py's client. Its answers are bytes."""
        self.check = Check(f"redis-{role}", self._ask, required=required)
        """Healthy while Redis answers."""

    @classmethod
    def of(cls, settings: ServiceSettings, role: Role, *, required: bool = True) -> "Redis":
        """The server of *role*; *required* says whether the service can answer without it."""
        return cls(settings, role, required=required)

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how often it failed."""
        metrics.registry.register(self._failures)

    def key(self, name: str) -> str:
        """The key or channel *name* of this module. Raises RedisUnavailableError before it is known."""
        with self.needed():
            return self._access.current().prefix + name

    @contextmanager
    def needed(self) -> Iterator[None]:
        """For commands without which a request cannot be answered: RedisUnavailableError."""
        try:
            yield
        except (RedisError, OSError, TimeoutError, UnreadableError) as error:
            self._failures.inc()
            raise RedisUnavailableError(self._role) from error

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Redis"]:
        """Keep connections for the block. Redis need not be there."""
        try:
            yield self
        finally:
            await self.client.aclose()

    async def _ask(self) -> str:
        try:
            await self.client.execute_command("PING")  # type: ignore[no-untyped-call]
        except (RedisError, OSError, UnreadableError) as error:
            self._failures.inc()
            message = f"it does not answer: {type(error).__name__}"
            raise UnhealthyError(message) from error
        return "it answers"

    def _new_client(self) -> client.Redis:
        pool = client.BlockingConnectionPool(
            max_connections=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            connection_class=FollowingConnection,
            settings=self._settings,
            access=self._access,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_keepalive=True,
            health_check_interval=PROBE_SECONDS,
            retry=RETRY,
            client_name=(self._settings.pod or None),
        )
        return client.Redis.from_pool(pool)


class FollowingConnection(client.SSLConnection):
    """A connection that takes host, user, password and authorities from the file as it is now."""

    def __init__(
        self, *, settings: ServiceSettings, access: Watched[RedisAccess], **others: Any
    ) -> None:
        super().__init__(credential_provider=Credentials(access), **others)
        self._settings = settings
        self._access = access

    async def connect(self) -> None:
        """Open it. Raises UnreadableError while there is no usable file."""
        given = self._access.current()
        self.host, self.port = given.host, given.port
        trusted = access.authorities(self._settings, given)
        self.ssl_context.context = ssl.create_default_context(cafile=str(trusted))
        await super().connect()  # type: ignore[no-untyped-call]


class Credentials(CredentialProvider):
    """User and password, as the file says now."""

    def __init__(self, access: Watched[RedisAccess]) -> None:
        self._access = access

    def get_credentials(self) -> tuple[str, str]:
        """Both, for AUTH."""
        given = self._access.current()
        return given.user, given.password

    async def get_credentials_async(self) -> tuple[str, str]:
        """The same."""
        return self.get_credentials()
