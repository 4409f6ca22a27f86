"""Which queues are closed: keys in Redis that end by themselves unless they are renewed."""

from typing import Final

import redis
from redis.exceptions import RedisError

from arkalia_runtime.watched import UnreadableError
from arkalia_taskia.kinds import QUEUES

KEY: Final = "quarantine:"
"""Before the name of the queue, after the module's prefix."""

LEASE_SECONDS: Final = 30
"""After this a queue that nobody closes any more is served again."""


def closed_queues(client: redis.Redis, prefix: str) -> frozenset[str] | None:
    """The queues that are closed now; None if Redis does not answer."""
    try:
        values = client.mget([f"{prefix}{KEY}{name}" for name in QUEUES])
    except (RedisError, OSError, UnreadableError):
        return None
    assert isinstance(values, list)  # noqa: S101 - redis-py types both of its clients as one
    return frozenset(name for name, value in zip(QUEUES, values, strict=True) if value)
