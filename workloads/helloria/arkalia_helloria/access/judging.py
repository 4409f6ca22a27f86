"""Whether somebody may ask for a route: only if its scopes are granted, all of them. Pure."""

from functools import lru_cache
from typing import Final

from arkalia_contract import scopes
from arkalia_helloria.access.polling import MODULE
from arkalia_helloria.callers import REMEMBERED, Caller
from arkalia_helloria.routes import Route

ENROLMENT: Final = frozenset(("/auth/me", "/auth/mfa", "/auth/mfa/confirm"))
"""Routes by which a second factor is set up. A session is renewed and ended without a token."""


def is_public(route: Route) -> bool:
    """Whether everybody may ask for *route*."""
    return scopes.PUBLIC in route.scopes


def is_for_enrolment(route: Route) -> bool:
    """Whether somebody who must set up a second factor may ask for *route*."""
    return route.module == MODULE and route.path in ENROLMENT


@lru_cache(maxsize=REMEMBERED)
def missing(caller: Caller, route: Route) -> tuple[str, ...]:
    """Scopes of *route* that *caller* does not have."""
    return tuple(sorted(each for each in route.scopes if not scopes.covers(caller.scopes, each)))
