"""Passwords, drawn at random with 256 bits, and what a data service knows them by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from arkalia_operator.desired.data.access import DataService

RANDOM_BYTES: Final = 32
SALT_BYTES: Final = 16
ITERATIONS: Final = 4096
"""PostgreSQL's own (SCRAM_SHA_256_DEFAULT_ITERATIONS). They slow down guessing; nobody guesses a
password of 256 bits."""


def make_password() -> str:
    """A new password: letters, digits, `-` and `_`, so that nothing has to quote it."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def make_id() -> str:
    """What tells a login from all others."""
    return secrets.token_hex(8)


def verifier(service: DataService, password: str) -> str:
    """By what *service* knows *password*."""
    if service is DataService.POSTGRESQL:
        return scram(password, secrets.token_bytes(SALT_BYTES))
    return sha256(password)


def sha256(password: str) -> str:
    """The digest by which Redis knows *password*."""
    return hashlib.sha256(password.encode()).hexdigest()


def scram(password: str, salt: bytes) -> str:
    """The SCRAM-SHA-256 verifier of *password* as PostgreSQL stores it (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    keys = f"{_text(stored)}:{_text(server)}"
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${keys}"


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
