"""What is known of accounts at a moment, in the form in which it is looked up."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import jwt
from pydantic import TypeAdapter

from arkalia_contract import scopes
from arkalia_contract.access import SESSION_ALGORITHM, View, ViewedKey, ViewedUser
from arkalia_helloria.callers import Caller

_FORM: Final = TypeAdapter(View)


@dataclass(frozen=True)
class Known:
    """A view, looked at from a request."""

    version: int
    audience: str
    digest_key: bytes = field(repr=False)
    signing_keys: Mapping[str, jwt.PyJWK]
    """By their ids."""
    users: Mapping[str, ViewedUser]
    """By id."""
    keys: Mapping[str, ViewedKey]
    """By digest."""
    ended_sessions: frozenset[str]
    roles: Mapping[str, list[str]]
    """Patterns that each role grants."""
    _holders: dict[str, Caller] = field(init=False, default_factory=dict, repr=False, compare=False)
    """Holders of the keys that were shown, by digest. A view does not change, so neither does what they
    may."""

    def holder(self, digest: str, key: ViewedKey, user: ViewedUser) -> Caller:
        """Who *user* is with their *key*, which has this *digest*."""
        found = self._holders.get(digest)
        if found is None:
            found = self._holders[digest] = Caller(
                user.id,
                frozenset(user.roles),
                scopes.both(key.scopes, user.scopes),
                key.id,
                key.tokens_per_minute,
                key.tokens_per_day,
            )
        return found

    def digest_of(self, key: str) -> str:
        """How *key* stands in `keys`: its keyed HMAC-SHA-256, hexadecimal."""
        made = self._keyed.copy()
        made.update(key.encode())
        return made.hexdigest()

    @cached_property
    def _keyed(self) -> hmac.HMAC:
        return hmac.new(self.digest_key, digestmod="sha256")

    @classmethod
    def parse(cls, text: bytes) -> "Known":
        """The view that *text* holds. Raises ValueError if it holds none."""
        view = _FORM.validate_json(text)
        usable = (each for each in _keys(view) if each.algorithm_name == SESSION_ALGORITHM)
        return cls(
            version=view.version,
            audience=view.audience,
            digest_key=bytes.fromhex(view.digest_key),
            signing_keys={each.key_id: each for each in usable if each.key_id},
            users={each.id: each for each in view.users},
            keys={each.digest: each for each in view.keys},
            ended_sessions=frozenset(view.ended_sessions),
            roles=view.roles,
        )


def _keys(view: View) -> list[jwt.PyJWK]:
    try:
        return [jwt.PyJWK(each) for each in view.signing_keys]
    except jwt.PyJWTError as error:
        message = f"it holds a signing key that is none: {error}"
        raise ValueError(message) from error
