"""Sending a task to the workers: one message with its id, into one queue."""

import logging
from typing import Any, Final

import celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from arkalia_contract import files
from arkalia_runtime import access
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia.celery_app import DO, celery_app
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

AWAY: Final = (RedisError, KombuError, OSError, UnreadableError)
"""What says that the queue cannot be reached."""


class Sender:
    """Sends from one process. Not for several threads at once."""

    def __init__(self, settings: TaskSettings) -> None:
        self._settings = settings
        self._app: celery.Celery | None = None

    def send(self, task_id: str, queue: str) -> bool:
        """Whether the message was taken by the queue; waits a few seconds at most."""
        try:
            self._known_app().send_task(DO, (task_id,), queue=queue, retry=False)
        except AWAY as error:
            logger.warning("A task could not be sent.", extra={"task": task_id, "cause": repr(error)})
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        if self._app is not None:
            self._app.close()
            self._app = None

    def _known_app(self) -> Any:
        if self._app is None:
            prefix = access.redis(self._settings, files.REDIS_QUEUE_KEY).current().prefix
            self._app = celery_app(self._settings, prefix)
        return self._app
