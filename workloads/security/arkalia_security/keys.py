"""API keys: 256 bits by chance, shown once, kept as a keyed digest, scoped, expiring, revocable.

The text is `ark_<id>_<secret>`: the id names the key in lists and logs, and is no secret. A secret of
256 bits cannot be guessed, so its digest needs no slow hash.
"""

import base64
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from psycopg.rows import TupleRow
from pydantic import BaseModel, ConfigDict, Field

from arkalia_contract import access
from arkalia_runtime.database import Connection
from arkalia_runtime.moments import Moment
from arkalia_runtime.problems import Problem
from arkalia_security import users
from arkalia_security.actors import Actor, Asking
from arkalia_security.ground import Ground, changed, one
from arkalia_security.material import digest
from arkalia_security.roles import Patterns, granted_by

SCOPE: Final = "keys"
"""Needed for other people's keys; everybody has their own."""
SECRET_BYTES: Final = 32
ID_BYTES: Final = 10

COLUMNS: Final = (
    "api_keys.id, users.name, api_keys.name, scopes, tokens_per_minute, tokens_per_day, "
    "api_keys.created_at, expires_at, revoked_at"
)
LIST: Final = f"""
    SELECT {COLUMNS} FROM api_keys JOIN users ON users.id = user_id
    WHERE user_id = %s ORDER BY api_keys.created_at DESC, api_keys.id LIMIT 1000
"""  # noqa: S608
READ: Final = f"""
    SELECT {COLUMNS} FROM api_keys JOIN users ON users.id = user_id WHERE api_keys.id = %s
"""  # noqa: S608
OWNER: Final = "SELECT user_id FROM api_keys WHERE id = %s"
USER_BY_ID: Final = "SELECT id, name, roles FROM users WHERE id = %s"
USER_BY_NAME: Final = "SELECT id, name, roles FROM users WHERE name = %s"
ADD: Final = """
    INSERT INTO api_keys
        (id, user_id, name, digest, scopes, tokens_per_minute, tokens_per_day, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
COUNT: Final = """
    SELECT count(*) FROM api_keys WHERE user_id = %s AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now())
"""
REVOKE: Final = "UPDATE api_keys SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL"

Tokens = Annotated[int | None, Field(ge=1, le=1_000_000_000)]
KeyId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


class NewKey(BaseModel):
    """A key as somebody wants it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=63)
    """What it is for."""
    scopes: Annotated[Patterns, Field(min_length=1)]
    """What it may do; what its user may not, it may not either."""
    expires_at: Moment | None = None
    """A key without one does not end."""
    tokens_per_minute: Tokens = None
    tokens_per_day: Tokens = None
    user: users.Name | None = None
    """Whose it shall be; your own if nobody is named."""


class Key(BaseModel):
    """A key, without its secret."""

    id: str
    user: str
    name: str
    scopes: list[str]
    tokens_per_minute: int | None
    tokens_per_day: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: TupleRow) -> "Key":
        """The key of a row of COLUMNS."""
        return cls(**dict(zip(Key.model_fields, row, strict=True)))


class ShownKey(Key):
    """A key that was made this moment."""

    key: str
    """The key itself. It is not shown again."""


class Keys:
    """The keys in the module's own schema."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def listed(self, name: str | None, actor: Actor) -> list[Key]:
        """The keys of a user, newest first."""
        async with self._ground.database.transaction() as connection:
            user_id, _, _ = await _owner(connection, name, actor)
            return [Key.of(row) for row in await connection.every(LIST, (user_id,))]

    async def add(self, wanted: NewKey, actor: Actor) -> ShownKey:
        """Make a key. Raises a 403, 404, 409 or 422 Problem."""
        if wanted.expires_at is not None and wanted.expires_at <= datetime.now(UTC):
            detail = "`expires_at` has passed: write a time that is still to come."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        text, key_id = new_key()
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            user_id, _, roles = await _owner(connection, wanted.user, actor)
            await _require_may(connection, wanted, roles, actor)
            known = digest(self._ground.material.api_keys, text)
            row = (key_id, user_id, wanted.name, known, sorted(set(wanted.scopes)))
            limits = (wanted.tokens_per_minute, wanted.tokens_per_day, wanted.expires_at)
            await connection.execute(ADD, (*row, *limits))
            await self._require_room(connection, user_id)
            what = (user_id, "api_key", "issued")
            await users.tell_credential(self._ground, connection, what, actor.name, key_id)
            [made] = await connection.every(READ, (key_id,))
        return ShownKey(key=text, **Key.of(made).model_dump())

    async def revoke(self, key_id: str, actor: Actor) -> None:
        """Let a key be good no more. Raises a 404 Problem."""
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            row = await one(connection, OWNER, (key_id,))
            own = row is not None and row[0] == actor.user and not actor.key
            if row is None or not (own or actor.may(SCOPE)):
                raise Problem(HTTPStatus.NOT_FOUND, f"You have no key {key_id}.")
            cursor = await connection.execute(REVOKE, (key_id,))
            if cursor.rowcount:
                what = (row[0], "api_key", "revoked")
                await users.tell_credential(self._ground, connection, what, actor.name, key_id)

    async def _require_room(self, connection: Connection, user_id: str) -> None:
        [(number,)] = await connection.every(COUNT, (user_id,))
        if number > self._ground.settings.most_keys:
            detail = f"{self._ground.settings.most_keys} keys are in use: revoke one first."
            raise Problem(HTTPStatus.CONFLICT, detail)


def new_key() -> tuple[str, str]:
    """A key and its id."""
    key_id = base64.b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()
    return f"{access.KEY_MARK}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}", key_id


def routes(keys: Keys) -> APIRouter:
    """`/keys`."""
    router = APIRouter(prefix="/keys", tags=["keys"])
    whose = Query(pattern=users.NAME, description="Default: your own.")

    @router.get("", summary="The keys of a user, without their secrets")
    async def read_keys(actor: Asking, user: Annotated[str | None, whose] = None) -> list[Key]:
        return await keys.listed(user, actor)

    @router.post("", status_code=HTTPStatus.CREATED, summary="Make a key; it is shown once")
    async def add_key(wanted: NewKey, actor: Asking) -> ShownKey:
        return await keys.add(wanted, actor)

    @router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT, summary="Revoke a key")
    async def revoke_key(key_id: KeyId, actor: Asking) -> None:
        await keys.revoke(key_id, actor)

    return router


async def _owner(connection: Connection, name: str | None, actor: Actor) -> TupleRow:
    """Id, name and roles of the user who is meant. Raises a 403 or 404 Problem."""
    if actor.key:
        actor.require(SCOPE)  # who found a key must not make others with it
    if name is None:
        row = await one(connection, USER_BY_ID, (actor.user,))
    else:
        row = await one(connection, USER_BY_NAME, (name,))
        if row is None or row[0] != actor.user:
            actor.require(SCOPE)
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no user {name or actor.user}.")
    return row


async def _require_may(
    connection: Connection, wanted: NewKey, roles: list[str], actor: Actor
) -> None:
    actor.require_all(frozenset(wanted.scopes), "The key")
    granted = await granted_by(connection, roles)
    patterns = frozenset(each for found in granted.values() for each in found)
    owner = Actor("", frozenset(), patterns, "", "")
    if missing := sorted(each for each in wanted.scopes if not owner.may(each)):
        detail = f"The roles of its user do not grant scopes of the key: {', '.join(missing)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
