"""The layer that answers what is published; everything else goes on to the service's own routes.

It stands before the framework, since most of what the gateway does is to pass on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from arkalia_contract import identity
from arkalia_helloria.cache.answers import Forwards
from arkalia_helloria.callers import Caller, DeniedError, Door
from arkalia_helloria.cors import Origins, origins_of, preflight
from arkalia_helloria.exchange import Asked, Pairs
from arkalia_helloria.limits.rate import Verdict
from arkalia_helloria.limits.rules import Rules
from arkalia_helloria.routes import PUBLISHED, Match, MethodError, PathError, RouteTable
from arkalia_runtime.problems import Problem, problem_response
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What the operator says, as it changes."""

    table: Watched[RouteTable]
    cors: Watched[Origins]


class PreflightError(Exception):
    """It is no request: a browser asks what a page may ask."""

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__()
        self._methods = methods

    def answer(self, origins: Origins, scope: Scope) -> Response:
        """What the page that asks may ask; nothing, if it is of none of *origins*."""
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        response.raw_headers += preflight(origins.of(scope), scope, self._methods)
        return response


class GatewayMiddleware:
    """The ASGI layer."""

    def __init__(
        self, app: ASGIApp, told: "Told", entrance: "Entrance", forwarder: Forwards
    ) -> None:
        self._app = app
        self._table, self._cors = told.table, told.cors
        self._entrance = entrance
        self._forwarder = forwarder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it go on."""
        if scope["type"] != "http" or not scope["path"].startswith(PUBLISHED):
            await self._app(scope, receive, send)
            return
        try:
            # Taken once: who asks may be let in by the routes of before.
            table = self._published()
            match = self._match(table, scope)
            if match is None:
                await self._app(scope, receive, send)
            else:
                await self._answer(table, match, scope, receive, send)
        except PreflightError as asked:
            await asked.answer(origins_of(self._cors), scope)(scope, receive, send)
        except Problem as error:
            members, said = error.members, error.headers
            response = problem_response(scope, error.status_code, error.detail, members, said)
            await response(scope, receive, send)

    def _published(self) -> RouteTable:
        try:
            return self._table.current()
        except UnreadableError:
            sentence = "The gateway does not know yet what is published."
            raise _waiting(sentence) from None

    def _match(self, table: RouteTable, scope: Scope) -> Match | None:
        path = scope["raw_path"].decode("latin-1")
        try:
            match = table.match(scope["method"], path)
        except PathError as error:
            raise Problem(HTTPStatus.BAD_REQUEST, f"The path cannot be used: {error}.") from None
        except MethodError as error:
            if origins_of(self._cors).is_preflight(scope):
                raise PreflightError(error.allowed) from None
            sentence = f"{scope['method']} is not possible here; possible: {error}."
            problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, sentence)
            problem.headers = {"Allow": str(error)}
            raise problem from None
        if match is not None:
            # What logs, metrics and traces call it: the pattern, not what a client sent.
            scope["route"] = match.public
        return match

    async def _answer(
        self, table: RouteTable, match: Match, scope: Scope, receive: Receive, send: Send
    ) -> None:
        caller, said = await self._entrance.let_in(scope, match)
        callee = table.callees[match.route.module]
        meter = self._entrance.rules.meter(caller, match)
        asked = Asked(
            scope, receive, send, match=match, table=table, caller=caller, said=said, meter=meter
        )
        try:
            await self._forwarder.forward(asked, callee)
        except Problem as error:
            _say(error, said)
            raise
        finally:
            if meter is not None:
                self._entrance.rules.charge(caller, meter.used(ended=asked.has_ended))


class Entrance:
    """The door, and the limits before and behind it."""

    def __init__(self, door: Door, rules: Rules) -> None:
        self._door = door
        self.rules = rules

    async def let_in(self, scope: Scope, match: Match) -> tuple[Caller, Pairs]:
        """Who asks, and what the answer says about their limits. Raises Problem."""
        client, _ = scope.get("client") or ("", 0)
        try:
            headers, method = Headers(scope=scope), scope["method"]
            caller = await self._door.let_in(headers, client, match.route, method)
        except DeniedError as error:
            problem = _denied(error)
            if verdicts := self._refused(error, client, match):
                _say(problem, self.rules.headers(verdicts))
            raise problem from None
        await self.rules.know(caller)
        return caller, self.rules.headers(self.rules.take(caller, client, match))

    def _refused(self, error: DeniedError, client: str, match: Match) -> list[Verdict]:
        """Take a refusal from an account too, and say what is left of it. Raises Problem."""
        if error.status == HTTPStatus.UNAUTHORIZED:
            return self.rules.failed_at_the_door(client)
        return [] if error.caller is None else self.rules.take(error.caller, client, match)


def _say(problem: Problem, said: Sequence[tuple[bytes, bytes]]) -> None:
    """Let the answer to *problem* say so too."""
    own = {name.decode(): value.decode() for name, value in said}
    problem.headers = {**(problem.headers or {}), **own}


def _denied(error: DeniedError) -> Problem:
    problem = Problem(error.status, error.reason)
    said: dict[str, str] = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        said["WWW-Authenticate"] = identity.BEARER
    if error.retry_after is not None:
        said["Retry-After"] = f"{max(1, round(error.retry_after))}"
    problem.headers = said or None
    return problem


def _waiting(sentence: str) -> Problem:
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
    problem.headers = {"Retry-After": "1"}
    return problem
