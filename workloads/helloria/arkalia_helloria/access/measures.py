"""What is measured at the door."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Measures:
    """The metrics of who was let in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.judged = Counter(
            "arkalia_access_judged",
            "Requests judged at the door, by outcome: allowed, denied (a scope is missing), unknown "
            "(nobody knows who asks) or unavailable (nothing is known of accounts).",
            ("outcome",),
            registry=registry,
        )
        self.allowed = self.judged.labels("allowed")
        """Looked up once: it is counted at nearly every request."""
        self.untold = Gauge(
            "arkalia_access_untold_judgements",
            "Judgements that are not told to the record yet; those that are alike count once.",
            registry=registry,
        )
        self.lost = Counter(
            "arkalia_access_lost_judgements",
            "Requests of whose judgement the record is never told: too many were untold, "
            "`security` refused it, or the gateway ended.",
            registry=registry,
        )
        self.age = Gauge(
            "arkalia_access_view_age_seconds",
            "Time since it was last known that accounts are as the gateway knows them.",
            registry=registry,
        )
        self.version = Gauge(
            "arkalia_access_view_version",
            "Version of what the gateway knows of accounts.",
            registry=registry,
        )
