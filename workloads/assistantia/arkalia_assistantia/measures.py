"""What is measured of the validation of prompts and answers."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Histogram

from arkalia_assistantia.prompts.findings import Finding
from arkalia_runtime.metrics import Metrics

DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
"""Seconds. 0.1 is the most that the longest text may take."""

SCORE_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1)
"""0.5 is where a text begins to count as an attack."""


class Measures:
    """The metrics of one pod of the assistant."""

    def __init__(self) -> None:
        self._validated = Counter(
            "arkalia_prompts_validated",
            "Prompts validated, by who wrote them (user, content) and by verdict.",
            ("source", "verdict"),
            registry=None,
        )
        self._score = Histogram(
            "arkalia_prompt_score",
            "How much prompts look like an attack, 0 to 1.",
            buckets=SCORE_BUCKETS,
            registry=None,
        )
        self._findings = Counter(
            "arkalia_prompt_findings",
            "Reasons that validations gave, of prompts and of answers.",
            ("layer", "reason"),
            registry=None,
        )
        self._answers = Counter(
            "arkalia_answers_inspected",
            "Answers of a model that were inspected, by verdict.",
            ("verdict",),
            registry=None,
        )
        self._duration = Histogram(
            "arkalia_prompt_validation_seconds",
            "Time that the validation of a prompt took.",
            buckets=DURATION_BUCKETS,
            registry=None,
        )

    def measure(self, metrics: Metrics) -> None:
        """Show them in *metrics*."""
        for each in (
            self._validated, self._score, self._findings, self._answers, self._duration
        ):  # fmt: skip
            metrics.registry.register(each)

    def validated(self, source: str, verdict: str, score: float, seconds: float) -> None:
        """Count one prompt."""
        self._validated.labels(source, verdict).inc()
        self._score.observe(score)
        self._duration.observe(seconds)

    def inspected(self, verdict: str) -> None:
        """Count one answer."""
        self._answers.labels(verdict).inc()

    def found(self, findings: Iterable[Finding]) -> None:
        """Count the reasons."""
        for each in findings:
            self._findings.labels(each.layer, each.reason).inc()
