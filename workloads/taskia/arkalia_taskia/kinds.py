"""The kinds of tasks: what can be done later, with which arguments.

A kind runs in a transaction in which its task is also marked as done: as far as its effect is in
the module's own schema, it happens once, however often the task is delivered.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, get_args
from uuid import UUID

import psycopg
from pydantic import BaseModel, ConfigDict, Field

from arkalia_taskia.settings import TaskSettings

QueueName = Literal["priority", "default", "ai_tasks"]

QUEUES: Final[tuple[QueueName, ...]] = get_args(QueueName)
"""In the order in which they are served: what is in the first is done before the second."""

MOST_RUNS: Final = 3
"""A task whose process dies again and again is what kills it."""

REMOVED_AT_ONCE: Final = 1000
"""Rows, so that a statement stays short."""


class Arguments(BaseModel):
    """What a task is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Work:
    """One run of a task, in a process of a worker."""

    id: UUID
    created_at: datetime
    connection: psycopg.Connection
    """In the transaction that also marks the task as done."""
    settings: TaskSettings


@dataclass(frozen=True)
class Kind(Generic[A]):
    """Something that can be done later."""

    name: str
    meaning: str
    arguments: type[A]
    run: Callable[[Work, A], dict[str, Any]]
    """Does it; returns the result, as JSON."""


class CleanUp(Arguments):
    """Remove finished tasks."""

    keep_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Days that a finished task is kept; without it the service's setting."""


class Canary(Arguments):
    """Show that tasks are done."""

    seconds: Annotated[float, Field(ge=0, le=3600)] = 0
    """How long it keeps a worker busy: to try out limits, draining and crashes."""


def clean_up(work: Work, arguments: CleanUp) -> dict[str, Any]:
    """Remove the tasks that ended long enough ago."""
    given = arguments.keep_days
    keep = timedelta(days=work.settings.keep_days if given is None else given)
    before = datetime.now(UTC) - keep
    removed = REMOVED_AT_ONCE
    total = 0
    while removed == REMOVED_AT_ONCE:
        removed = work.connection.execute(
            "DELETE FROM tasks WHERE id IN "
            "(SELECT id FROM tasks WHERE ended_at < %s AND id <> %s LIMIT %s)",
            (before, work.id, REMOVED_AT_ONCE),
        ).rowcount
        total += removed
    return {"removed": total}


def canary(work: Work, arguments: Canary) -> dict[str, Any]:
    """Tell how long the task waited."""
    waited = (datetime.now(UTC) - work.created_at).total_seconds()
    time.sleep(arguments.seconds)
    return {"waited_seconds": round(waited, 3)}


CLEAN_UP: Final = Kind(
    "clean-up", "Remove tasks that ended longer ago than they are kept.", CleanUp, clean_up
)
CANARY: Final = Kind(
    "canary", "Tell how long a task waits until it is done, and do nothing else.", Canary, canary
)
ALL: Final[dict[str, Kind[Any]]] = {each.name: each for each in (CLEAN_UP, CANARY)}
