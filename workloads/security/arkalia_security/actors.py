"""Who asks, as the gateway says: it has verified them, and only modules that may call come through.

The gateway judges by the scopes of routes. What depends on whom a request is about is judged here.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Depends, Request

from arkalia_contract import access, headers, scopes
from arkalia_runtime.problems import Problem

LONGEST_ADDRESS: Final = 45
"""An IPv6 address with an IPv4 one in it."""


@dataclass(frozen=True)
class Actor:
    """Somebody who was let in."""

    user: str
    roles: frozenset[str]
    scopes: frozenset[str]
    key: str
    client: str
    """Address of the client."""

    @property
    def is_of_openid(self) -> bool:
        """Whether an OpenID Connect provider keeps their account."""
        return self.user.startswith(access.OPENID_USER)

    @property
    def subject(self) -> str:
        """As the provider calls a user of it."""
        return unquote(self.user.removeprefix(access.OPENID_USER))

    @property
    def name(self) -> str:
        """As events call them."""
        return f"key:{self.key}" if self.key else f"user:{self.user}"

    def may(self, asked: str) -> bool:
        """Whether they have the scope, or all of the pattern, *asked*."""
        return scopes.covers(self.scopes, asked)

    def require(self, asked: str) -> None:
        """Raise a 403 Problem unless they have the scope *asked*."""
        if not self.may(asked):
            raise Problem(HTTPStatus.FORBIDDEN, f"This takes the scope {asked}.")

    def require_session(self) -> None:
        """Raise a 403 Problem for who shows a key: a key that was lost must not change its user."""
        if self.key:
            raise Problem(HTTPStatus.FORBIDDEN, "This takes a session: log in with a password.")

    def require_all(self, patterns: frozenset[str], whose: str) -> None:
        """Raise a 403 Problem unless they have all that *patterns* grant: nobody gives away more."""
        missing = sorted(each for each in patterns if not self.may(each))
        if missing:
            detail = f"{whose} has scopes that you do not have yourself: {', '.join(missing)}."
            raise Problem(HTTPStatus.FORBIDDEN, detail)


def client_of(request: Request) -> str:
    """Address of the client, as the gateway says; of the caller where none does."""
    said = request.headers.get(headers.FORWARDED_FOR, "").rpartition(",")[2].strip()
    return said[:LONGEST_ADDRESS] or (request.client.host if request.client else "")


def actor_of(request: Request) -> Actor:
    """Who asks. Raises a 401 Problem if the gateway does not say."""
    user = request.headers.get(headers.USER, "")
    if not user:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Log in, or show an API key, at the gateway.")
    return Actor(
        user,
        frozenset(request.headers.get(headers.ROLES, "").split(",")) - {""},
        frozenset(request.headers.get(headers.SCOPES, "").split()),
        request.headers.get(headers.KEY, ""),
        client_of(request),
    )


Client = Annotated[str, Depends(client_of)]
Asking = Annotated[Actor, Depends(actor_of)]
