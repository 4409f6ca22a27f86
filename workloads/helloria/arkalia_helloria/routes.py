"""A path of a module that is published."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """What may be asked, and which scopes it takes."""

    module: str
    path: str
    """Pattern of the path, as the module serves it."""
    methods: frozenset[str]
    scopes: frozenset[str]
    """All of them are needed; none: everybody who is known."""
