"""Who asks, once that is known; and the door at which it is found out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from arkalia_helloria.routes import Route

REMEMBERED: Final = 4096
"""Callers, or callers with a route, for which something is looked up once. They are compared by all that
they may: one whose rights change is another."""


@dataclass(frozen=True)
class Caller:
    """Somebody who was let in."""

    user: str
    """Stable id; empty where the route lets in everybody and nobody said who they are."""
    roles: frozenset[str]
    scopes: frozenset[str]
    key: str | None = None
    """Id of the API key, if one was shown."""
    tokens_per_minute: int | None = None
    """Tokens of language models that the key may use in a minute."""
    tokens_per_day: int | None = None
    must_enrol: bool = False
    """They may nothing until they have a second factor."""


class DeniedError(Exception):
    """A request is not let in."""

    def __init__(
        self,
        status: int,
        reason: str,
        retry_after: float | None = None,
        caller: Caller | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        """401 if it is not known who asks, 403 if they may not, 503 if nobody can be recognised."""
        self.reason = reason
        """A sentence for the caller."""
        self.retry_after = retry_after
        """Seconds until it may be tried again; None where that changes nothing."""
        self.caller = caller
        """Who may not; None if that is not known."""


class Door(Protocol):
    """Decides who is let in."""

    async def let_in(
        self, headers: Mapping[str, str], client: str, route: Route, method: str
    ) -> Caller:
        """Who asks for *route* by *method*, from the address *client*. Raises DeniedError."""
