"""Metrics: Prometheus' own names and units, one registry for each app.

`route` is the route's template and never a path that a client sent: clients must not be able to
create time series. Seed 003 calls the counters `http_request_total` and
`http_request_exceptions_total`; the first has Prometheus' plural here, and a recording rule of
each module gives the seed's name.
"""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from arkalia_contract import endpoints
from arkalia_runtime.batches import Batch

DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
"""Seconds. 0.2 is the objective's default (`slo.latency.p95Milliseconds`): it needs an edge."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

LABELS: Final = ("method", "route", "status")


class Metrics:
    """What the runtime measures. A service registers its own in `registry`."""

    def __init__(self, module: str, version: str) -> None:
        self.registry = CollectorRegistry()
        self._batch = Batch(self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = Gauge(
            "arkalia_build_info",
            "What runs; always 1.",
            ("module", "version"),
            registry=self.registry,
        )
        build.labels(module, version).set(1)
        self.ready = Gauge(
            "arkalia_ready",
            "1 while the service takes requests, 0 while it stops or a required check fails.",
            registry=self.registry,
        )
        self.in_progress = 0
        """Requests being answered."""
        Gauge(
            "http_requests_in_progress", "Requests being answered.", registry=self.registry
        ).set_function(lambda: self.in_progress)
        self.loop_lag = Gauge(
            "arkalia_event_loop_lag_seconds",
            "The longest time by which the event loop was late, in the last seconds.",
            registry=self.registry,
        )
        self._requests = Counter(
            "http_requests", "Requests answered.", LABELS, registry=self.registry
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            LABELS,
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._answered: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        """The series of both: to look one up costs more than to count."""
        self._exceptions = Counter(
            "http_request_exceptions",
            "Requests that ended in an exception which nobody had foreseen.",
            ("method", "route"),
            registry=self.registry,
        )
        self._refusals = Counter(
            "arkalia_requests_refused",
            "Requests that were not let in, by what was wrong with the caller's identity.",
            ("reason",),
            registry=self.registry,
        )

    def refused(self, reason: str) -> None:
        """Count one request that was not let in."""
        self._refusals.labels(reason).inc()

    def certificate(self, expires: Callable[[], float]) -> None:
        """Show when the certificate ends that *expires* tells the Unix time of."""
        gauge = Gauge(
            "arkalia_certificate_expires_timestamp_seconds",
            "Unix time at which the certificate that the service shows ends.",
            registry=self.registry,
        )
        gauge.set_function(expires)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request that took *seconds*."""
        labels = (_bounded(method), route, str(status))
        found = self._answered.get(labels)
        if found is None:
            found = self._requests.labels(*labels), self._durations.labels(*labels)
            self._answered[labels] = found
        self._batch.add(*found, seconds)

    def failed(self, method: str, route: str) -> None:
        """Count one request that ended in an exception."""
        self._exceptions.labels(_bounded(method), route).inc()


def routes(metrics: Metrics) -> APIRouter:
    """`/metrics`, in the format that the scraper asks for."""
    router = APIRouter(tags=["operation"])

    @router.get(endpoints.METRICS, response_class=Response, summary="Metrics for Prometheus")
    async def read_metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), media_type=content_type)

    return router


def _bounded(method: str) -> str:
    return method if method in METHODS else "OTHER"
