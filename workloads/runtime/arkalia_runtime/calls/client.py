"""The client: the modules that this one may call, with what all calls share."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pydantic import TypeAdapter

from arkalia_contract import files
from arkalia_runtime.calls.breakers import AsyncCircuitBreakerFactory
from arkalia_runtime.calls.callee import Callee
from arkalia_runtime.calls.connections import Connections
from arkalia_runtime.calls.errors import HurriedError, NotCallableError
from arkalia_runtime.calls.measures import Measures
from arkalia_runtime.calls.tokens import shown
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

FAILURES_UNTIL_OPEN: Final = 5
"""Calls in a row."""

OPEN_SECONDS: Final = 10
"""About as long as a pod takes to be replaced: after that calls are let through again."""

_ADDRESSES: Final = TypeAdapter(dict[str, str])


class Calls(AbstractAsyncContextManager["Calls"]):
    """Opened once, for the life of the service."""

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._measures = Measures(metrics.registry)
        self._connections = Connections(settings.trust_folder, settings.look_seconds)
        path = settings.identity_folder / files.CALLEES_KEY
        self._addresses = Watched([path], partial(_read_addresses, path), settings.look_seconds)
        self._callees: dict[str, Callee] = {}
        self._breakers = AsyncCircuitBreakerFactory(
            FAILURES_UNTIL_OPEN,
            OPEN_SECONDS,
            # Who stops waiting says nothing about the module that was asked.
            exclude=[asyncio.CancelledError, HurriedError],
        )
        self._breakers.add_listener(self._show_breaker)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._connections.close()

    def to(self, callee: str) -> Callee:
        """The module *callee*. Raises NotCallableError if this one may not call it."""
        self._address(callee)
        if callee not in self._callees:
            self._callees[callee] = Callee(
                name=callee,
                address=partial(self._address, callee),
                token=shown(self._settings.tokens_folder, callee, self._settings.look_seconds),
                connections=self._connections,
                breakers=self._breakers,
                measures=self._measures,
            )
        return self._callees[callee]

    def callees(self) -> frozenset[str]:
        """The modules that this one may call now; empty while that is not known."""
        try:
            return frozenset(self._addresses.current())
        except UnreadableError:
            return frozenset()

    def _address(self, callee: str) -> str:
        try:
            return self._addresses.current()[callee]
        except UnreadableError as error:
            sentence = f"{callee} cannot be called: it is not known yet whom this module may call."
            raise NotCallableError(callee, sentence) from error
        except KeyError:
            sentence = f"{callee} cannot be called: it is not among the calls of this module."
            raise NotCallableError(callee, sentence) from None

    def _show_breaker(self, name: str, event: str, detail: Any) -> None:
        if event == "state_changed":
            logger.warning("The breaker is %s.", detail.state, extra={"callee": name})
            self._measures.breaker(name, detail.state)


def _read_addresses(path: Path) -> Mapping[str, str]:
    return _ADDRESSES.validate_json(path.read_bytes(), strict=True)
