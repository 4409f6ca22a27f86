"""What a new connection is opened with: today's login, and bounds on everything that can hang."""

from typing import Any, Final

from arkalia_contract import data
from arkalia_runtime import access
from arkalia_runtime.access import PostgresqlAccess
from arkalia_runtime.settings import ServiceSettings

CONNECT_SECONDS: Final = 2
"""The least that libpq knows; a connection inside a cluster takes milliseconds."""

SILENCE_MILLISECONDS: Final = 10_000
"""How long sent data may stay without the kernel's acknowledgement: a node that is gone."""

IDLE_IN_TRANSACTION: Final = "60s"
"""A pod that stops in the middle of a transaction must not hold locks for longer."""


def arguments(settings: ServiceSettings, given: PostgresqlAccess) -> dict[str, Any]:
    """Arguments of `psycopg.connect` for *given*, over TLS with a verified name."""
    return {
        "host": given.host,
        "port": given.port,
        "dbname": given.database,
        "user": given.user,
        "password": given.password,
        "sslmode": "verify-full",
        "sslrootcert": str(access.authorities(settings, given)),
        "gssencmode": "disable",  # would ask for Kerberos first
        "target_session_attrs": "read-write",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE_MILLISECONDS,
        "application_name": (settings.pod or settings.module)[:63],
        "options": _options(settings, given),
    }


def _options(settings: ServiceSettings, given: PostgresqlAccess) -> str:
    statement_milliseconds = int(settings.database_statement_seconds * 1000)
    chosen = {
        "search_path": f"{given.schema},{data.EXTENSIONS}",
        "statement_timeout": str(statement_milliseconds),
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
    }
    return " ".join(f"-c {name}={value}" for name, value in chosen.items())
