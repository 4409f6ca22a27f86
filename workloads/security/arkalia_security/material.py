"""The service's own secret, and the keys that are derived from it, one for each purpose (RFC 5869).

It lies in a file and never in the database: who reads the tables alone can neither recognise an API
key nor make a session or a second factor.
"""

import hmac
import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from arkalia_contract import files
from arkalia_runtime.problems import Problem
from arkalia_runtime.watched import UnreadableError, Watched
from arkalia_security.settings import SecuritySettings

SHORTEST: Final = 32
"""Bytes: 256 bits, as the operator makes them, take 43 characters."""
NONCE_BYTES: Final = 12


class UnsealableError(Exception):
    """What was sealed cannot be opened: it was sealed under another secret, or changed."""


@dataclass(frozen=True)
class Material:
    """The keys."""

    api_keys: bytes = field(repr=False)
    refreshing: bytes = field(repr=False)
    recovering: bytes = field(repr=False)
    first_credential: bytes = field(repr=False)
    _sealing: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "Material":
        """The keys that *secret* leads to. Raises ValueError if it is too short to be one."""
        if len(secret) < SHORTEST:
            message = f"it has {len(secret)} bytes: a key has at least {SHORTEST}"
            raise ValueError(message)
        return cls(
            api_keys=_derived(secret, b"api keys"),
            refreshing=_derived(secret, b"refresh tokens"),
            recovering=_derived(secret, b"recovery codes"),
            first_credential=_derived(secret, b"first credential"),
            _sealing=_derived(secret, b"sealing"),
        )

    def seal(self, plain: bytes, place: str) -> bytes:
        """*plain* so that only this service can read it, and only in its *place*."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._sealing).encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for *place*. Raises UnsealableError."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self._sealing).decrypt(nonce, rest, place.encode())
        except InvalidTag:
            message = f"{place} was sealed under another key of this service"
            raise UnsealableError(message) from None


class Secret:
    """The newest usable keys."""

    def __init__(self, settings: SecuritySettings) -> None:
        path = settings.key_folder / files.KEY_KEY
        self._watched = Watched(
            [path], lambda: Material.of(path.read_bytes().strip()), settings.look_seconds
        )

    def current(self) -> Material:
        """The keys. Raises a 503 Problem while they cannot be read."""
        try:
            return self._watched.current()
        except UnreadableError as error:
            raise Problem(503, "The key of this service cannot be read yet.") from error


def digest(key: bytes, text: str) -> bytes:
    """By what *text* is known, keyed."""
    return hmac.digest(key, text.encode(), "sha256")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"arkalia security " + purpose).derive(secret)
