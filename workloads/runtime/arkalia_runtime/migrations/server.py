"""Doing the steps: all in one transaction, by one Job at a time, within a bounded wait.

PostgreSQL rolls back what changes tables as it does everything else, so a step that fails leaves
the schema as it was before the first one. While a step waits for a table that is in use, requests
wait behind it: so it waits a few seconds only, lets them pass, and all is tried again.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from arkalia_runtime import postgresql_login as login
from arkalia_runtime.access import PostgresqlAccess
from arkalia_runtime.migrations.errors import MigrationError, OutOfReachError
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

WAIT_SECONDS: Final = 120
"""For the server, for the login, for another migration, and for tables in use, all together."""

PAUSE_SECONDS: Final = 1

LOCK_SECONDS: Final = 5
"""Less than a client waits for an answer."""

STATEMENT_SECONDS: Final = 3600
"""A large table takes its time; nothing is down meanwhile that was not down anyway."""

TABLE: Final = "migrations"
"""Where the applied revisions are noted, in the module's schema."""

Choose = Callable[[Iterable[str]], list[RevisionStep]]


class Schema:
    """A module's schema, as the role of its migrations sees it."""

    def __init__(
        self,
        settings: ServiceSettings,
        access: Watched[PostgresqlAccess],
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._settings = settings
        self._access = access
        self._wait_seconds = wait_seconds
        self._engine = create_engine(
            "postgresql+psycopg://", creator=self._connected, poolclass=NullPool
        )

    def move(self, scripts: ScriptDirectory, choose: Choose) -> list[str]:
        """Do the steps that *choose* names for the applied revisions; returns what they are called.

        Raises MigrationError: then nothing was done. OutOfReachError means that another try, later,
        may succeed.
        """
        ends = time.monotonic() + self._wait_seconds
        while True:
            try:
                return self._moved(scripts, choose)
            except (OperationalError, psycopg.OperationalError, UnreadableError) as error:
                if time.monotonic() >= ends:
                    raise OutOfReachError(_sentence(error)) from error
                logger.warning("Trying again.", extra={"cause": _sentence(error)})
                time.sleep(PAUSE_SECONDS)
            except DBAPIError as error:
                raise MigrationError(_sentence(error)) from error

    def _connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**login.arguments(self._settings, self._access.current(look=True)))

    def _moved(self, scripts: ScriptDirectory, choose: Choose) -> list[str]:
        with self._engine.begin() as connection:
            schema = self._access.current().schema
            _wait_for_turn(connection, schema)
            done: list[str] = []

            def chosen(applied: tuple[str, ...], _context: object) -> list[RevisionStep]:
                steps = choose(applied)
                done.extend(step.revision.revision for step in steps)
                return steps

            with EnvironmentContext(Config(), scripts, fn=chosen) as environment:
                environment.configure(connection, version_table=TABLE, version_table_schema=schema)
                environment.run_migrations()
            return done


def _wait_for_turn(connection: Connection, schema: str) -> None:
    """Hold the lock of *schema* until the transaction ends."""
    for name, seconds in (
        ("statement_timeout", STATEMENT_SECONDS),
        ("lock_timeout", LOCK_SECONDS),
    ):
        connection.execute(text(f"SET LOCAL {name} = '{seconds}s'"))
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('arkalia-migrate ' || :schema, 0))")
    connection.execute(lock, {"schema": schema})


def _sentence(error: Exception) -> str:
    """What PostgreSQL said, without the statement."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split())
