"""What is measured about accounts."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

METHODS: Final = ("password", "totp")
FAILURES: Final = ("refused", "slowed")
"""Shown from the start: of a series that begins with a number Prometheus does not count the first."""


class Measures:
    """The service's own metrics."""

    def __init__(self) -> None:
        self.logins = Counter(
            "arkalia_logins",
            "Tries to log in, by method and by how they ended: succeeded, refused, or slowed (not "
            "looked at, because there were too many failures).",
            ("method", "outcome"),
            registry=None,
        )
        for method in METHODS:
            for outcome in FAILURES:
                self.logins.labels(method, outcome)
        self.slowed = Counter(
            "arkalia_logins_slowed",
            "Times that failures made somebody wait, by what they were counted for: name and "
            "address, address, or name.",
            ("counted_for",),
            registry=None,
        )
        self.judgements = Counter(
            "arkalia_judgements_told",
            "Requests of whose judgement the gateway told, by whether they were allowed.",
            ("allowed",),
            registry=None,
        )
        self.version = Gauge(
            "arkalia_accounts_version",
            "Version of what the gateway knows of accounts.",
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        for each in (self.logins, self.slowed, self.judgements, self.version):
            registry.register(each)
