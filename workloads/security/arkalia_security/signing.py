"""The keys that sign sessions' tokens, each followed by another before it is old.

A new key is published for a while before it signs, so that every gateway knows it by then; and an
old one until the last token that it signed has ended.
"""

import secrets
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.types.json import Jsonb

from arkalia_contract import access
from arkalia_runtime.database import Connection
from arkalia_security.ground import Ground, changed
from arkalia_security.material import Material, UnsealableError

PUBLISHED_SECONDS: Final = 60
"""How long a key is published before it signs. Gateways look every second."""

ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.signing', 0))"
NEWEST: Final = """
    SELECT id, sealed, extract(epoch FROM now() - created_at)::float8 FROM signing_keys
    ORDER BY created_at DESC
"""
ADD: Final = "INSERT INTO signing_keys (id, published, sealed) VALUES (%s, %s, %s)"
REMOVE: Final = "DELETE FROM signing_keys WHERE id = ANY(%s)"


@dataclass(frozen=True)
class SigningKey:
    """A key with which is signed now."""

    id: str
    private: Ed25519PrivateKey


async def keep_fresh(ground: Ground) -> None:
    """Make the next key when it is due, and remove those that nobody needs."""
    async with ground.database.transaction() as connection:
        await connection.execute(ALONE)
        rows = await connection.every(NEWEST)
        usable = [row for row in rows if _opened(ground.material, row[0], row[1]) is not None]
        if not usable or usable[0][2] > ground.settings.signing_key_days * 86400:
            await _add(ground, connection)
        gone = [row[0] for row in rows if row not in usable] + _over(ground, usable)
        if gone:
            await connection.execute(REMOVE, (gone,))
            await changed(connection)


async def current(ground: Ground) -> SigningKey:
    """The key to sign with; the first one is made if nobody has made it yet."""
    key = await _found(ground)
    if key is None:
        await keep_fresh(ground)
        key = await _found(ground)
    assert key is not None  # noqa: S101 - it was made with the keys that open it
    return key


def signed(key: SigningKey, audience: str, user: str, session: str, seconds: int) -> str:
    """The token of a session."""
    now = int(time.time())
    claims = {
        "iss": audience,
        "aud": f"{audience}/{access.SESSION_AUDIENCE}",
        "sub": user,
        access.SESSION_CLAIM: session,
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode(claims, key.private, access.SESSION_ALGORITHM, {"kid": key.id})


async def _found(ground: Ground) -> SigningKey | None:
    async with ground.database.transaction() as connection:
        return _chosen(ground.material, await connection.every(NEWEST))


async def _add(ground: Ground, connection: Connection) -> None:
    private, name = Ed25519PrivateKey.generate(), secrets.token_hex(8)
    form = orjson.loads(jwt.get_algorithm_by_name("EdDSA").to_jwk(private.public_key()))
    published = form | {"kid": name, "alg": access.SESSION_ALGORITHM, "use": "sig"}
    sealed = ground.material.seal(private.private_bytes_raw(), _place(name))
    await connection.execute(ADD, (name, Jsonb(published), sealed))
    await changed(connection)


def _chosen(material: Material, rows: list[Any]) -> SigningKey | None:
    """The newest that everybody knows by now; or the newest, if none is so old."""
    opened = [(_opened(material, row[0], row[1]), row[2]) for row in rows]
    usable = [(key, age) for key, age in opened if key is not None]
    known = [key for key, age in usable if age > PUBLISHED_SECONDS]
    return known[0] if known else (usable[-1][0] if usable else None)


def _over(ground: Ground, usable: list[Any]) -> list[str]:
    """Those that were followed by another one, so long ago that all their tokens have ended."""
    grace = PUBLISHED_SECONDS + ground.settings.token_seconds * 2
    return [row[0] for newer, row in pairwise(usable) if newer[2] > grace]


def _opened(material: Material, name: str, sealed: bytes) -> SigningKey | None:
    try:
        private = material.open(sealed, _place(name))
    except UnsealableError:
        return None
    return SigningKey(name, Ed25519PrivateKey.from_private_bytes(private))


def _place(name: str) -> str:
    return f"signing key {name}"
