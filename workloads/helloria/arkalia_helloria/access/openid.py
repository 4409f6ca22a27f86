"""Tokens of an OpenID Connect provider: signed JWTs, checked with the keys that it publishes.

Where the keys are is asked of the provider (OpenID Connect Discovery 1.0). They are asked for again
every ten minutes, beside the requests, and at once when a token names a key that is not known, but
never more often than every ten seconds: who makes up names of keys cannot make the gateway ask. While
the provider is away its last keys are good for a day, and nobody waits for it whose key is known.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
import jwt
from pydantic import TypeAdapter

from arkalia_contract import files
from arkalia_contract.access import LONGEST_SUBJECT, OPENID_USER, OpenIdProvider
from arkalia_helloria.access.credentials import Shown
from arkalia_helloria.access.known import Known
from arkalia_helloria.access.verifying import LEEWAY_SECONDS, REMEMBERED, UnverifiedError
from arkalia_helloria.callers import Caller
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched

logger: Final = logging.getLogger(__name__)

ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"})
"""With a public key all of them; a token that names another is refused before anything is done."""
CLAIMS: Final = ("aud", "exp", "iat", "iss", "sub")
DISCOVERY: Final = "/.well-known/openid-configuration"
MOST_ROLES: Final = 64
FRESH_SECONDS: Final = 600.0
AGAIN_SECONDS: Final = 10.0
GOOD_SECONDS: Final = 86400.0
LOOK_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
"""For all that is asked at one time."""
LONGEST_ANSWER: Final = 1024 * 1024
PLAIN: Final = "identity"
"""How an answer is encoded: compressed, a short one could be a long one."""

FAULTS: Final = (
    httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, KeyError, TypeError, AttributeError,
    NotImplementedError, RecursionError, jwt.PyJWTError,
)  # fmt: skip
"""What is raised where a provider does not answer as it should."""

_FORM: Final = TypeAdapter(OpenIdProvider | None)
_WRONG: Final = "The token of the OpenID Connect provider is not good here."


@dataclass(frozen=True)
class _Keys:
    """What a provider publishes."""

    provider: OpenIdProvider | None = None
    by_id: Mapping[str, jwt.PyJWK] = field(default_factory=dict)
    at: float = float("-inf")
    """When that was."""


class Provider:
    """The provider that the system names, if it names one."""

    def __init__(self, settings: ServiceSettings) -> None:
        path = settings.identity_folder / files.OPENID_KEY
        self._watched: Watched[list[OpenIdProvider | None]] = Watched(
            [path], lambda: [_FORM.validate_json(path.read_bytes())], settings.look_seconds
        )
        self._keys = _Keys()
        self._asked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._claims: dict[bytes, dict[str, Any]] = {}

    def issued(self, shown: Shown) -> bool:
        """Whether *shown* says that it is a token of this provider; that need not be true."""
        if shown.is_key:
            return False
        named = self._named()
        return named is not None and _issuer(shown.text) == named.issuer

    async def keep(self) -> None:
        """Ask for the keys again when they are old, for as long as they are in use."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            named = self._named()
            if named is not None and self._are_old(named):
                await self._look(named)

    def _are_old(self, named: OpenIdProvider) -> bool:
        """Whether keys of *named* are in use that were asked for a while ago."""
        keys = self._keys
        return keys.provider == named and bool(keys.by_id) and self._age > FRESH_SECONDS

    @property
    def _age(self) -> float:
        return time.monotonic() - self._keys.at

    async def caller(self, token: str, known: Known) -> Caller:
        """Whose *token* is. Raises UnverifiedError."""
        named = self._named()
        if named is None:
            raise UnverifiedError(_WRONG)
        claims = await self._checked(token, named)
        # What `&` gives with the keys of a mapping is no frozenset.
        roles = _roles(claims, named).intersection(known.roles)
        granted = frozenset(each for role in roles for each in known.roles[role])
        return Caller(f"{OPENID_USER}{quote(claims['sub'], safe='')}", roles, granted)

    def _named(self) -> OpenIdProvider | None:
        try:
            return self._watched.current()[0]
        except UnreadableError:
            return None

    async def _checked(self, token: str, named: OpenIdProvider) -> dict[str, Any]:
        key = await self._key(token, named)
        digest = hashlib.sha256(token.encode()).digest()
        claims = self._claims.get(digest)
        if claims is None or claims["exp"] + LEEWAY_SECONDS <= time.time():
            claims = await self._verified(token, key, named)
            if len(self._claims) >= REMEMBERED:
                del self._claims[next(iter(self._claims))]
            self._claims[digest] = claims
        return claims

    async def _verified(self, token: str, key: jwt.PyJWK, named: OpenIdProvider) -> dict[str, Any]:
        try:
            return _verified(token, key, named)
        except UnverifiedError:
            # One that names no key may be of a key that has followed the one that is known.
            if _key_id(token) or not await self._look(named):
                raise
        return _verified(token, await self._key(token, named), named)

    async def _key(self, token: str, named: OpenIdProvider) -> jwt.PyJWK:
        """The key that signed *token*, by what it says."""
        wanted = _key_id(token)
        if self._keys.provider != named:
            self._keys, self._claims, self._asked_at = _Keys(named), {}, float("-inf")
        if wanted not in self._keys.by_id or self._age > GOOD_SECONDS:
            await self._look(named)
        key = self._keys.by_id.get(wanted)
        if key is None or self._keys.provider != named or self._age > GOOD_SECONDS:
            raise UnverifiedError(_WRONG)
        return key

    async def _look(self, named: OpenIdProvider) -> bool:
        """Ask for the keys, unless that was done a moment ago; whether there was an answer."""
        async with self._looking:
            if self._keys.provider != named:
                return False  # while it waited the system named another one
            if time.monotonic() - self._asked_at < AGAIN_SECONDS:
                return False
            self._asked_at = time.monotonic()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    found = await _published(named)
            except FAULTS as error:
                logger.warning("The OpenID Connect provider gives no keys: %r", error)
                return False
            if self._keys.provider != named:
                return False  # meanwhile the system names another one
            self._keys, self._claims = _Keys(named, found, time.monotonic()), {}
            return True


async def _published(named: OpenIdProvider) -> dict[str, jwt.PyJWK]:
    """The keys of the provider, by their ids."""
    asked = {"Accept-Encoding": PLAIN}
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, headers=asked) as client:
        described = await _document(client, named.issuer.rstrip("/") + DISCOVERY)
        if described["issuer"] != named.issuer:
            message = f"it calls itself {described['issuer']!r}"
            raise ValueError(message)
        address = str(described["jwks_uri"])
        if named.issuer.startswith("https://") and not address.startswith("https://"):
            message = "its keys lie where nobody vouches for them"
            raise ValueError(message)
        published = jwt.PyJWKSet.from_dict(await _document(client, address))
    usable = (each for each in published.keys if each.algorithm_name in ALGORITHMS)
    found = {each.key_id or "": each for each in usable}
    if len(found) == 1:  # then a token need not name it (OpenID Connect Core 1.0, 10.1)
        found[""] = next(iter(found.values()))
    return found


async def _document(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    text = b""
    async with client.stream("GET", address) as answer:
        answer.raise_for_status()
        if answer.headers.get("Content-Encoding", PLAIN) != PLAIN:
            message = f"{address} is compressed, and was not to be"
            raise ValueError(message)
        async for part in answer.aiter_raw():
            text += part
            if len(text) > LONGEST_ANSWER:
                message = f"{address} is too long"
                raise ValueError(message)
    found = json.loads(text)
    if not isinstance(found, dict):
        message = f"{address} holds no object"
        raise TypeError(message)
    return found


def _issuer(token: str) -> str:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        return ""
    return str(claims.get("iss", ""))


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError):
        raise UnverifiedError(_WRONG) from None
    if header.get("alg") not in ALGORITHMS:
        raise UnverifiedError(_WRONG)
    return str(header.get("kid", ""))


def _verified(token: str, key: jwt.PyJWK, named: OpenIdProvider) -> dict[str, Any]:
    try:
        # The key's own algorithm decides how to check; the token's header must agree with it.
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=named.audience,
            issuer=named.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(CLAIMS)},
        )
    except jwt.ExpiredSignatureError:
        message = "The token of the OpenID Connect provider has expired: get a new one."
        raise UnverifiedError(message) from None
    except (jwt.PyJWTError, RecursionError):
        raise UnverifiedError(_WRONG) from None
    if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
        raise UnverifiedError(_WRONG)
    return claims


def _roles(claims: Mapping[str, Any], named: OpenIdProvider) -> frozenset[str]:
    said = claims.get(named.roles_claim, [])
    listed = said if isinstance(said, list) else str(said).split()
    found = [each for each in listed[:MOST_ROLES] if isinstance(each, str)]
    return frozenset({*found, *named.default_roles})
