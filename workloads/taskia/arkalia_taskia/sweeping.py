"""The sweep: finds tasks that were lost on their way, and sends them again.

- waiting: nobody has sent it, because the queue was away or the sender died;
- sent, and passed by: its queue is empty, or next in it is a task that was sent later. Redis has lost
  it, or a worker had taken it and is gone;
- running, and its lock is free: the process that ran it is gone.

A task that is sent twice is done once (`run`), so that the sweep may err on this side.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from prometheus_client import Gauge

from arkalia_runtime import background
from arkalia_runtime.database import Connection, Database, DatabaseError
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.redis import Redis
from arkalia_taskia.kinds import MOST_RUNS, QUEUES
from arkalia_taskia.message import task_of
from arkalia_taskia.sending import AWAY, send
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

AT_ONCE: Final = 200
"""Tasks in one sweep and state."""

YOUNG_SECONDS: Final = 10
"""What was sent so much later than another may still be taken before it."""

EARLY_SECONDS: Final = 1
"""A worker counts the limit from before the run is noted as begun."""

Heads = dict[str, UUID | None]
"""The task that is next in a queue, by the queue; None if the queue is empty."""

WAITING: Final = """
    SELECT id, queue FROM tasks
    WHERE state = 'waiting' AND created_at < now() - interval '1 second'
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
LOST: Final = """
    SELECT task.id, task.queue
    FROM tasks AS task
    JOIN unnest(%s::text[], %s::uuid[]) AS head (queue, id) USING (queue)
    LEFT JOIN tasks AS next ON next.id = head.id
    WHERE task.state = 'sent'
      AND task.sent_at < CASE WHEN head.id IS NULL THEN now() ELSE next.sent_at END
        - %s * interval '1 second'
    ORDER BY task.id LIMIT %s FOR UPDATE OF task SKIP LOCKED
"""
GIVE_UP: Final = """
    UPDATE tasks SET state = 'failed', ended_at = now(), error = CASE
        WHEN runs >= %(most)s THEN 'its process died in ' || runs || ' runs'
        ELSE 'it was killed after ' || %(limit)s || ' s' END
    WHERE state = 'running' AND started_at < now() - interval '2 seconds'
      AND (runs >= %(most)s OR started_at < now() - (%(limit)s - %(early)s) * interval '1 second')
      AND pg_try_advisory_xact_lock(hashtextextended(id::text, 0))
"""
GIVE_BACK: Final = """
    UPDATE tasks SET state = 'waiting', sent_at = NULL
    WHERE state = 'running' AND started_at < now() - interval '2 seconds'
      AND pg_try_advisory_xact_lock(hashtextextended(id::text, 0))
"""
SENT: Final = """
    UPDATE tasks SET state = 'sent', sent_at = now()
    WHERE id = ANY(%s) AND state IN ('waiting', 'sent')
"""
COUNTED: Final = """
    SELECT queue, count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM tasks
    WHERE state IN ('waiting', 'sent', 'running') GROUP BY queue
"""


class Sweeping:
    """The part of the service that sends: new tasks at once, and lost ones again."""

    def __init__(self, database: Database, queue: Redis, settings: TaskSettings) -> None:
        self._database, self._queue, self._settings = database, queue, settings
        self._open = _gauge("open", "Tasks that wait or run.")
        self._oldest = _gauge("oldest_seconds", "Age of the oldest task that waits or runs.")

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how many tasks there are to do."""
        for each in (self._open, self._oldest):
            metrics.registry.register(each)
            for name in QUEUES:
                each.labels(name).set(0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Sweep during the block."""
        async with background.running(self._keep_sweeping()):
            yield

    async def send(self, task_id: UUID, queue: str) -> None:
        """Send a task that was added; if that fails, the next sweep does it."""
        if await send(self._queue, str(task_id), queue):
            async with self._database.transaction() as connection:
                await connection.execute(SENT, ([task_id],))

    async def sweep(self) -> int:
        """Look once; returns how many tasks were sent."""
        await self._look_at_running()
        heads = await self._heads()
        async with self._database.transaction() as connection:
            found = await self._found(connection, heads)
            sent = await self._sent(found)
            if sent:
                await connection.execute(SENT, (sent,))
        await self._count()
        return len(sent)

    async def _sent(self, found: Iterable[tuple[UUID, str]]) -> list[UUID]:
        """Those of *found* that the queue took, up to the first that it did not.

        Each refusal takes seconds, and the rows are locked meanwhile.
        """
        taken: list[UUID] = []
        for task_id, queue in found:
            if not await send(self._queue, str(task_id), queue):
                break
            taken.append(task_id)
        return taken

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                number = await self.sweep()
                if number:
                    logger.info("Tasks were sent again.", extra={"tasks": number})
            except DatabaseError as error:
                logger.info("The sweep waits.", extra={"cause": error.detail})
            except Exception:
                logger.exception("A sweep failed.")
            await asyncio.sleep(self._settings.sweep_seconds)

    async def _look_at_running(self) -> None:
        hard = self._settings.hard_limit_seconds
        limits = {"most": MOST_RUNS, "limit": hard, "early": EARLY_SECONDS}
        async with self._database.transaction() as connection:
            await connection.execute(GIVE_UP, limits)
            await connection.execute(GIVE_BACK)

    async def _found(self, connection: Connection, heads: Heads) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(WAITING, (AT_ONCE,))
        waiting = await cursor.fetchall()
        bounds = (list(heads), list(heads.values()), YOUNG_SECONDS, AT_ONCE)
        cursor = await connection.execute(LOST, bounds)
        return [*waiting, *await cursor.fetchall()]

    async def _heads(self) -> Heads:
        """What is next in the queues that can be read.

        kombu keeps what workers have taken under a key of its own; but what a vanished worker had
        taken stays there for longer than a task may run, so that this says nothing.
        """
        client, key = self._queue.client, self._queue.key
        try:
            async with client.pipeline(transaction=False) as asked:
                for name in QUEUES:
                    asked.lindex(key(name), -1)
                messages = await asked.execute()
        except AWAY:
            return {}
        read = ((name, text, task_of(text)) for name, text in zip(QUEUES, messages, strict=True))
        return {name: task for name, text, task in read if task is not None or text is None}

    async def _count(self) -> None:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(COUNTED)
            counted = {queue: rest for queue, *rest in await cursor.fetchall()}
        for name in QUEUES:
            number, seconds = counted.get(name, (0, 0))
            self._open.labels(name).set(number)
            self._oldest.labels(name).set(float(seconds))


def _gauge(name: str, meaning: str) -> Gauge:
    return Gauge(f"arkalia_tasks_{name}", meaning, ("queue",), registry=None)
