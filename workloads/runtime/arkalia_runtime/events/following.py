"""A reader as a part of a service: with the calls by which it asks the record."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from arkalia_contract import endpoints
from arkalia_runtime.calls.client import Calls
from arkalia_runtime.database import Database
from arkalia_runtime.events.reader import Handle, Reader
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings


class Following:
    """Reads the events of *types* for *handle* while the service lives."""

    def __init__(
        self, database: Database, settings: ServiceSettings, types: Sequence[str], handle: Handle
    ) -> None:
        self.types = frozenset(types)
        """Types that the module's description says it consumes."""
        self.calls = {settings.record_module: endpoints.EVENTS}
        """What the module's description says it calls."""
        self._settings = settings
        self._reader = Reader.of(database, settings, types=types, handle=handle)
        self._metrics: Metrics | None = None

    def measure(self, metrics: Metrics) -> None:
        """Show in *metrics* how far it is, and how its calls end."""
        self._metrics = metrics
        self._reader.measure(metrics)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Read during the block."""
        assert self._metrics is not None  # noqa: S101 - the app measures its parts when it is made
        async with Calls(self._settings, self._metrics) as calls, self._reader.open(calls):
            yield
