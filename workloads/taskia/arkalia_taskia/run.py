"""One run of a task, in a process of a worker.

Whether a task runs somewhere, a lock of PostgreSQL tells: it belongs to the connection, so it ends
with the process, however that ends. A message that comes twice finds the lock taken or the task
done, and is dropped; a task whose process died is found unlocked, and run again.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from celery.exceptions import SoftTimeLimitExceeded
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from arkalia_runtime import access, postgresql_login
from arkalia_taskia import kinds
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

LONGEST_ERROR: Final = 2000
"""Characters."""

LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
BEGIN: Final = """
    UPDATE tasks SET state = 'running', runs = runs + 1, started_at = now()
    WHERE id = %s AND state IN ('waiting', 'sent', 'running')
    RETURNING kind, arguments, queue, created_at, runs
"""
SUCCEED: Final = """
    UPDATE tasks SET state = 'succeeded', ended_at = clock_timestamp(), result = %s WHERE id = %s
"""
"""The clock's time: now() is when the transaction began, which is when the task did."""
FAIL: Final = f"""
    UPDATE tasks SET state = 'failed', ended_at = now(), error = %s,
        runs = least(runs, {kinds.MOST_RUNS})  -- one more is given up before it does anything
    WHERE id = %s
"""  # noqa: S608 - a number of ours


@dataclass(frozen=True)
class Begun:
    """A task as it is when its run begins."""

    id: UUID
    kind: str
    arguments: dict[str, Any]
    queue: str
    created_at: datetime
    runs: int


def do(settings: TaskSettings, task_id: str) -> dict[str, Any] | None:
    """Run the task, if it is not done, cancelled or running elsewhere.

    Returns what the metrics need; None if there was nothing to do.
    """
    with connected(settings) as connection:
        begun = _begun(connection, UUID(task_id))
        if begun is None:
            return None
        start = time.monotonic()
        state = _concluded(connection, begun, settings)
    seconds = time.monotonic() - start
    logger.info("Task ended.", extra={"task": task_id, "kind": begun.kind, "state": state})
    return {"kind": begun.kind, "queue": begun.queue, "state": state, "seconds": seconds}


@contextmanager
def connected(settings: TaskSettings) -> Iterator[psycopg.Connection]:
    """A connection of its own, with today's login; every statement is a transaction by itself."""
    given = access.postgresql(settings).current()
    arguments = postgresql_login.arguments(settings, given)
    # A process that vanished with its node must not hold its lock for the kernel's two hours.
    arguments["options"] += (
        " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
        f" -c statement_timeout={settings.hard_limit_seconds * 1000}"
        f" -c idle_in_transaction_session_timeout={settings.hard_limit_seconds * 1000}"
    )
    with psycopg.connect(**arguments, autocommit=True) as connection:
        yield connection


def _begun(connection: psycopg.Connection, task_id: UUID) -> Begun | None:
    [(is_locked,)] = connection.execute(LOCK, (str(task_id),))
    if not is_locked:
        return None
    row = connection.execute(BEGIN, (task_id,)).fetchone()
    return Begun(task_id, *row) if row else None


def _concluded(connection: psycopg.Connection, begun: Begun, settings: TaskSettings) -> str:
    """Run it and note how it ended; its effect and its end are one transaction."""
    if begun.runs > kinds.MOST_RUNS:
        return _failed(connection, begun, f"its process died in {kinds.MOST_RUNS} runs")
    try:
        kind = kinds.ALL[begun.kind]
        with connection.transaction():
            work = kinds.Work(begun.id, begun.created_at, connection, settings)
            result = kind.run(work, kind.arguments.model_validate(begun.arguments))
            connection.execute(SUCCEED, (Jsonb(result), begun.id))
    except psycopg.OperationalError:
        raise  # the database is away: the task is found unlocked later, and run again
    except SoftTimeLimitExceeded:
        return _failed(connection, begun, f"it took longer than {settings.soft_limit_seconds} s")
    except (KeyError, ValidationError):
        return _failed(connection, begun, "this version does not know its kind or its arguments")
    except Exception as error:
        logger.exception("Task failed.", extra={"task": str(begun.id), "kind": begun.kind})
        return _failed(connection, begun, f"{type(error).__name__}: {error}")
    return "succeeded"


def _failed(connection: psycopg.Connection, begun: Begun, error: str) -> str:
    connection.execute(FAIL, (error[:LONGEST_ERROR], begun.id))
    return "failed"
