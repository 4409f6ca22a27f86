"""Asks the modules for their descriptions, beside the requests, and keeps the one of all.

A module that does not answer keeps the description that it had; nobody waits for it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from operator import is_not
from typing import Final

import orjson

from arkalia_contract import endpoints
from arkalia_helloria.forwarding import Forwarder
from arkalia_helloria.openapi import Document, checked, merged
from arkalia_helloria.routes import ModuleAddress, RouteTable
from arkalia_helloria.upstream.errors import UpstreamError
from arkalia_runtime.background import running
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
UNKNOWN_SECONDS: Final = 5.0
"""Between two questions to a module of which no description is known."""
AGAIN_SECONDS: Final = 60.0
"""A module describes itself anew when it has another version."""

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of one description."""


class Descriptions:
    """A part: what the modules say of themselves."""

    def __init__(self, table: Watched[RouteTable], forwarder: Callable[[], Forwarder]) -> None:
        self._table = table
        self._forwarder = forwarder
        self._known: dict[str, Document] = {}
        """Replaced as a whole when one changes."""
        self._merged: Document | None = None
        self._merged_of: tuple[object, ...] = ()
        self._asked: dict[str, tuple[ModuleAddress, float]] = {}
        self._complaints: dict[str, str] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Ask during the block."""
        async with running(self._go_on()):
            yield

    def over(self, own: Document) -> Document:
        """*own*, the gateway's description, with all that is known to be published.

        It is put together anew when one of its parts is another one, and the same until then.
        """
        try:
            parts = own, self._table.current(), self._known
        except UnreadableError:
            return own
        if self._merged is None or any(map(is_not, parts, self._merged_of)):
            self._merged_of, self._merged = parts, merged(*parts)
        return self._merged

    async def ask(self) -> None:
        """Ask every module that has not been asked for a while."""
        try:
            callees = self._table.current().callees
        except UnreadableError:
            return
        if not self._known.keys() <= callees.keys():
            self._known = {each: self._known[each] for each in self._known if each in callees}
        now = time.monotonic()
        for module, callee in callees.items():
            before, when = self._asked.get(module, (None, 0.0))
            wait = AGAIN_SECONDS if module in self._known else UNKNOWN_SECONDS
            if before != callee or now - when > wait:
                self._asked[module] = callee, now
                await self._ask(module, callee)

    async def _ask(self, module: str, callee: ModuleAddress) -> None:
        try:
            text = await self._forwarder().fetch(callee, endpoints.OPENAPI, MOST_BYTES)
            document = checked(orjson.loads(text))
        except (UpstreamError, UnreadableError) as error:
            logger.info("No description.", extra={"callee": module, "cause": str(error)})
        except ValueError as error:
            self._complain(module, str(error))
        else:
            self._complaints.pop(module, None)
            if self._known.get(module) != document:
                self._known = {**self._known, module: document}

    def _complain(self, module: str, cause: str) -> None:
        """Log what is wrong with a description when it is another mistake than before."""
        if self._complaints.get(module) != cause:
            said = {"callee": module, "cause": cause}
            logger.warning("The description of %s cannot be used.", module, extra=said)
        self._complaints[module] = cause

    async def _go_on(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(LOOK_SECONDS)
