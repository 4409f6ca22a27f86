"""Celery's app: which queues there are, and how a task is delivered at least once.

A message says no more than which task to do; everything about the task lies in PostgreSQL. So
there is no result backend, and a lost or doubled message does no harm (`run` and `sweeping`).
"""

from typing import Any, Final

import celery
from kombu import Queue

from arkalia_taskia import broker
from arkalia_taskia.kinds import QUEUES
from arkalia_taskia.settings import TaskSettings

REDELIVERY_MARGIN_SECONDS: Final = 60
"""A message comes again when it was not confirmed for longer than any task may take, and this."""


def celery_app(settings: TaskSettings) -> celery.Celery:
    """The app. Raises UnreadableError if it is not known yet how to reach the queue."""
    broker.PLACE.set(settings)
    given, _ = broker.PLACE.now()
    # Address and login are read again for every connection; these are for the log.
    url = f"{broker.SCHEME}://{given.host}:{given.port}/0"
    app = celery.Celery("taskia", broker=url, backend=None, set_as_current=False)
    app.conf.update(configuration(settings, given.prefix))
    return app


def keep_logging() -> None:
    """Leave logging as it is: Celery does where somebody listens to this signal."""
    celery.signals.setup_logging.connect(_listen, weak=False)


def _listen(**_: Any) -> None:
    """There is nothing to do."""


def configuration(settings: TaskSettings, prefix: str) -> dict[str, Any]:
    """Celery's settings."""
    return {
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": broker.CONNECT_SECONDS,
        "broker_transport_options": {
            "global_keyprefix": prefix,
            "visibility_timeout": settings.hard_limit_seconds + REDELIVERY_MARGIN_SECONDS,
            "queue_order_strategy": "priority",
            "socket_connect_timeout": broker.CONNECT_SECONDS,
            "socket_timeout": broker.ANSWER_SECONDS,
            "socket_keepalive": True,
            "socket_keepalive_options": broker.NOTICED,
            "health_check_interval": 15,
            "max_retries": 1,
        },
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_default_queue": "default",
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_soft_time_limit": settings.soft_limit_seconds,
        "task_time_limit": settings.hard_limit_seconds,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_concurrency": settings.concurrency,
        "worker_pool": "prefork",
        "worker_max_tasks_per_child": settings.tasks_per_process,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # It subscribes to a pattern, which a user of Redis may not who may not see all channels.
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "enable_utc": True,
        "timezone": "UTC",
    }
