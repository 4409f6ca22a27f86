"""Which models may be used by whom: those whose scope the gateway says the caller has.

A request without a caller comes from another module; which may come is decided by `calls`.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from arkalia_assistantia.backends.choosing import LATEST
from arkalia_assistantia.backends.errors import NoAnswerError
from arkalia_contract import headers, scopes

DENIED: Final = "model_denied"

EVERYTHING: Final = frozenset({scopes.ALL})

granted: Final[ContextVar[frozenset[str]]] = ContextVar("granted", default=EVERYTHING)
"""What the caller of the current request may do."""


class GrantedMiddleware:
    """Remembers for each request what its caller may do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            granted.set(_told(Headers(scope=scope)))
        await self._app(scope, receive, send)


def is_allowed(model: str) -> bool:
    """Whether the caller may use *model*, a model's name or an alias."""
    name = model.removesuffix(LATEST)
    names = (name, name + LATEST)
    return any(scopes.covers(granted.get(), _scope(each)) for each in names)


def wanted(model: str, usual: str, listed: Iterable[tuple[str, str]]) -> str:
    """The model that is meant by *model*; by none the *usual* one, or the first that may be used.

    Raises NoAnswerError if the caller may not use it. *listed* are all, with their servers.
    """
    if not model and not is_allowed(usual):
        model = next((name for name, _ in listed if is_allowed(name)), "")
    meant = model or usual
    if meant and not is_allowed(meant):
        message = f"The model {meant} takes the scope {_scope(meant)}, which you do not have."
        raise NoAnswerError(HTTPStatus.FORBIDDEN, DENIED, message)
    return meant


def _scope(model: str) -> str:
    """Patterns are written in lower case."""
    return scopes.MODEL + model.lower()


def _told(given: Headers) -> frozenset[str]:
    said = given.get(headers.SCOPES)
    if said is not None:
        return frozenset(said.split())
    # Who is known and has no scopes at all may nothing.
    return frozenset() if headers.USER in given else EVERYTHING
