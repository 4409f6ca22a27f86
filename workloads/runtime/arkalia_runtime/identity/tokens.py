"""Whose a token is: projected tokens of Kubernetes, checked without asking the API server."""

import hashlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt import exceptions as faults

from arkalia_contract import identity
from arkalia_runtime.identity.refusals import Reason, RefusedError
from arkalia_runtime.watched import UnreadableError, Watched

LEEWAY_SECONDS: Final = 5
"""How far the clocks of two nodes may be apart."""

LONGEST_TOKEN: Final = 16 * 1024
"""Characters. Kubernetes' are about 1,200."""

REMEMBERED_TOKENS: Final = 1024
"""A pod that calls has one token at a time, and each ends after ten minutes."""

REQUIRED_CLAIMS: Final = ("aud", "exp", "iat", "iss", "sub")

_REASONS: Final = (
    (faults.InvalidSignatureError, Reason.SIGNATURE),
    (faults.InvalidAlgorithmError, Reason.ALGORITHM),
    (faults.ExpiredSignatureError, Reason.EXPIRED),
    (faults.ImmatureSignatureError, Reason.NOT_YET_VALID),
    (faults.InvalidAudienceError, Reason.AUDIENCE),
    (faults.InvalidIssuerError, Reason.ISSUER),
    (faults.DecodeError, Reason.MALFORMED),
)
"""Anything else that the library finds is a claim that is missing or has no usable form."""


@dataclass(frozen=True)
class OwnModule:
    """Which module of which system this is."""

    namespace: str
    system: str
    module: str


@dataclass(frozen=True)
class Trust:
    """The cluster's issuer of tokens, and its keys by their ids."""

    issuer: str
    keys: Mapping[str, jwt.PyJWK]


@dataclass(frozen=True)
class Verified:
    """What a good token says."""

    caller: str
    """Name of the module that shows it; the whole subject of somebody else who was named."""
    expires: float
    """Unix time."""


def parse_trust(issuer: str, keys: str | bytes) -> Trust:
    """Trust in *issuer* with its JSON Web Key Set. Raises ValueError if it holds no usable key."""
    try:
        published = jwt.PyJWKSet.from_json(keys if isinstance(keys, str) else keys.decode()).keys
    except (faults.PyJWTError, AttributeError) as error:
        message = f"no usable JSON Web Key Set: {error}"
        raise ValueError(message) from error
    # A symmetric key cannot be public: it would let every reader of the file sign.
    usable = {key.key_id: key for key in published if key.algorithm_name in identity.ALGORITHMS}
    return Trust(issuer.strip(), {key_id: key for key_id, key in usable.items() if key_id})


def verify(
    token: str, trust: Trust, place: OwnModule, strangers: Collection[str] = frozenset()
) -> Verified:
    """Whose *token* is. Raises RefusedError unless it is good here and now.

    It is a module's of this system, or of one of the *strangers*, who are known by their subjects.
    """
    claims = _claims(token, trust, place)
    kubernetes, bound = identity.POD_CLAIM
    if not isinstance(claims.get(kubernetes), dict) or not claims[kubernetes].get(bound):
        raise RefusedError(Reason.CLAIMS)
    prefix = identity.subject(place.namespace, place.system, "")
    caller = claims["sub"].removeprefix(prefix)
    if not caller or (caller == claims["sub"] and not _is_named(caller, strangers)):
        raise RefusedError(Reason.SUBJECT)
    return Verified(caller, float(claims["exp"]))


def _is_named(subject: str, strangers: Collection[str]) -> bool:
    """Whether *subject* is one of the *strangers*: the name of a module has no colon."""
    return subject.startswith(identity.ACCOUNTS) and subject in strangers


def _claims(token: str, trust: Trust, place: OwnModule) -> dict[str, Any]:
    try:
        # The key's own algorithm decides how to check; the token's header must only agree with it.
        return jwt.decode(
            token,
            _key(token, trust),
            algorithms=identity.ALGORITHMS,
            audience=identity.audience(place.namespace, place.system, place.module),
            issuer=trust.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED_CLAIMS)},
        )
    except (faults.PyJWTError, RecursionError) as error:
        raise RefusedError(_reason(error)) from error


def _key(token: str, trust: Trust) -> jwt.PyJWK:
    if len(token) > LONGEST_TOKEN:
        raise RefusedError(Reason.MALFORMED)
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in identity.ALGORITHMS:
        raise RefusedError(Reason.ALGORITHM)
    key = trust.keys.get(header.get("kid", ""))
    if key is None:
        raise RefusedError(Reason.UNKNOWN_KEY)
    return key


def _reason(error: Exception) -> Reason:
    if isinstance(error, RecursionError):  # JSON nested deeper than Python's stack
        return Reason.MALFORMED
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.CLAIMS)


class Verifier:
    """`verify` with the newest keys, remembering what it has verified."""

    def __init__(self, place: OwnModule, trust: Watched[Trust]) -> None:
        self._place = place
        self._trust = trust
        self._known_under: Trust | None = None
        self._known: dict[bytes, Verified] = {}

    def verified(self, token: str, strangers: Collection[str] = frozenset()) -> Verified:
        """Whose *token* is, as `verify`. Raises RefusedError unless it is good here and now."""
        trust = self._newest_trust()
        digest = hashlib.sha256(token.encode(errors="surrogateescape")).digest()
        known = self._known.get(digest)
        if known is not None and known.expires > time.time():
            return known
        return self._remember(digest, self._verify(token, trust, strangers))

    def _verify(self, token: str, trust: Trust, strangers: Collection[str]) -> Verified:
        try:
            return verify(token, trust, self._place, strangers)
        except RefusedError as error:
            if error.reason is not Reason.UNKNOWN_KEY:
                raise
        # The cluster may sign with a key that was published since the last look.
        return verify(token, self._newest_trust(look=True), self._place, strangers)

    def _newest_trust(self, *, look: bool = False) -> Trust:
        try:
            trust = self._trust.current(look=look)
        except UnreadableError as error:
            raise RefusedError(Reason.UNVERIFIABLE) from error
        if trust is not self._known_under:  # a key that was withdrawn verifies nothing any more
            self._known_under, self._known = trust, {}
        return trust

    def _remember(self, digest: bytes, verified: Verified) -> Verified:
        if len(self._known) >= REMEMBERED_TOKENS:
            del self._known[next(iter(self._known))]
        self._known[digest] = verified
        return verified
