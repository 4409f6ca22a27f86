"""Whom the gateway trusts among the pods, and what it shows them: files that are read again."""

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from arkalia_contract import files, identity
from arkalia_helloria.routes import ModuleAddress
from arkalia_runtime.calls.tokens import shown
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import Watched


class Trusts:
    """What all upstreams share."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        authority = settings.trust_folder / files.AUTHORITY_KEY
        self.authorities = Watched([authority], partial(_context, authority), settings.look_seconds)

    def context(self, callee: ModuleAddress) -> ssl.SSLContext | None:
        """What TLS with the module at *callee* stands on; None where it speaks plain HTTP."""
        if urlsplit(callee.address).scheme != identity.SCHEME:
            return None
        return self.authorities.current()

    def token(self, module: str) -> Callable[[], bytes]:
        """What is shown to *module*, as a header's value."""
        watched = shown(self._settings.tokens_folder, module, self._settings.look_seconds)
        return lambda: f"{identity.BEARER} {watched.current()}".encode("ascii")


def _context(path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(path))
