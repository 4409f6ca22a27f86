"""The database: a bounded number of connections, opened when they are needed.

While PostgreSQL is away requests end within `database_timeout_seconds` with a 503, and the service
is not ready; the first connection that succeeds makes it so again. Nothing waits for a restart of
the service. A pooled connection that a restart of PostgreSQL has broken is found out by its BEGIN,
where nothing is lost yet, and another one is taken. A statement that is a transaction by itself has
no BEGIN: it is sent over a connection on which the server has not said farewell.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import psycopg
import psycopg_pool
from psycopg.rows import TupleRow

from arkalia_runtime import access, deadline
from arkalia_runtime import postgresql_login as login
from arkalia_runtime.database.connection import Connection
from arkalia_runtime.database.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    translated,
)
from arkalia_runtime.database.measures import Measures
from arkalia_runtime.health import Check, UnhealthyError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings

logger: Final = logging.getLogger(__name__)

WAITING_EACH: Final = 16
"""Requests that may wait for each connection: more would wait in vain, and hold memory."""

LIFETIME_SECONDS: Final = 600
"""Connections grow with what they have cached; after this they are replaced."""

IDLE_SECONDS: Final = 60
"""After this an unused connection is closed: an idle service holds none of PostgreSQL's memory."""

CLOSE_SECONDS: Final = 5

FRESH_SECONDS: Final = 5
"""For so long an answer tells that the server is there, when no connection is free to ask."""

Use = Callable[[Connection], Awaitable[bool]]
"""Begins to use a connection, and says whether that went well."""


class Database:
    """Where a module's own schema lies. Opened once, for the life of the service."""

    def __init__(self, settings: ServiceSettings, *, required: bool = True) -> None:
        self._settings = settings
        self._access = access.postgresql(settings)
        self._pool = self._new_pool()
        self._answered_at = float("-inf")
        self._unanswered = 0  # tries to open or to use a connection, since one succeeded
        self._measures = Measures(self._statistics, settings.database_connections)
        self.check = Check("postgresql", self._ask, required=required)
        """Healthy while PostgreSQL answers."""

    @classmethod
    def of(cls, settings: ServiceSettings, *, required: bool = True) -> "Database":
        """The database that *settings* lead to; *required*: the service cannot answer without it."""
        return cls(settings, required=required)

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how the connections are used."""
        self._measures.register(metrics.registry)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Database"]:
        """Keep connections for the block. PostgreSQL need not be there."""
        self._pool = self._new_pool()  # one that was closed cannot be opened again
        await self._pool.open(wait=False)
        try:
            yield self
        finally:
            await self._pool.close(CLOSE_SECONDS)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction: committed after the block, rolled back if it raises.

        It ends with the request that is being answered, and after `database_statement_seconds` at
        the latest. Raises DatabaseError if PostgreSQL cannot be used; then it may be unknown
        whether it was committed.
        """
        with self._counted():
            connection = await self._begun(self._settings.database_timeout_seconds)
            async with self._concluded(connection):
                yield connection

    async def run(self, statement: str, values: Any = ()) -> int:
        """How many rows a statement changed, in a transaction of its own. Raises DatabaseError."""
        return (await self._alone(statement, values)).rowcount

    async def rows(self, statement: str, values: Any = ()) -> list[TupleRow]:
        """The rows of a statement, in a transaction of its own. Raises DatabaseError."""
        return await (await self._alone(statement, values)).fetchall()

    async def _alone(self, statement: str, values: Any) -> psycopg.AsyncCursor[TupleRow]:
        """What became of a statement that PostgreSQL begins and commits by itself: one round trip.

        It ends when a transaction would, and raises what one raises.
        """
        with self._counted():
            seconds = self._settings.database_timeout_seconds
            connection = await self._taken(seconds, self._stands)
            async with self._concluded(connection):
                return await connection.alone(statement, values)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Raise what psycopg raises as a DatabaseError, and count those."""
        try:
            with translated():
                yield
        except DatabaseError as error:
            self._measures.failures.labels(error.reason).inc()
            raise

    @asynccontextmanager
    async def _concluded(self, connection: Connection) -> AsyncIterator[None]:
        seconds = deadline.left(self._settings.database_statement_seconds)
        try:
            with connection.cut_after(seconds):
                try:
                    yield
                    told = await connection.conclude()
                except BaseException:
                    await _roll_back(connection)
                    raise
            self._answered_at, self._unanswered = time.monotonic(), 0
        finally:
            await self._pool.putconn(connection)
        for tell in told:
            tell()

    async def _begun(self, at_most: float) -> Connection:
        """A connection in a transaction, after *at_most* seconds."""
        return await self._taken(at_most, self._begins)

    async def _taken(self, at_most: float, can_be_used: Use) -> Connection:
        """The first connection that *can_be_used*, after *at_most* seconds."""
        start = time.monotonic()
        ends = start + deadline.left(at_most)
        while True:
            connection = await self._got(ends - time.monotonic())
            if await can_be_used(connection):
                self._measures.wait.observe(time.monotonic() - start)
                return connection

    async def _got(self, seconds: float) -> Connection:
        try:
            return await self._waited(max(0.0, seconds))
        except psycopg_pool.PoolTimeout as error:
            if not self._unanswered:
                raise
            sentence = "The database cannot be reached."
            raise DatabaseUnavailableError(sentence) from error

    async def _waited(self, seconds: float) -> Connection:
        """A connection of the pool. Who gives up waiting leaves the queue.

        The pool itself forgets them only when a connection comes (psycopg_pool 3.3): while
        PostgreSQL is away its queue would fill with them, and a full queue opens no connection.
        """
        try:
            return await self._pool.getconn(seconds)
        except BaseException:
            queue = self._pool._waiting
            for each in [one for one in queue if one.error is not None]:
                queue.remove(each)
            raise

    async def _begins(self, connection: Connection) -> bool:
        """Whether *connection* can still be used; if not, it is gone from the pool."""
        begun = False
        try:
            if connection.is_of(self._access.current()):
                with connection.cut_after(login.CONNECT_SECONDS):
                    await connection.begin()
                self._answered_at, self._unanswered, begun = time.monotonic(), 0, True
        except psycopg.OperationalError as error:
            self._unanswered += 1
            logger.info("A pooled connection was broken.", extra={"cause": str(error).strip()})
        finally:
            if not begun:
                await self._throw_away(connection)
        return begun

    async def _stands(self, connection: Connection) -> bool:
        """Whether *connection* seems to be usable; if not, it is gone from the pool."""
        stands = False
        try:
            stands = connection.is_of(self._access.current()) and connection.is_silent
        finally:
            if not stands:
                await self._throw_away(connection)
        return stands

    async def _throw_away(self, connection: Connection) -> None:
        await connection.close()
        await self._pool.putconn(connection)

    async def _ask(self) -> str:
        """The health check. While all connections are in use, their answers are the answer."""
        # A bit less than the check may take, so that it says itself what is wrong.
        seconds = self._settings.check_timeout_seconds * 0.8
        try:
            with translated():
                connection = await self._begun(seconds)
                async with self._concluded(connection):
                    return "it answers"
        except DatabaseBusyError as error:
            if time.monotonic() - self._answered_at < FRESH_SECONDS:
                return "it answers; all connections are in use"
            message = "no connection to it can be opened"
            raise UnhealthyError(message) from error
        except DatabaseError as error:
            raise UnhealthyError(str(error.detail)) from error

    def _statistics(self) -> dict[str, int]:
        return self._pool.get_stats()

    def _new_pool(self) -> psycopg_pool.AsyncConnectionPool[Connection]:
        # It logs each connection that it gives and takes.
        logging.getLogger("psycopg.pool").setLevel(logging.WARNING)
        return psycopg_pool.AsyncConnectionPool(
            connection_class=Connection,
            kwargs=self._arguments,
            min_size=0,
            max_size=self._settings.database_connections,
            open=False,
            name=self._settings.module or "database",
            timeout=self._settings.database_timeout_seconds,
            max_waiting=self._settings.database_connections * WAITING_EACH,
            max_lifetime=LIFETIME_SECONDS,
            max_idle=IDLE_SECONDS,
            reconnect_timeout=self._settings.database_timeout_seconds,
            configure=self._note_answer,
        )

    async def _arguments(self) -> dict[str, Any]:
        self._unanswered += 1
        given = self._access.current()
        # Transactions are begun here, together with their time limit.
        return login.arguments(self._settings, given) | {"autocommit": True}

    async def _note_answer(self, _connection: Connection) -> None:
        self._unanswered = 0


async def _roll_back(connection: Connection) -> None:
    """End the transaction; a connection that cannot even do that is closed."""
    try:
        await connection.rollback()
    except psycopg.Error:
        await connection.close()
