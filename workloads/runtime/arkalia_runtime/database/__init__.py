"""PostgreSQL: transactions from a pool that follows rotated logins and lives through restarts.

`pool.Database` is what a service uses; `connection` is what a transaction hands out; `errors` are
problems for whoever asked; `measures` are its metrics. Only a service that imports this package loads psycopg.
"""

from arkalia_runtime.database.connection import Connection
from arkalia_runtime.database.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseLateError,
    DatabaseUnavailableError,
)
from arkalia_runtime.database.pool import Database

__all__ = [
    "Connection",
    "Database",
    "DatabaseBusyError",
    "DatabaseError",
    "DatabaseLateError",
    "DatabaseUnavailableError",
]
