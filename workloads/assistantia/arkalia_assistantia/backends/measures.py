"""What is measured of the model servers."""

from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from arkalia_runtime.metrics import Metrics

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Measures:
    """The metrics of all servers; `backend` is the name that the system gives one."""

    def __init__(self) -> None:
        self.tries = Counter(
            "arkalia_model_tries",
            "Requests to a model server, by how they ended before the first word.",
            ("backend", "outcome"),
            registry=None,
        )
        self.first = Histogram(
            "arkalia_model_first_word_seconds",
            "Time from a request to a model server to the first word of its answer.",
            ("backend",),
            buckets=SECONDS,
            registry=None,
        )
        self.tokens = Counter(
            "arkalia_model_tokens",
            "Tokens that a model server has read (prompt) or written (completion).",
            ("backend", "kind"),
            registry=None,
        )
        self.cut = Counter(
            "arkalia_model_answers_cut",
            "Answers that stopped in the middle, by who stopped: the server, the client that left, or the assistant that had no room for more.",
            ("backend", "by"),
            registry=None,
        )
        self.waiting = Gauge(
            "arkalia_model_requests_waiting",
            "Requests that wait for a turn at any model server.",
            registry=None,
        )
        self.available = Gauge(
            "arkalia_model_backends_available",
            "Model servers that are not left alone because they failed.",
            registry=None,
        )

    def measure(
        self, metrics: Metrics, waiting: Callable[[], int], ready: Callable[[], int]
    ) -> None:
        """Show them in *metrics*."""
        self.waiting.set_function(waiting)
        self.available.set_function(ready)
        for each in (
            self.tries, self.first, self.tokens, self.cut, self.waiting, self.available
        ):  # fmt: skip
            metrics.registry.register(each)
