"""The component `worker`: a Celery worker that does the tasks of all queues, `priority` first."""

import ast
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
from celery import Celery, bootsteps
from celery.worker.request import Request

from arkalia_runtime.ids import new_id
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia import broker, forking, run
from arkalia_taskia.celery_app import celery_app, keep_logging
from arkalia_taskia.closed_queues import closed_queues
from arkalia_taskia.component import Component
from arkalia_taskia.kinds import QUEUES, QueueName
from arkalia_taskia.measures import Measures
from arkalia_taskia.message import DO
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

BEAT_SECONDS: Final = 3
"""How often the worker says that it is well, and looks for queues in quarantine."""


def work(component: Component) -> None:
    """Be the worker."""
    app = app_of(component)
    forking.prepare()
    _rehearse(component.settings)
    keep_logging()
    app.Worker(
        hostname=f"worker@{component.settings.pod or 'taskia'}",
        queues=list(QUEUES),
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    ).start()


def _rehearse(settings: TaskSettings) -> None:
    """Do a task that does not exist: what every run loads is then in memory before the forks."""
    try:
        run.do(settings, str(new_id()))
    except (psycopg.Error, UnreadableError) as error:
        logger.info("There was no rehearsal.", extra={"cause": repr(error)})


def app_of(component: Component) -> Celery:
    """Celery's app with the one task, and the step that keeps the front informed."""
    settings = component.settings

    def do(task_id: str) -> dict[str, Any] | None:
        return run.do(settings, task_id)

    app = celery_app(settings)
    app.component = component
    app.task(do, name=DO, Request=Measured)
    app.steps["consumer"].add(Watching)
    return app


LIMITS: Final = ("soft", "hard")
"""In the order in which Celery's pool tells them."""

ON_SUCCESS: Final = "on_success"
"""What Celery calls, in its first process, when a run is over."""


class Watching(bootsteps.StartStopStep):  # type: ignore[misc]
    """Says how the worker is while it is connected, and closes queues."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **named: Any) -> None:
        self._component: Component = parent.app.component
        self._redis = broker.client(self._component.settings)
        self._prefix = broker.PLACE.now()[0].prefix
        self._closed: frozenset[str] = frozenset()
        self._timer: Any = None
        super().__init__(parent, **named)

    def start(self, parent: Any) -> None:
        """The worker is connected, and takes from all queues."""
        self._closed = frozenset()
        for name, seconds in zip(LIMITS, parent.pool.info["timeouts"], strict=True):
            self._component.measures.limits.labels(name).set(seconds)
        self._look(parent)
        self._timer = parent.timer.call_repeatedly(BEAT_SECONDS, self._look, (parent,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - the signature is Celery's
        """The connection is lost, or the worker stops."""
        if self._timer is not None:
            self._timer.cancel()
        self._component.tell(is_working=False, message="it is not connected to the queue")

    def _look(self, parent: Any) -> None:
        closed = closed_queues(self._redis, self._prefix)
        if closed is not None and closed != self._closed:
            logger.warning("Queues in quarantine.", extra={"queues": sorted(closed)})
            take_from(parent, [name for name in QUEUES if name not in closed])
            self._closed = closed
        self._component.tell(is_working=True, message="it takes tasks")


class Measured(Request):  # type: ignore[misc]
    """Counts, in the worker's first process, how runs end."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Celery makes a faster class of this one, with an `on_success` of its own.
        self._concludes: Callable[..., Any] = getattr(self, ON_SUCCESS)
        setattr(self, ON_SUCCESS, self._succeeded)
        self._measures: Measures = self.app.component.measures

    def on_failure(self, *arguments: Any, **named: Any) -> Any:
        """The process died, or the run ended in what nobody had foreseen."""
        self._measures.tasks.labels("", "", "lost").inc()
        return super().on_failure(*arguments, **named)

    def on_timeout(self, soft: bool, timeout: float) -> Any:
        """A limit was reached; the soft one is the run's own matter."""
        if not soft:
            self._measures.tasks.labels("", "", "killed").inc()
        return super().on_timeout(soft, timeout)

    def _succeeded(self, ended: Any, **named: Any) -> Any:
        concluded = self._concludes(ended, **named)
        failed, done, _ = ended
        if not failed:
            self._count(ast.literal_eval(done))  # Celery hands over what `repr` made of it
        return concluded

    def _count(self, done: dict[str, Any] | None) -> None:
        if done is None:
            self._measures.tasks.labels("", "", "dropped").inc()
            return
        self._measures.tasks.labels(done["kind"], done["queue"], done["state"]).inc()
        self._measures.durations.labels(done["kind"], done["queue"]).observe(done["seconds"])


def take_from(consumer: Any, queues: Sequence[QueueName]) -> None:
    """Take tasks from *queues* and no others, in their order."""
    for name in QUEUES:
        consumer.cancel_task_queue(name)
    for name in queues:
        consumer.add_task_queue(name)
