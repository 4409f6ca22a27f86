"""`arkalia-taskia-worker`: a Celery worker that does the tasks of all queues, `priority` first."""

import gc
import os
from typing import Any, Final

from celery import Celery, bootsteps, signals
from celery.apps.worker import Worker
from celery.worker.request import Request

from arkalia_taskia import broker, run
from arkalia_taskia.celery_app import DO, celery_app
from arkalia_taskia.closed_queues import closed_queues
from arkalia_taskia.component import Component, be
from arkalia_taskia.kinds import QUEUES



BEAT_SECONDS: Final = 3
"""How often the worker says that it is well, and looks for queues in quarantine."""


def main() -> None:
    """Work until a signal."""
    be("worker", work)


def work(component: Component) -> None:
    """Be the worker."""
    app = app_of(component)
    # A collection touches every object, and with it every page that the processes share.
    os.register_at_fork(before=_freeze)
    signals.setup_logging.connect(_keep_logging, weak=False)
    worker = app.Worker(
        hostname=f"worker@{component.settings.pod or 'taskia'}",
        queues=list(QUEUES),
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    assert isinstance(worker, Worker)  # noqa: S101 - Celery has no types
    worker.start()


def app_of(component: Component) -> Celery:
    """Celery's app with the one task, and the step that keeps the front informed."""
    app = celery_app(component.settings, component.prefix())
    _register(app, component)

    class Watching(bootsteps.StartStopStep):  # type: ignore[misc]
        """Says how the worker is, while it is connected."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:
            self._closed: frozenset[str] = frozenset()
            self._redis = broker.client(component.settings)
            self._look(consumer)
            self._timer = consumer.timer.call_repeatedly(BEAT_SECONDS, self._look, (consumer,))

        def stop(self, consumer: Any) -> None:  # noqa: ARG002
            self._timer.cancel()
            component.tell(is_working=False, message="the queue cannot be reached")

        def _look(self, consumer: Any) -> None:
            closed = closed_queues(self._redis, component.prefix())
            if closed is not None and closed != self._closed:
                take_from(consumer, [name for name in QUEUES if name not in closed])
                self._closed = closed
            component.tell(is_working=True, message="it takes tasks")

    app.steps["consumer"].add(Watching)
    return app


def take_from(consumer: Any, queues: list[str]) -> None:
    """Take tasks from *queues* and no others, in their order."""
    for name in QUEUES:
        consumer.cancel_task_queue(name)
    for name in queues:
        consumer.add_task_queue(name)


def _register(app: Celery, component: Component) -> None:
    settings, measures = component.settings, component.measures

    class Measured(Request):  # type: ignore[misc]
        """Counts, in the worker's first process, how runs end."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            # Celery makes a faster class of this one, with an `on_success` of its own.
            self._concludes, self.on_success = self.on_success, self._succeeded

        def _succeeded(self, ended: Any, **named: Any) -> Any:
            failed, done, _ = ended
            if not failed:
                self._count(done)
            return self._concludes(ended, **named)

        def on_failure(self, *arguments: Any, **named: Any) -> Any:
            measures.tasks.labels("", "", "lost").inc()
            return super().on_failure(*arguments, **named)

        def on_timeout(self, soft: bool, timeout: float) -> Any:  # noqa: FBT001
            if not soft:
                measures.tasks.labels("", "", "killed").inc()
            return super().on_timeout(soft, timeout)

        @staticmethod
        def _count(done: dict[str, Any] | None) -> None:
            if done is None:
                measures.tasks.labels("", "", "dropped").inc()
                return
            measures.tasks.labels(done["kind"], done["queue"], done["state"]).inc()
            measures.durations.labels(done["kind"], done["queue"]).observe(done["seconds"])

    def do(task_id: str) -> dict[str, Any] | None:
        return run.do(settings, task_id)

    app.task(do, name=DO, Request=Measured)


def _freeze() -> None:
    gc.collect()
    gc.freeze()


def _keep_logging(**_: Any) -> None:
    """Celery leaves logging as it is where somebody listens to this signal."""


