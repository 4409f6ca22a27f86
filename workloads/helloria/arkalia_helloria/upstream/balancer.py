"""Which pod of a module is asked: of two chosen at random the one where the wait is shorter.

The pods are found by name: the operator gives each module with routes a headless Service, whose
name stands for the address of every ready pod. Where that name leads nowhere, the module's usual
Service is asked, and the cluster balances. So it is while none of the known pods takes connections: a
name is known for some seconds longer than a pod that ends lets anybody in.
"""

import asyncio
import logging
import random
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from arkalia_helloria.routes import ModuleAddress
from arkalia_helloria.upstream.measures import Measures
from arkalia_helloria.upstream.replica import Endpoint, Replica
from arkalia_helloria.upstream.trust import Trusts

logger: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""After so long the pods are looked up again, when a request comes."""

LOOKUP_SECONDS: Final = 5.0
MOST_REPLICAS: Final = 1024

USUAL_PORTS: Final = {"http": 80, "https": 443}

Lookup = Callable[[str, int], Awaitable[list[tuple[str, int]]]]


async def look_up(name: str, port: int) -> list[tuple[str, int]]:
    """The addresses that *name* stands for; none if it stands for nothing."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        logger.debug("No address found.", extra={"host": name, "cause": repr(error)})
        return []
    return sorted({(str(address[0]), int(address[1])) for *_, address in found})


class Balancer:
    """The pods of one module."""

    def __init__(
        self, callee: ModuleAddress, trusts: Trusts, measures: Measures, max_header_bytes: int
    ) -> None:
        self.callee = callee
        self.token = trusts.token(callee.module)
        self._trusts = trusts
        self._measures = measures
        self._max_header_bytes = max_header_bytes
        self._replicas: dict[tuple[str, int], Replica] = {}
        self._look_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._service: Replica | None = None
        self.lookup: Lookup = look_up

    async def choose(self, tried: set[Replica]) -> Replica | None:
        """The pod to ask; None if there is none but those that were *tried* or are put aside."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look(now)
        if not self._replicas and self._looking is not None:
            await asyncio.shield(self._looking)
        asked = [
            each for each in self._replicas.values() if each not in tried and not each.is_aside(now)
        ]
        if len(asked) > 2:  # noqa: PLR2004 - the power of two choices
            asked = random.sample(asked, 2)
        return min(asked, key=_cost) if asked else None

    def service(self, tried: set[Replica]) -> Replica | None:
        """The module's usual Service, as if it were a pod; None if it was *tried* or is put aside."""
        parts = urlsplit(self.callee.address)
        host, port = parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme]
        if (host, port) in self._replicas:
            return None
        if self._service is None:
            self._service = self._replica(host, port, host)
        usable = self._service not in tried and not self._service.is_aside(time.monotonic())
        return self._service if usable else None

    def has_others(self, tried: set[Replica]) -> bool:
        """Whether there is a pod to ask beside those that were *tried*."""
        now = time.monotonic()
        return any(each not in tried and not each.is_aside(now) for each in self._replicas.values())

    def failed(self, replica: Replica) -> None:
        """*replica* did not answer."""
        if replica.failed(time.monotonic()):
            logger.warning("A pod is not asked for a while.", extra=self._named(replica))
            self._look_at = 0.0
            self.show()

    def succeeded(self, replica: Replica, seconds: float) -> None:
        """*replica* answered within *seconds*."""
        now = time.monotonic()
        was_aside = replica.recovered(seconds, now)
        if was_aside:
            logger.info("A pod is asked again.", extra=self._named(replica))
            self.show()

    def show(self) -> None:
        """Show in the metrics which pods are asked."""
        now = time.monotonic()
        aside = sum(each.is_aside(now) for each in self._replicas.values())
        self._measures.replicas(self.callee.module, len(self._replicas) - aside, aside)

    def close(self) -> None:
        """Close all idle connections."""
        if self._looking is not None:
            self._looking.cancel()
        for each in [*self._replicas.values(), *([self._service] if self._service else [])]:
            each.close()

    def _look(self, now: float) -> None:
        """Look the pods up, beside the requests."""
        self._look_at = now + LOOK_SECONDS
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._find())

    async def _find(self) -> None:
        parts = urlsplit(self.callee.address)
        port = parts.port or USUAL_PORTS[parts.scheme]
        found = await self.lookup(self.callee.pods, port)
        if not found and not self._replicas:
            found = [(parts.hostname or "", port)]
        if found:
            self._know(found[:MOST_REPLICAS], parts.hostname or "")

    def _know(self, found: list[tuple[str, int]], name: str) -> None:
        for gone in self._replicas.keys() - set(found):
            self._replicas.pop(gone).close()
        for each in found:
            if each not in self._replicas:
                self._replicas[each] = self._replica(*each, name)
        self.show()

    def _replica(self, host: str, port: int, name: str) -> Replica:
        callee, trusts = self.callee, self._trusts
        trusted = lambda: trusts.context(callee)  # noqa: E731
        return Replica(Endpoint(host, port, name, trusted, self._max_header_bytes))

    def _named(self, replica: Replica) -> dict[str, str]:
        end = replica.endpoint
        return {"callee": self.callee.module, "replica": f"{end.host}:{end.port}"}


def _cost(replica: Replica) -> float:
    return replica.cost
