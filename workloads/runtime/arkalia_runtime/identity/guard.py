"""The guard before all routes: without a module's token only what everybody may ask is answered.

It stands outside the routing, so that a route which somebody adds later is closed until
`module.yaml` of a caller opens it.
"""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from arkalia_contract import endpoints, files, identity
from arkalia_runtime import logs
from arkalia_runtime.identity.callers import Paths, parse_callers
from arkalia_runtime.identity.refusals import Reason, RefusedError
from arkalia_runtime.identity.tokens import OwnModule, Trust, Verifier, parse_trust
from arkalia_runtime.metrics import Metrics
from arkalia_runtime.problems import problem_response
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

FOR_ALL: Final = Paths.of(identity.WITHOUT_TOKEN)

FOR_MODULES_ALWAYS: Final = Paths.of((endpoints.CONTROL_ACTIONS, f"{endpoints.CONTROL_ACTIONS}/*"))
"""What even a service that everybody may use does for modules only."""


@dataclass(frozen=True)
class Guard:
    """Decides who is let in."""

    verifier: Verifier
    callers: Watched[dict[str, Paths]]
    public: bool
    """Whether everybody may use the service's own routes."""

    @classmethod
    def of(cls, module: str, settings: ServiceSettings) -> "Guard":
        """The guard of *module*, with the files that *settings* name."""
        place = OwnModule(settings.namespace, settings.system, settings.module or module)
        trusted = settings.trust_folder / files.ISSUER_KEY, settings.trust_folder / files.KEYS_KEY
        callers = settings.identity_folder / files.CALLERS_KEY
        return cls(
            Verifier(place, Watched(trusted, partial(_trust, *trusted), settings.look_seconds)),
            Watched([callers], partial(_callers, callers), settings.look_seconds),
            settings.public,
        )

    def is_open(self, path: str) -> bool:
        """Whether everybody may ask for *path*."""
        return path in FOR_ALL or (self.public and path not in FOR_MODULES_ALWAYS)

    def caller(self, path: str, authorization: list[str]) -> str:
        """The module that asks for *path*, by the Authorization headers of its request.

        Raises RefusedError if it may not, or if nobody can know who it is.
        """
        token, callers = _token(authorization), self._callers()
        caller = self.verifier.verified(token, callers.keys()).caller
        allowed = callers.get(caller)
        if allowed is None:
            raise RefusedError(Reason.CALLER, caller)
        if path not in allowed:
            raise RefusedError(Reason.PATH, caller)
        return caller

    def _callers(self) -> dict[str, Paths]:
        try:
            return self.callers.current()
        except UnreadableError as error:
            raise RefusedError(Reason.UNVERIFIABLE) from error


class GuardMiddleware:
    """The ASGI layer."""

    def __init__(self, app: ASGIApp, guard: Guard, metrics: Metrics) -> None:
        self._app = app
        self._guard = guard
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or say why not."""
        if scope["type"] != "http" or self._guard.is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            shown = Headers(scope=scope).getlist("authorization")
            logs.caller.set(self._guard.caller(scope["path"], shown))
        except RefusedError as error:
            await self._refuse(error, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refuse(
        self, error: RefusedError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._metrics.refused(error.reason)
        logger.warning(
            "Refused a request: %s", error, extra={"reason": error.reason, "refused": error.caller}
        )
        members = {"reason": error.reason}
        response = problem_response(scope, error.status, str(error), members, error.challenge)
        await response(scope, receive, send)


def _token(authorization: list[str]) -> str:
    if not authorization:
        raise RefusedError(Reason.MISSING)
    scheme, _, token = authorization[0].partition(" ")
    # Two headers could be read differently by a proxy and by us.
    if len(authorization) > 1 or scheme.lower() != identity.BEARER.lower() or not token:
        raise RefusedError(Reason.MALFORMED)
    return token.strip()


def _trust(issuer: Path, keys: Path) -> Trust:
    return parse_trust(issuer.read_text(encoding="utf-8"), keys.read_bytes())


def _callers(path: Path) -> dict[str, Paths]:
    return parse_callers(path.read_bytes())
