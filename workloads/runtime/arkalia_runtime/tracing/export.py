"""Sending spans to a receiver of OTLP over HTTP, beside the requests and never in their way.

Spans wait in a bounded queue; what does not fit is dropped, and a receiver that is away costs
nothing but its spans.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Tracer

from arkalia_runtime.settings import ServiceSettings

PATH: Final = "/v1/traces"
SEND_SECONDS: Final = 5
QUEUE: Final = 2048
BATCH: Final = 256
EVERY_MILLISECONDS: Final = 2000


class Export:
    """Makes spans and sends them."""

    def __init__(self, module: str, version: str, settings: ServiceSettings) -> None:
        sent_with = {
            "service.name": settings.module or module,
            "service.version": version,
            "service.namespace": settings.system,
            "service.instance.id": settings.pod,
            "k8s.namespace.name": settings.namespace,
        }
        # Who called has decided already whether this trace is recorded.
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.tracing_sampling)),
            resource=Resource({key: value for key, value in sent_with.items() if value}),
            shutdown_on_exit=False,
        )
        endpoint = settings.tracing_endpoint.rstrip("/").removesuffix(PATH)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(f"{endpoint}{PATH}", timeout=SEND_SECONDS),
                max_queue_size=QUEUE,
                max_export_batch_size=BATCH,
                schedule_delay_millis=EVERY_MILLISECONDS,
                export_timeout_millis=SEND_SECONDS * 1000,
            )
        )
        self.tracer: Tracer = self._provider.get_tracer("arkalia_runtime")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Send what is left at the end of the block, for some seconds at most."""
        try:
            yield
        finally:
            await asyncio.to_thread(self._provider.shutdown)
