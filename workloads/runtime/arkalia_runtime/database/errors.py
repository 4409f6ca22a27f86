"""Why a transaction did not come about.

DatabaseError                  a problem (503 or 504) with Retry-After for whoever asked
├── DatabaseUnavailableError   not reachable, shutting down, or the connection broke
├── DatabaseBusyError          no connection became free in time
└── DatabaseLateError          the time was over before the statement had ended

A fault of the statement itself (a broken constraint, a wrong type) stays psycopg's own exception:
the service that wrote the statement knows what it means.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import ClassVar, Final

import psycopg
import psycopg_pool

from arkalia_runtime.problems import Problem
from arkalia_runtime.watched import UnreadableError

logger: Final = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = 2
"""A restart of PostgreSQL takes a few seconds; a busy moment is over sooner."""


OF_A_NUL: Final = ("NUL (0x00)", "\\u0000")
"""What psycopg says of a text with the character 0, and PostgreSQL of JSON with one."""
WITH_A_NUL: Final = (
    "A text of the request holds the character 0, which cannot be kept: leave it out."
)


class DatabaseError(Problem):
    """The database cannot be used now. Another try later may succeed."""

    reason: ClassVar[str]
    """The label of `arkalia_database_failures_total`."""
    answered_with: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, sentence: str) -> None:
        super().__init__(self.answered_with, sentence)
        self.headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class DatabaseUnavailableError(DatabaseError):
    """PostgreSQL cannot be reached, refuses the login, or broke the connection off.

    After a broken connection it is not known whether the transaction was committed.
    """

    reason = "unavailable"


class DatabaseBusyError(DatabaseError):
    """All connections were in use for as long as the request could wait."""

    reason = "busy"


class DatabaseLateError(DatabaseError):
    """PostgreSQL ended a statement because its time was over."""

    reason = "late"
    answered_with = HTTPStatus.GATEWAY_TIMEOUT


@contextmanager
def translated() -> Iterator[None]:
    """Turn what psycopg raises when the database cannot be used into a DatabaseError.

    A text that PostgreSQL cannot hold, wherever it stood, becomes a Problem of the request.
    """
    try:
        yield
    except (psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests):
        sentence = "No connection to the database became free in time."
        raise DatabaseBusyError(sentence) from None
    except psycopg.errors.QueryCanceled as error:
        sentence = "The database did not answer in time."
        raise DatabaseLateError(sentence) from error
    except psycopg.DataError as error:
        if not any(word in str(error) for word in OF_A_NUL):
            raise
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, WITH_A_NUL) from error
    # A server that became a replica refuses to write; the next connection leads to another.
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
        logger.warning("The database cannot be used: %s", str(error).strip())
        raise DatabaseUnavailableError(_sentence(error)) from error
    except UnreadableError as error:
        sentence = "It is not known yet how to reach the database."
        raise DatabaseUnavailableError(sentence) from error


def _sentence(error: psycopg.Error) -> str:
    """What a client may know; addresses and users stand in the log."""
    if isinstance(error, psycopg.errors.ConfigurationLimitExceeded):  # our own triggers raise it
        return f"{error.diag.message_primary}."
    if error.sqlstate:
        return f"The database cannot do this now ({error.sqlstate})."
    return "The database cannot be reached."
