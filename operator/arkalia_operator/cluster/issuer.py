"""Who signs the cluster's tokens, and with which keys: asked of the API server, again and again.

https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

from arkalia_contract import identity
from arkalia_operator.backoff import jittered
from arkalia_operator.cluster.client import Client, Request
from arkalia_operator.desired.trust import Issuer
from arkalia_operator.errors import ApiError

LOGGER = logging.getLogger(__name__)

DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS: Final = "/openid/v1/jwks"
"""Asked of the API server itself: `jwks_uri` may lead to where only others get to."""
JWK_SET: Final = "application/jwk-set+json"
"""RFC 7517. The API server offers nothing else there, and refuses who asks for JSON."""
INTERVAL_SECONDS: Final = 60.0
KEYS_KEPT: Final = 16
"""An issuer has one key, or two while one follows another."""


class IssuerReader:
    """Knows the issuer, once it was read."""

    def __init__(self, client: Client, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock
        self._keys: dict[str, tuple[Mapping[str, Any], float]] = {}
        self.known: Issuer | None = None

    async def read(self) -> bool:
        """Read the issuer; says whether it is another one than before. Raises ApiError."""
        discovery = await self._client.send(Request("GET", DISCOVERY))
        published = await self._client.send(Request("GET", KEYS, accept=JWK_SET))
        self._learn(published.get("keys") or [])
        before = self.known
        self.known = Issuer(str(discovery["issuer"]), self._document())
        return self.known != before

    async def run(self, changed: Callable[[], None]) -> None:
        """Read it again every minute, until cancelled; call *changed* when it is another one."""
        while True:
            await asyncio.sleep(jittered(INTERVAL_SECONDS))
            try:
                if await self.read():
                    LOGGER.info("The cluster signs its tokens with other keys than before.")
                    changed()
            except ApiError as error:
                LOGGER.warning("The keys of the cluster's tokens cannot be read: %s", error)

    def _learn(self, keys: list[Mapping[str, Any]]) -> None:
        """Take *keys*, and keep what is not published any more while a token of it may be valid.

        Several API servers that get new keys one after the other would otherwise make keys come
        and go.
        """
        now = self._clock()
        self._keys |= {_text(key): (key, now) for key in keys}
        young = {
            name: (key, seen)
            for name, (key, seen) in self._keys.items()
            if now - seen <= identity.TOKEN_SECONDS
        }
        newest = sorted(young, key=lambda name: -young[name][1])[:KEYS_KEPT]
        self._keys = {name: young[name] for name in newest}

    def _document(self) -> str:
        keys = [self._keys[name][0] for name in sorted(self._keys)]
        return _text({"keys": keys})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
