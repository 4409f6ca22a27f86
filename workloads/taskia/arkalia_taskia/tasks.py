"""`/tasks`: work that somebody asks for, written down before it is sent.

What was answered with 202 is in PostgreSQL: whatever happens to the queue or to a worker, it is
done later.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arkalia_runtime import logs
from arkalia_runtime.database import Connection, Database
from arkalia_runtime.ids import new_id
from arkalia_runtime.problems import Problem, faults, in_words
from arkalia_taskia import kinds
from arkalia_taskia.settings import TaskSettings
from arkalia_taskia.sweeping import Sweeping

State = Literal["waiting", "sent", "running", "succeeded", "failed", "cancelled"]

COLUMNS: Final = (
    "id, kind, arguments, queue, state, caller, runs, created_at, sent_at, started_at, ended_at, "
    "result, error"
)
ADD: Final = f"""
    INSERT INTO tasks (id, kind, arguments, queue, state, caller, idempotency_key)
    VALUES (%s, %s, %s, %s, 'waiting', %s, %s)
    ON CONFLICT (caller, idempotency_key) DO NOTHING
    RETURNING {COLUMNS}
"""  # noqa: S608 - COLUMNS is a constant of ours, here and below
KNOWN: Final = f"SELECT {COLUMNS} FROM tasks WHERE caller = %s AND idempotency_key = %s"  # noqa: S608
READ: Final = f"SELECT {COLUMNS} FROM tasks WHERE id = %s"  # noqa: S608
LIST: Final = f"""
    SELECT {COLUMNS} FROM tasks
    WHERE (%(before)s::uuid IS NULL OR id < %(before)s)
      AND (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608
CANCEL: Final = f"""
    UPDATE tasks SET state = 'cancelled', ended_at = now()
    WHERE id = %s AND state IN ('waiting', 'sent')
    RETURNING {COLUMNS}
"""  # noqa: S608
COUNT_OPEN: Final = """
    SELECT count(*) FROM (
        SELECT FROM tasks WHERE state IN ('waiting', 'sent', 'running') LIMIT %s
    ) AS counted
"""


class Wanted(BaseModel):
    """A task as somebody asks for it."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=63)
    arguments: dict[str, Any] = Field(default_factory=dict)
    queue: kinds.QueueName = "default"


class Task(BaseModel):
    """A task, and how far it is."""

    id: UUID
    kind: str
    arguments: dict[str, Any]
    queue: str
    state: State
    caller: str
    """The module that asked for it, or `beat`; empty for somebody without a token."""
    runs: int
    """How often it was begun: more than once if a process died."""
    created_at: datetime
    sent_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    result: dict[str, Any] | None
    error: str | None

    @classmethod
    def of(cls, row: TupleRow) -> "Task":
        """The task of a row of COLUMNS."""
        return cls(**dict(zip(COLUMNS.replace(",", "").split(), row, strict=True)))


class Tasks(BaseModel):
    """Tasks, the newest first."""

    tasks: list[Task]
    next: UUID | None
    """`before` of the next page, if there may be one."""


Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


class TaskRoutes:
    """What can be asked about tasks."""

    def __init__(self, database: Database, sweeping: Sweeping, settings: TaskSettings) -> None:
        self._database, self._sweeping, self._settings = database, sweeping, settings

    async def add(self, wanted: Wanted, key: str | None) -> tuple[Task, bool]:
        """The task, and whether it is new. Raises a Problem if it cannot be taken."""
        arguments = _checked(wanted)
        caller = logs.caller.get() or ""
        row = (new_id(), wanted.kind, Jsonb(arguments), wanted.queue, caller, key)
        async with self._database.transaction() as connection:
            added = await _one(connection, ADD, row)
            if added is None:
                return _same(await _one(connection, KNOWN, (caller, key)), wanted, arguments), False
            await self._require_room(connection)
        task = Task.of(added)
        await self._sweeping.send(task.id, task.queue)
        return task, True

    async def read(self, task_id: UUID) -> Task:
        """The task. Raises a 404 Problem."""
        async with self._database.transaction() as connection:
            return _found(await _one(connection, READ, (task_id,)), task_id)

    async def cancel(self, task_id: UUID) -> Task:
        """The task, which will not be done. Raises a 404 or 409 Problem."""
        async with self._database.transaction() as connection:
            cancelled = await _one(connection, CANCEL, (task_id,))
            if cancelled is not None:
                return Task.of(cancelled)
            task = _found(await _one(connection, READ, (task_id,)), task_id)
        detail = f"The task is {task.state}: only one that has not begun can be cancelled."
        raise Problem(HTTPStatus.CONFLICT, detail)

    async def listed(self, **wanted: Any) -> Tasks:
        """A page of tasks."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(LIST, wanted)
            tasks = [Task.of(row) for row in await cursor.fetchall()]
        more = tasks[-1].id if len(tasks) == wanted["limit"] else None
        return Tasks(tasks=tasks, next=more)

    async def _require_room(self, connection: Connection) -> None:
        most = self._settings.open_tasks
        row = await _one(connection, COUNT_OPEN, (most + 1,))
        if row is not None and row[0] > most:
            detail = f"{most} tasks wait already: ask again when some of them are done."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail)


def routes(tasks: TaskRoutes) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["tasks"])

    @router.post("/tasks", status_code=HTTPStatus.ACCEPTED, summary="Ask for a task")
    async def add(body: Wanted, response: Response, key: Key = None) -> Task:
        task, is_new = await tasks.add(body, key)
        response.status_code = HTTPStatus.ACCEPTED if is_new else HTTPStatus.OK
        response.headers["Location"] = f"/tasks/{task.id}"
        return task

    @router.get("/tasks", summary="The tasks, newest first")
    async def read_all(
        state: State | None = None,
        kind: Annotated[str | None, Query(max_length=63)] = None,
        before: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Tasks:
        return await tasks.listed(state=state, kind=kind, before=before, limit=limit)

    @router.get("/tasks/{task_id}", summary="A task, and how far it is")
    async def read_one(task_id: UUID) -> Task:
        return await tasks.read(task_id)

    @router.delete("/tasks/{task_id}", summary="Cancel a task that has not begun")
    async def cancel(task_id: UUID) -> Task:
        return await tasks.cancel(task_id)

    return router


def _checked(wanted: Wanted) -> dict[str, Any]:
    """The arguments, in the form of their kind. Raises a 422 Problem."""
    kind = kinds.ALL.get(wanted.kind)
    if kind is None:
        detail = f"There is no kind of task {wanted.kind!r}; `kinds` are there."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, kinds=sorted(kinds.ALL))
    try:
        return dict(kind.arguments.model_validate(wanted.arguments).model_dump(mode="json"))
    except ValidationError as error:
        errors = faults(error.errors(), "arguments")
        detail = f"The arguments do not fit the kind {wanted.kind!r}: {in_words(errors)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors) from None


def _same(row: TupleRow | None, wanted: Wanted, arguments: dict[str, Any]) -> Task:
    assert row is not None  # noqa: S101 - the conflict was with it, and rows are not removed so fast
    task = Task.of(row)
    if (task.kind, task.arguments, task.queue) != (wanted.kind, arguments, wanted.queue):
        detail = "This Idempotency-Key was used for another task."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return task


def _found(row: TupleRow | None, task_id: UUID) -> Task:
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no task {task_id}.")
    return Task.of(row)


async def _one(connection: Connection, statement: str, values: tuple[Any, ...]) -> TupleRow | None:
    cursor = await connection.execute(statement, values)
    return await cursor.fetchone()
