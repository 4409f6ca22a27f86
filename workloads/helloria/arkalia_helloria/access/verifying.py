"""Whose a credential is, by what is known now.

A signature is checked once for each token: what it says does not change. Whether its session has
ended, its user is still there and its key is not revoked is looked up each time.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from arkalia_contract import access
from arkalia_helloria.access.credentials import Shown
from arkalia_helloria.access.known import Known
from arkalia_helloria.callers import Caller

REMEMBERED: Final = 10_000
"""Tokens: as many sessions may be active at once before some are checked again."""
LEEWAY_SECONDS: Final = 5
"""How far the clocks of two nodes may be apart."""
ENDED: Final = "The session has ended: log in again."
CLAIMS: Final = ("aud", "exp", "iat", "iss", "sub", access.SESSION_CLAIM)


class UnverifiedError(Exception):
    """A credential is nobody's; the message is for the caller."""

    def __init__(self, sentence: str, *, may_be_new: bool = False) -> None:
        super().__init__(sentence)
        self.may_be_new = may_be_new
        """Whether it may have been issued since accounts were last looked at."""


@dataclass(frozen=True)
class _Said:
    """What a token with a good signature says."""

    user: str
    session: str
    expires: float


class Verifier:
    """Finds out whose credentials are."""

    def __init__(self) -> None:
        self._signed_by: Mapping[str, jwt.PyJWK] = {}
        self._said: dict[bytes, _Said] = {}

    def caller(self, shown: Shown, known: Known) -> Caller:
        """Who shows *shown*. Raises UnverifiedError."""
        return _key_holder(shown.text, known) if shown.is_key else self._user(shown.text, known)

    def _user(self, token: str, known: Known) -> Caller:
        said = self._checked(token, known)
        if said.session in known.ended_sessions:
            raise UnverifiedError(ENDED)
        user = known.users.get(said.user)
        if user is None:
            message = "The user of the session is not there any more."
            raise UnverifiedError(message, may_be_new=True)
        if user.must_enrol:
            return Caller(user.id, frozenset(), frozenset(), must_enrol=True)
        return Caller(user.id, frozenset(user.roles), frozenset(user.scopes))

    def _checked(self, token: str, known: Known) -> _Said:
        if self._signed_by.keys() != known.signing_keys.keys():
            self._signed_by, self._said = known.signing_keys, {}
        digest = hashlib.sha256(token.encode()).digest()
        said = self._said.get(digest)
        if said is None or said.expires <= time.time():
            said = _verified(token, known)
            if len(self._said) >= REMEMBERED:
                del self._said[next(iter(self._said))]
            self._said[digest] = said
        return said


def _key_holder(text: str, known: Known) -> Caller:
    digest = known.digest_of(text)
    key = known.keys.get(digest)
    user = known.users.get(key.user) if key else None
    if key is None or user is None:
        message = "There is no such API key, or it was revoked, or its user may not come in."
        raise UnverifiedError(message, may_be_new=True)
    if key.expires is not None and key.expires <= time.time():
        message = "The API key has expired."
        raise UnverifiedError(message)
    return known.holder(digest, key, user)


def _verified(token: str, known: Known) -> _Said:
    try:
        claims = _claims(token, known)
    except jwt.ExpiredSignatureError:
        message = "The session's token has expired: refresh the session."
        raise UnverifiedError(message) from None
    except (jwt.PyJWTError, RecursionError):
        message = "The credential is neither an API key nor a session's token."
        raise UnverifiedError(message) from None
    return _Said(claims["sub"], claims[access.SESSION_CLAIM], float(claims["exp"]))


def _claims(token: str, known: Known) -> dict[str, Any]:
    named = jwt.get_unverified_header(token).get("kid", "")
    key = known.signing_keys.get(named)
    if key is None:
        message = "The credential is signed with a key that is not known here."
        raise UnverifiedError(message, may_be_new=True)
    return jwt.decode(
        token,
        key,
        algorithms=[access.SESSION_ALGORITHM],
        audience=f"{known.audience}/{access.SESSION_AUDIENCE}",
        issuer=known.audience,
        leeway=LEEWAY_SECONDS,
        options={"require": list(CLAIMS)},
    )
