"""What is measured in a worker, and in the scheduler.

Seed 003's names are `celery_task_total` and `celery_task_duration_seconds`; the first has
Prometheus' plural here, and a recording rule gives the seed's name.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DURATION_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 540, 600)
"""Seconds; the last two are the limits."""


class Measures:
    """The metrics of a worker or of the scheduler."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.ready = Gauge(
            "arkalia_ready",
            "1 while the component is connected and does its work.",
            registry=registry,
        )
        self.tasks = Counter(
            "celery_tasks",
            "Runs of tasks, by how they ended: succeeded, failed, dropped (nothing to do), lost "
            "(the process died), killed (the hard limit).",
            ("kind", "queue", "state"),
            registry=registry,
        )
        self.durations = Histogram(
            "celery_task_duration_seconds",
            "Time that a run of a task took.",
            ("kind", "queue"),
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self.limits = Gauge(
            "celery_task_limit_seconds",
            "Time that a worker gives a run: soft, when it is asked to end, and hard, when it is "
            "killed.",
            ("limit",),
            registry=registry,
        )
        self.scheduled = Counter(
            "celery_beat_tasks",
            "Tasks that the scheduler has started, by entry of its schedule.",
            ("entry",),
            registry=registry,
        )
