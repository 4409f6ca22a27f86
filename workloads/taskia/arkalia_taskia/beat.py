"""The component `beat`: Celery's scheduler, with its memory in PostgreSQL.

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
from kombu.exceptions import KombuError
from psycopg.types.json import Jsonb
from redis.exceptions import RedisError

from arkalia_runtime.ids import new_id
from arkalia_runtime.settled_memory import settle
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia import kinds, run
from arkalia_taskia.celery_app import celery_app, keep_logging
from arkalia_taskia.component import Component
from arkalia_taskia.message import DO
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS: Final = 5
"""How often the scheduler says that it is well, and tries again what failed."""

AWAY: Final = (psycopg.Error, UnreadableError)
UNSENT: Final = (RedisError, KombuError, OSError, UnreadableError)

REMEMBERED: Final = "SELECT entry, last_run_at FROM schedule"
BEGIN: Final = "INSERT INTO schedule VALUES (%s, %s) ON CONFLICT DO NOTHING"
STARTED: Final = "UPDATE schedule SET last_run_at = %s WHERE entry = %s AND last_run_at = %s"
ADD: Final = """
    INSERT INTO tasks (id, kind, arguments, queue, state, caller) VALUES (%s, %s, %s, %s, 'waiting', %s)
"""
SENT: Final = "UPDATE tasks SET state = 'sent', sent_at = now() WHERE id = %s AND state = 'waiting'"
CALLER: Final = "beat"


def work(component: Component) -> None:
    """Be the scheduler."""
    keep_logging()
    app = app_of(component)
    settle()
    Beat(app=app, scheduler_cls=Remembering, quiet=True).run()


def app_of(component: Component) -> Celery:
    """Celery's app with the schedule."""
    app = celery_app(component.settings)
    app.component = component
    app.conf.beat_schedule = entries(component.settings)
    app.conf.beat_max_loop_interval = LONGEST_PAUSE_SECONDS
    return app


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


class Remembering(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, which reads when each entry was started last, and notes it with the task."""

    # Celery's own waits for the queue, however long that takes, before anything can be noted.
    producer = None

    def __init__(self, app: Celery, **named: Any) -> None:
        self._component: Component = app.component
        self._has_read = False
        super().__init__(app, **named)

    def tick(self, *arguments: Any, **named: Any) -> float:
        """Start what is due; returns the seconds until the next look."""
        try:
            self._read()
            seconds: float = super().tick(*arguments, **named)
        except AWAY as error:
            logger.warning("The schedule waits for the database: %s", error)
            self._heap = None  # what failed is due again
            self._component.tell(is_working=False, message="the database cannot be reached")
            return LONGEST_PAUSE_SECONDS
        self._component.tell(is_working=True, message="it starts what is due")
        return seconds

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:  # noqa: ARG002
        """Start one entry that is due. Raises one of AWAY; then it is still due."""
        task_id, queue = str(new_id()), entry.args[0]
        following = self.schedule[entry.name]
        self.schedule[entry.name] = entry  # until it is written down
        if not self._added(entry, following, task_id):
            return
        self.schedule[entry.name] = following
        self._component.measures.scheduled.labels(entry.name).inc()
        logger.info("Task started.", extra={"task": task_id, "entry": entry.name})
        self._sent(task_id, queue)

    def _added(self, entry: ScheduleEntry, following: ScheduleEntry, task_id: str) -> bool:
        """Write task and time down; not if another scheduler was first."""
        times = (following.last_run_at, entry.name, entry.last_run_at)
        row = (task_id, entry.task, Jsonb({}), entry.args[0], CALLER)
        with run.connected(self._component.settings) as connection, connection.transaction():
            moved = connection.execute(STARTED, times).rowcount
            if moved:
                connection.execute(ADD, row)
        self._has_read = bool(moved)  # what the other one wrote is read at the next look
        return bool(moved)

    def _sent(self, task_id: str, queue: str) -> None:
        try:
            self.send_task(DO, (task_id,), queue=queue, retry=False, task_id=task_id)
        except UNSENT as error:
            logger.warning("The sweep will send a task: %r", error)
            return
        with run.connected(self._component.settings) as connection:
            connection.execute(SENT, (task_id,))

    def _read(self) -> None:
        if self._has_read:
            return
        with run.connected(self._component.settings) as connection:
            for entry in self.schedule.values():
                connection.execute(BEGIN, (entry.name, entry.last_run_at))
            for name, last_run_at in connection.execute(REMEMBERED).fetchall():
                if name in self.schedule:
                    self.schedule[name].last_run_at = last_run_at
        self._has_read, self._heap = True, None
