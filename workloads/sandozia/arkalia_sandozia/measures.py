"""What is measured about the validation of answers."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

SCORE_BUCKETS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
SECONDS_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""0.1 is the limit of seed 002."""


class Measures:
    """The metrics of one pod."""

    def __init__(self) -> None:
        self.score = Histogram(
            "arkalia_answer_validation_score",
            "Scores of answers: how probable it is that they hold.",
            buckets=SCORE_BUCKETS,
            registry=None,
        )
        self.seconds = Histogram(
            "arkalia_answer_validation_seconds",
            "Time that the examination of an answer took, the wait for its turn not included.",
            buckets=SECONDS_BUCKETS,
            registry=None,
        )
        self.findings = Counter(
            "arkalia_answer_findings",
            "Things that are wrong with answers, or may be, by check and severity.",
            ("check", "severity"),
            registry=None,
        )
        self.partial = Counter(
            "arkalia_answer_validations_partial",
            "Answers of which not everything could be looked at, in its bounds or its time.",
            registry=None,
        )
        self.unrecorded = Counter(
            "arkalia_answer_validations_unrecorded",
            "Outcomes that could not be told as an event, because the database was away.",
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show them in *registry*."""
        shown = (self.score, self.seconds, self.findings, self.partial, self.unrecorded)
        for each in shown:
            registry.register(each)
