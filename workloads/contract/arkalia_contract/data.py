"""How a module reaches its data services: the forms of the files, and the names that modules share.

The operator writes the files, a service reads them again for every new connection.
"""

from __future__ import annotations

from typing import Final, TypedDict


class PostgresqlAccess(TypedDict):
    """A login of PostgreSQL, and the schema that is the module's own."""

    host: str
    port: int
    database: str
    schema: str
    user: str
    password: str
    authorities: str
    """Certificates of the authorities to trust, PEM; empty for the system's own."""


class RedisAccess(TypedDict):
    """A user of Redis. TLS always."""

    host: str
    port: int
    user: str
    password: str
    prefix: str
    """What every key and channel of the module begins with, for example `zeroia:`."""
    authorities: str
    """Certificates of the authorities to trust, PEM; empty for the system's own."""


EXTENSIONS: Final = "extensions"
"""The schema in which the extensions lie; on the search path of every role, after its own."""

WAKE: Final = "wake:"
"""What the keys of the wake-up streams begin with: every module may read them all."""


def wake_stream(module: str) -> str:
    """Key of the stream in the Redis `queue` with which *module* says that it has new events."""
    return f"{WAKE}{module}"
