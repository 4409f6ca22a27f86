"""ShedLoad: a share of the less urgent requests is refused, so that the others are answered.

How urgent a request is, its header `Priority` says (RFC 9218); one without is of urgency 3. The
share is kept exactly and evenly, without dice: of four requests with a share of 0.25 the fourth.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from prometheus_client import CollectorRegistry, Counter
from pydantic import Field
from starlette.types import ASGIApp, Receive, Scope, Send

from arkalia_contract import control, endpoints, identity
from arkalia_runtime import urgency
from arkalia_runtime.control.abilities import Ability, Arguments
from arkalia_runtime.identity.callers import Paths
from arkalia_runtime.problems import problem_response

RETRY_AFTER: Final = {"Retry-After": "5"}
"""Seconds: long enough to matter, short enough to be obeyed."""

NEVER: Final = Paths.of(
    (*identity.WITHOUT_TOKEN, endpoints.CONTROL_ACTIONS, f"{endpoints.CONTROL_ACTIONS}/*")
)
"""Paths by which the service is watched and steered: these requests are always answered."""


class ShedLoad(Arguments):
    """What is refused."""

    share: Annotated[float, Field(gt=0, le=1)]
    """Share of these requests that is refused."""

    urgency: Annotated[int, Field(ge=0, le=7)] = 4
    """Requests of this urgency and of less urgent ones (greater numbers, RFC 9218) are concerned."""


@dataclass
class _Rule:
    wanted: ShedLoad
    debt: float = 0.0
    """How much of a request is owed to the share."""

    def refuses(self) -> bool:
        """Whether the request that is being answered is one of those to refuse."""
        if urgency.present() < self.wanted.urgency:
            return False
        self.debt += self.wanted.share
        if self.debt < 1 - 1e-9:  # ten times 0.1 is a little less than 1
            return False
        self.debt -= 1
        return True


class Shedder:
    """Decides which requests are refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rules: list[_Rule] = []
        self._shed = Counter(
            "arkalia_requests_shed",
            "Requests that were refused because the service sheds load.",
            registry=registry,
        )

    @property
    def ability(self) -> Ability[ShedLoad]:
        """What the service can be asked to do."""
        return Ability(control.SHED_LOAD, ShedLoad, self._shedding)

    def refuses(self, path: str) -> bool:
        """Whether the request for *path* that is being answered is refused."""
        if not self._rules or path in NEVER:
            return False
        refused = [rule for rule in self._rules if rule.refuses()]
        if refused:
            self._shed.inc()
        return bool(refused)

    @asynccontextmanager
    async def _shedding(self, wanted: ShedLoad) -> AsyncIterator[None]:
        rule = _Rule(wanted)
        self._rules.append(rule)
        try:
            yield
        finally:
            self._rules = [each for each in self._rules if each is not rule]


class ShedMiddleware:
    """The ASGI layer, before the guard: a refused request costs as little as possible."""

    def __init__(self, app: ASGIApp, shedder: Shedder) -> None:
        self._app = app
        self._shedder = shedder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http" or not self._shedder.refuses(scope["path"]):
            await self._app(scope, receive, send)
            return
        detail = "The service has too much to do, and this request is not urgent."
        status = HTTPStatus.SERVICE_UNAVAILABLE
        response = problem_response(scope, status, detail, said=RETRY_AFTER)
        await response(scope, receive, send)
