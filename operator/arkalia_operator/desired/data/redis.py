"""The builtin Redis, one for each role: its settings, and what it takes from the node."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from arkalia_operator.api.data import RedisQueue
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired.data import keys
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.data.needs import redis
from arkalia_operator.desired.data.pods import resources
from arkalia_operator.desired.data.servers import Server
from arkalia_operator.desired.quantities import amount

IMAGE: Final = "redis"
PORT: Final = 6379
PORT_NAME: Final = "redis"
SETTINGS_KEY: Final = "redis.conf"
READY: Final = "arkalia-redis-ready"
GRACE_SECONDS: Final = 30
MAX_MEMORY: Final = "256Mi"
"""Seed 003's."""
SETTINGS: Final[Mapping[DataService, Mapping[str, str]]] = {
    DataService.QUEUE: {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
    },
    DataService.CACHE: {"maxmemory-policy": "allkeys-lru", "appendonly": "no"},
}
REQUESTS: Final = {"cpu": "25m", "memory": "32Mi"}
MEBIBYTE: Final = 1024**2
BESIDE: Final = 64
"""Mebibytes that the server needs beside its data."""


def server(system: ArkaliaSystem, service: DataService) -> Server:
    """The server of the role *service*."""
    wanted = redis(system, service)
    memory = ceil(amount(wanted.max_memory or MAX_MEMORY))
    settings = {"maxmemory": str(memory), **SETTINGS[service]}
    text = "".join(f"{name} {value}\n" for name, value in sorted(settings.items()))
    return Server(
        service=service,
        image=IMAGE,
        port=PORT,
        port_name=PORT_NAME,
        settings={SETTINGS_KEY: text},
        secrets=(keys.PASSWORD, keys.USERS),
        storage=wanted.volume if isinstance(wanted, RedisQueue) else None,
        resources=resources(wanted.resources, _resources(memory)),
        grace_seconds=GRACE_SECONDS,
        ready_command=READY,
        logs_every_connection=True,
    )


def _resources(memory: int) -> ResourceRequirements:
    """While it writes its file anew, Redis may hold what changes meanwhile twice."""
    limit = f"{2 * ceil(memory / MEBIBYTE) + BESIDE}Mi"
    return ResourceRequirements(requests=REQUESTS, limits={"memory": limit})
