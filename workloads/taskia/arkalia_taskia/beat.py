"""`arkalia-taskia-beat`: Celery's scheduler, with its memory in PostgreSQL.

A due entry becomes a task and is noted as started in one transaction, so that it is started once,
whatever ends in between. An entry whose time passed while the scheduler was away is started when
it comes back.
"""

import logging
from datetime import timedelta
from typing import Any, Final

import psycopg
from celery import Celery
from celery.apps.beat import Beat
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab, schedule
from psycopg.types.json import Jsonb

from arkalia_runtime.events.ids import new_id
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia import kinds, run
from arkalia_taskia.celery_app import celery_app
from arkalia_taskia.component import Component, be
from arkalia_taskia.sending import Sender
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS: Final = 5
"""How often the scheduler says that it is well, and tries again what failed."""

AWAY: Final = (psycopg.Error, UnreadableError)

REMEMBERED: Final = "SELECT entry, last_run_at FROM schedule"
BEGIN: Final = "INSERT INTO schedule VALUES (%s, %s) ON CONFLICT DO NOTHING"
STARTED: Final = "UPDATE schedule SET last_run_at = %s WHERE entry = %s AND last_run_at = %s"
ADD: Final = """
    INSERT INTO tasks (id, kind, arguments, queue, state, caller) VALUES (%s, %s, %s, %s, 'waiting', %s)
"""
SENT: Final = "UPDATE tasks SET state = 'sent', sent_at = now() WHERE id = %s AND state = 'waiting'"
CALLER: Final = "beat"


def main() -> None:
    """Schedule until a signal."""
    be("beat", work)


def work(component: Component) -> None:
    """Be the scheduler."""
    app = celery_app(component.settings, component.prefix())
    app.conf.beat_schedule = entries(component.settings)
    app.conf.beat_max_loop_interval = LONGEST_PAUSE_SECONDS
    beat = Beat(app=app, scheduler_cls=scheduler_of(component), quiet=True)
    beat.setup_logging = lambda *_: None  # the runtime's logs stay as they are
    beat.run()


def entries(settings: TaskSettings) -> dict[str, dict[str, Any]]:
    """What is started when: `args` are the queue."""
    at = settings.clean_up_time
    return {
        kinds.CLEAN_UP.name: {
            "task": kinds.CLEAN_UP.name,
            "schedule": crontab(hour=str(at.hour), minute=str(at.minute)),
            "args": ("default",),
        },
        kinds.CANARY.name: {
            "task": kinds.CANARY.name,
            "schedule": schedule(timedelta(seconds=settings.canary_seconds)),
            "args": ("priority",),
        },
    }


def scheduler_of(component: Component) -> type[Scheduler]:
    """Celery's scheduler, for *component*."""

    class Remembering(Scheduler):  # type: ignore[misc]
        """Reads when each entry was started last, and writes it down with the task."""

        def __init__(self, app: Celery, **named: Any) -> None:
            self._sender = Sender(component.settings)
            self._remembered = False
            super().__init__(app, **named)

        def tick(self, *arguments: Any, **named: Any) -> float:
            try:
                self._remember()
                seconds: float = super().tick(*arguments, **named)
            except AWAY as error:
                logger.warning("The schedule waits for the database: %s", error)
                self._heap = None  # what failed is due again
                component.tell(is_working=False, message="the database cannot be reached")
                return LONGEST_PAUSE_SECONDS
            component.tell(is_working=True, message="it starts what is due")
            return seconds

        def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:  # noqa: ARG002
            task_id, queue = str(new_id()), entry.args[0]
            following = self.schedule[entry.name]
            # Not in the schedule until it is written down: if that fails, the entry is still due.
            self.schedule[entry.name] = entry
            if not self._added(entry, following, task_id, queue):
                return
            self.schedule[entry.name] = following
            component.measures.scheduled.labels(entry.name).inc()
            logger.info("Task started.", extra={"task": task_id, "entry": entry.name})
            if self._sender.send(task_id, queue):
                with run.connected(component.settings) as connection:
                    connection.execute(SENT, (task_id,))

        def close(self) -> None:
            self._sender.close()
            super().close()

        def _added(
            self, entry: ScheduleEntry, following: ScheduleEntry, task_id: str, queue: str
        ) -> bool:
            with run.connected(component.settings) as connection, connection.transaction():
                times = (following.last_run_at, entry.name, entry.last_run_at)
                moved = connection.execute(STARTED, times).rowcount
                if moved:
                    row = (task_id, entry.task, Jsonb({}), queue, CALLER)
                    connection.execute(ADD, row)
            self._remembered = bool(moved)  # another scheduler was first: read what it wrote
            return bool(moved)

        def _remember(self) -> None:
            if self._remembered:
                return
            with run.connected(component.settings) as connection:
                for entry in self.schedule.values():
                    connection.execute(BEGIN, (entry.name, entry.last_run_at))
                for name, last_run_at in connection.execute(REMEMBERED).fetchall():
                    if name in self.schedule:
                        self.schedule[name].last_run_at = last_run_at
            self._remembered, self._heap = True, None

    return Remembering
