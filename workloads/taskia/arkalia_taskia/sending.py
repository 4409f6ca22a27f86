"""Sending a task to the workers, from the app."""

import logging
from collections.abc import Awaitable
from typing import Final, cast

import orjson
from redis.exceptions import RedisError

from arkalia_runtime.redis import Redis
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia.message import message

logger: Final = logging.getLogger(__name__)

AWAY: Final = (RedisError, OSError, TimeoutError, UnreadableError)
"""What says that the queue cannot be reached."""


async def send(redis: Redis, task_id: str, queue: str) -> bool:
    """Whether the queue has taken the message; waits a few seconds at most."""
    try:
        text = orjson.dumps(message(task_id, queue))
        # redis-py types both of its clients as one.
        await cast("Awaitable[int]", redis.client.lpush(redis.key(queue), text))
    except AWAY as error:
        logger.warning("A task could not be sent.", extra={"task": task_id, "cause": repr(error)})
        return False
    return True
