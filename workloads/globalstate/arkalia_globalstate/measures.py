"""What is measured about the record."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DELAY_BUCKETS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600)
"""Seconds. 1 is how long a wake-up that was lost may cost."""


class Measures:
    """The metrics of one pod of the record."""

    def __init__(self) -> None:
        self._recorded = Counter(
            "arkalia_record_events",
            "Events recorded, by the module that told them.",
            ("emitter",),
            registry=None,
        )
        self._delay = Histogram(
            "arkalia_record_delay_seconds",
            "Time from an event's happening until it was recorded.",
            buckets=DELAY_BUCKETS,
            registry=None,
        )
        self._failures = Counter(
            "arkalia_record_pull_failures",
            "Times that a module could not be asked for its events, or its answer was refused.",
            ("emitter", "reason"),
            registry=None,
        )
        self._position = Gauge(
            "arkalia_record_position",
            "How far the record has come in the sequence of a module.",
            ("emitter",),
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        for each in (self._recorded, self._delay, self._failures, self._position):
            registry.register(each)

    def recorded(self, emitter: str, position: int, delays: list[float]) -> None:
        """Count the events of one page."""
        self._recorded.labels(emitter).inc(len(delays))
        self._position.labels(emitter).set(position)
        for seconds in delays:
            self._delay.observe(max(0.0, seconds))

    def failed(self, emitter: str, reason: str) -> None:
        """Count one page that did not come."""
        self._failures.labels(emitter, reason).inc()
