"""What is measured about kept answers, under the names of seed 004."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from arkalia_helloria.cache.local import LocalAnswers

LOCAL: Final = "local"
SHARED: Final = "shared"


class CacheMeasures:
    """The metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        hits = Counter(
            "arkalia_cache_hits",
            "Answers that were given again, by the level where they lay.",
            ("level",),
            registry=registry,
        )
        misses = Counter(
            "arkalia_cache_misses",
            "Answers that were looked for and not found or too old, by level; where a route's answers "
            "say nothing of being kept, none is looked for.",
            ("level",),
            registry=registry,
        )
        levels = (LOCAL, SHARED)
        self.hits = {level: hits.labels(level) for level in levels}
        self.misses = {level: misses.labels(level) for level in levels}
        self.collapsed = Counter(
            "arkalia_cache_collapsed",
            "Requests that waited for the answer to another one and got the same.",
            registry=registry,
        )
        self.outlived = Counter(
            "arkalia_cache_given_on_error",
            "Answers that were given after their time, because the module had none.",
            registry=registry,
        )
        self.shared = Gauge(
            "arkalia_cache_shared",
            "1 while the gateways share kept answers, 0 while Redis cannot be used and each has its own.",
            registry=registry,
        )
        self.shared.set(1)

    def show(self, local: LocalAnswers) -> None:
        """Show how much is kept here."""
        Gauge(
            "arkalia_cache_bytes",
            "Memory that kept answers take in this gateway, about.",
            registry=self._registry,
        ).set_function(lambda: local.bytes)
        Gauge(
            "arkalia_cache_answers",
            "Resources of which answers are kept in this gateway, counted for each caller.",
            registry=self._registry,
        ).set_function(lambda: len(local))
