"""What is measured about the pods behind the gateway.

Seed 004 calls two of them `arkalia_lb_backends` and `arkalia_cb_state`: they have its names.
"""

from enum import IntEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from arkalia_runtime.batches import Batch

DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Breaker(IntEnum):
    """The states of `arkalia_cb_state`, with the numbers of seed 004."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class Measures:
    """The metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._batch = Batch(registry)
        self._requests = Counter(
            "arkalia_gateway_upstream_requests",
            "Requests that were sent to a pod, by the status of its answer or why there is none.",
            ("callee", "outcome"),
            registry=registry,
        )
        self._durations = Histogram(
            "arkalia_gateway_upstream_seconds",
            "Time from the choice of a pod to the beginning of its answer.",
            ("callee",),
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self._retries = Counter(
            "arkalia_gateway_retries",
            "Requests that were sent again, by whether the first may have arrived.",
            ("callee", "kind"),
            registry=registry,
        )
        self._backends = Gauge(
            "arkalia_lb_backends", "Pods that are asked.", ("callee",), registry=registry
        )
        self._states = Gauge(
            "arkalia_cb_state",
            "The breaker of a module: 0 closed, 1 open (no pod is asked), 2 half open (some are put "
            "aside).",
            ("callee",),
            registry=registry,
        )
        self._known: dict[tuple[str, str], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def answered(self, callee: str, outcome: str, seconds: float) -> None:
        """Count one request that was sent."""
        timed = self._timed.get(callee)
        if timed is None:
            timed = self._timed[callee] = self._durations.labels(callee)
        self._batch.add(self._counted(callee, outcome), timed, seconds)

    def ended(self, callee: str, outcome: str) -> None:
        """Count one request that got no answer."""
        self._counted(callee, outcome).inc()

    def tried_again(self, callee: str, kind: str) -> None:
        """Count one request that is sent again."""
        self._retries.labels(callee, kind).inc()

    def _counted(self, callee: str, outcome: str) -> Counter:
        key = callee, outcome
        counted = self._known.get(key)
        if counted is None:
            counted = self._known[key] = self._requests.labels(*key)
        return counted

    def replicas(self, callee: str, asked: int, aside: int) -> None:
        """Show how many pods there are."""
        self._backends.labels(callee).set(asked)
        state = (
            Breaker.OPEN if aside and not asked else Breaker.HALF_OPEN if aside else Breaker.CLOSED
        )
        self._states.labels(callee).set(state)
