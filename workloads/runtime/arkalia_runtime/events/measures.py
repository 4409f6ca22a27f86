"""What is measured about events."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge


class Told:
    """The metrics of an outbox."""

    def __init__(self) -> None:
        self.published = Counter(
            "arkalia_events_published",
            "Events published, in committed transactions.",
            ("type",),
            registry=None,
        )
        self.unconfirmed = Gauge(
            "arkalia_outbox_unconfirmed_events",
            "Events that the record has not confirmed yet.",
            registry=None,
        )
        self.capacity = Gauge(
            "arkalia_outbox_capacity_events",
            "Unconfirmed events from which on nothing can be published.",
            registry=None,
        )
        self.removed = Counter(
            "arkalia_outbox_removed_events",
            "Old events removed from the outbox.",
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        for each in (self.published, self.unconfirmed, self.capacity, self.removed):
            registry.register(each)


HANDLED: Final = "handled"
PARKED: Final = "parked"


class Heard:
    """The metrics of a reader."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._read = Counter(
            "arkalia_events_read",
            "Events read from the record, by what became of them: handled or parked.",
            ("reader", "outcome"),
            registry=None,
        )
        self._failures = Counter(
            "arkalia_events_failures",
            "Times that handling an event failed.",
            ("reader",),
            registry=None,
        )
        self._parked = Gauge(
            "arkalia_events_parked",
            "Events that could not be handled and are tried again later.",
            ("reader",),
            registry=None,
        )
        self._position = Gauge(
            "arkalia_events_position",
            "How far the reader has come in the record's sequence.",
            ("reader",),
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        for each in (self._read, self._failures, self._parked, self._position):
            registry.register(each)

    def ended(self, outcome: str, number: int = 1) -> None:
        """Count *number* events."""
        self._read.labels(self._reader, outcome).inc(number)

    def failed(self) -> None:
        """Count one failure."""
        self._failures.labels(self._reader).inc()

    def parked(self, number: int) -> None:
        """Show how many wait."""
        self._parked.labels(self._reader).set(number)

    def position(self, sequence: int) -> None:
        """Show how far it has come."""
        self._position.labels(self._reader).set(sequence)
