"""What is measured about the connections to PostgreSQL."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

WAIT_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Seconds. A free connection takes less than 0.001; a new one about 0.02."""


class Measures:
    """The metrics of one pool; *statistics* are the pool's own."""

    def __init__(self, statistics: Callable[[], Mapping[str, int]], most: int) -> None:
        self.wait = Histogram(
            "arkalia_database_wait_seconds",
            "Time until a transaction had begun: waiting for a connection, and opening one.",
            buckets=WAIT_BUCKETS,
            registry=None,
        )
        self.failures = Counter(
            "arkalia_database_failures",
            "Transactions that failed because of the database: unavailable, busy or late.",
            ("reason",),
            registry=None,
        )
        self._size = _gauge("connections", "Open connections to PostgreSQL.")
        self._size.set_function(lambda: statistics().get("pool_size", 0))
        self._free = _gauge("connections_free", "Open connections that no transaction uses.")
        self._free.set_function(lambda: statistics().get("pool_available", 0))
        self._waiting = _gauge("requests_waiting", "Transactions that wait for a connection.")
        self._waiting.set_function(lambda: statistics().get("requests_waiting", 0))
        self._most = _gauge("connections_limit", "Most connections that this pod opens.")
        self._most.set(most)

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        for each in (self.wait, self.failures, self._size, self._free, self._waiting, self._most):
            registry.register(each)


def _gauge(name: str, meaning: str) -> Gauge:
    return Gauge(f"arkalia_database_{name}", meaning, registry=None)
