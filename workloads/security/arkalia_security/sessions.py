"""Sessions: a short token to show, and a longer one that renews it, each good once.

The second is made of the session's id, its nonce and how often it was renewed, with a key that is not
in the database. So the one before can be recognised: shown again after a moment, it was stolen from
its owner or by whom it was stolen from, and the session ends.
"""

import base64
import hmac
import math
import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from psycopg.rows import TupleRow
from pydantic import BaseModel

from arkalia_runtime.database import Connection
from arkalia_runtime.ids import new_id
from arkalia_runtime.problems import Problem
from arkalia_security import signing
from arkalia_security.ground import Ground, changed, one
from arkalia_security.signing import SigningKey

MARK: Final = "arr"
ACTOR: Final = "module:security"
NONCE_BYTES: Final = 16
MINUTE: Final = 60
AGAIN_SECONDS: Final = 10
"""An answer may be lost on its way: for so long the last token but one still gets the newest."""

ADD: Final = """
    INSERT INTO sessions (id, user_id, nonce, client, expires_at)
    VALUES (%s, %s, %s, %s, now() + make_interval(mins => %s))
"""
READ: Final = """
    SELECT user_id, nonce, generation, extract(epoch FROM now() - refreshed_at)::float8,
        expires_at > now() AND ended_at IS NULL AND NOT users.disabled,
        extract(epoch FROM expires_at - now())::float8
    FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = %s
"""
LOCK: Final = f"{READ} FOR UPDATE OF sessions"
RENEW: Final = """
    UPDATE sessions SET generation = generation + 1, refreshed_at = now() WHERE id = %s
"""
END: Final = """
    UPDATE sessions SET ended_at = now() WHERE id = %s AND ended_at IS NULL RETURNING user_id
"""
BEYOND: Final = """
    SELECT id FROM sessions WHERE user_id = %s AND ended_at IS NULL AND expires_at > now()
    ORDER BY created_at DESC OFFSET %s
"""
CLEAN: Final = """
    DELETE FROM sessions WHERE expires_at < now() - interval '1 day'
        OR ended_at < now() - interval '1 day'
"""


class Tokens(BaseModel):
    """What a session is shown with, and renewed with."""

    access_token: str
    """Send it as `Authorization: Bearer ...`."""
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's word
    expires_in: int
    """Seconds; then the session is renewed."""
    refresh_token: str
    """Renews the session, once."""
    session_id: str
    must_enrol: bool = False
    """The session is good for setting up a second factor (`/auth/mfa`), and for nothing else before."""


@dataclass(frozen=True)
class _Session:
    id: str
    user: str
    nonce: bytes
    generation: int


class Sessions:
    """The sessions in the module's own schema."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def begin(
        self, connection: Connection, key: SigningKey, user: str, client: str
    ) -> Tokens:
        """A new session of *user*."""
        session = _Session(str(new_id()), user, os.urandom(NONCE_BYTES), 0)
        minutes = self._ground.settings.session_minutes
        await connection.execute(ADD, (session.id, user, session.nonce, client, minutes))
        return self._tokens(key, session, minutes * MINUTE)

    async def make_room(self, user: str) -> None:
        """End the oldest sessions of *user*, where there are too many."""
        most = self._ground.settings.most_sessions
        async with self._ground.database.transaction() as connection:
            oldest = await connection.every(BEYOND, (user, most))
        for (each,) in oldest:
            await self.end(each, ACTOR)

    async def renew(self, token: str) -> Tokens:
        """The next tokens of a session. Raises a 401 Problem."""
        session_id, given = _read(token)
        key = await signing.current(self._ground)
        async with self._ground.database.transaction() as connection:
            row = await one(connection, LOCK, (session_id,))
            session = self._recognised(session_id, row, given)
            if session is None or row is None:
                raise _refused()
            if session.generation == row[2]:
                await connection.execute(RENEW, (session_id,))
                return self._tokens(key, _next(session), row[5])
            if row[3] <= AGAIN_SECONDS:
                return self._tokens(key, _next(session), row[5])
        await self.end(session_id, ACTOR)
        raise _refused()

    async def end(self, session_id: str, actor: str) -> None:
        """End a session, if there is one."""
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            row = await one(connection, END, (session_id,))
            if row is not None:
                data = {"user_id": row[0], "session_id": session_id, "actor": actor}
                await self._ground.tell(connection, "session.ended", row[0], data)

    async def log_out(self, token: str) -> None:
        """End the session that *token* renews. Nothing is said of one that is none."""
        session_id, given = _read(token)
        async with self._ground.database.transaction() as connection:
            row = await one(connection, READ, (session_id,))
        session = self._recognised(session_id, row, given)
        if session is not None:
            await self.end(session_id, f"user:{session.user}")

    def _recognised(self, session_id: str, row: TupleRow | None, given: str) -> _Session | None:
        """The session as it was when *given* was made: now, or once renewed since."""
        if row is None or not row[4]:
            return None
        user, nonce, newest = row[:3]
        found = None
        for generation in (newest, newest - 1):
            session = _Session(session_id, user, bytes(nonce), generation)
            if hmac.compare_digest(self._secret(session).encode(), given.encode()):
                found = session
        return found

    def _tokens(self, key: SigningKey, session: _Session, left: float) -> Tokens:
        """Tokens of a session that has so many seconds *left*: none is good for longer."""
        audience = self._ground.audience
        seconds = min(self._ground.settings.token_seconds, math.ceil(left))
        return Tokens(
            access_token=signing.signed(key, audience, session.user, session.id, seconds),
            expires_in=seconds,
            refresh_token=f"{MARK}_{session.id}_{self._secret(session)}",
            session_id=session.id,
        )

    def _secret(self, session: _Session) -> str:
        said = f"{session.id} {session.user} {session.generation} ".encode() + session.nonce
        made = hmac.digest(self._ground.material.refreshing, said, "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _next(session: _Session) -> _Session:
    return _Session(session.id, session.user, session.nonce, session.generation + 1)


def _read(token: str) -> tuple[str, str]:
    mark, _, rest = token.partition("_")
    session_id, _, secret = rest.partition("_")
    if mark != MARK or not secret or not token.isascii():
        raise _refused()
    return session_id, secret


def _refused() -> Problem:
    detail = "The token renews no session, or none any more: log in again."
    return Problem(HTTPStatus.UNAUTHORIZED, detail)
