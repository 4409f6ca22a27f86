"""What is measured about calls to other modules."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds. 0.005 is the objective for a call with TLS and token: it needs an edge."""


class Measures:
    """The metrics of one service's calls."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "arkalia_calls",
            "Calls to other modules, by the status of the answer or the reason why there is none.",
            ("callee", "outcome"),
            registry=registry,
        )
        self._durations = Histogram(
            "arkalia_call_duration_seconds",
            "Time that a call to another module took, with all its tries.",
            ("callee",),
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self._retries = Counter(
            "arkalia_call_retries",
            "Tries of calls after the first.",
            ("callee",),
            registry=registry,
        )
        self._open = Gauge(
            "arkalia_call_breaker_open",
            "1 while a module is not called because it did not answer.",
            ("callee",),
            registry=registry,
        )

    def ended(self, callee: str, outcome: str, seconds: float) -> None:
        """Count one call."""
        self._calls.labels(callee, outcome).inc()
        self._durations.labels(callee).observe(seconds)

    def tried_again(self, callee: str) -> None:
        """Count one further try."""
        self._retries.labels(callee).inc()

    def breaker(self, callee: str, state: str) -> None:
        """Show the breaker's *state*: `closed`, `opened` or `half-opened`."""
        self._open.labels(callee).set(state == "opened")
