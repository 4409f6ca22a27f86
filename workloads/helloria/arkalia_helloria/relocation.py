"""PURE. Where an answer leads its client: a module names its own paths, and the client knows the public ones.

As a reverse proxy does it (nginx' `proxy_redirect`): the module's own address gives way to the public
path, and so does a path of its own that is published. What leads elsewhere stays as it is.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from arkalia_helloria.routes import PREFIX, RouteTable

LEADING: Final = frozenset({b"location", b"content-location"})
"""Headers that lead somewhere."""

WEB: Final = frozenset({"", "http", "https"})
"""What a module may take its own address for: the connection to it may be either."""


@dataclass(frozen=True)
class Home:
    """What a module calls its own."""

    table: RouteTable
    module: str
    host: bytes
    """What the gateway asks it as."""

    def relocated(self, value: bytes) -> bytes:
        """Where *value*, the content of such a header, leads from outside."""
        try:
            scheme, host, path, query, fragment = urlsplit(value.decode("latin-1"))
        except ValueError:
            return value
        is_own = scheme in WEB and host.lower().encode("latin-1") == self.host.lower()
        if not is_own and (scheme or host):
            return value
        public = self._public((path or "/") if is_own else path, is_own=is_own)
        if public is None:
            return value
        return urlunsplit(("", "", public, query, fragment)).encode("latin-1")

    def _public(self, path: str, *, is_own: bool) -> str | None:
        """The public path; None where *path* is none of the module's, or says from where it is meant."""
        below = f"{PREFIX}/{self.module}"
        if path == below or path.startswith(f"{below}/"):
            return path  # the module knows where it is published
        if is_own:
            return f"{below}{path}"
        # A module of `/*` has every path, and may still mean what another one publishes.
        is_public = path.startswith(f"{PREFIX}/") and self.table.leads(path)
        return (
            None if is_public or not self.table.publishes(self.module, path) else f"{below}{path}"
        )
