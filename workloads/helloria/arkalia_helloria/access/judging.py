"""Whether somebody may ask for a route: only if its scopes are granted, all of them. Pure."""

from arkalia_contract import scopes
from arkalia_helloria.callers import Caller
from arkalia_helloria.routes import Route


def is_public(route: Route) -> bool:
    """Whether everybody may ask for *route*."""
    return scopes.PUBLIC in route.scopes


def missing(caller: Caller, route: Route) -> list[str]:
    """Scopes of *route* that *caller* does not have."""
    return sorted(each for each in route.scopes if not scopes.covers(caller.scopes, each))
