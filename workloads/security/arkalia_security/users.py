"""Users: who they are and which roles they have."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from psycopg.rows import TupleRow
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from arkalia_runtime.database import Connection
from arkalia_runtime.ids import new_id
from arkalia_runtime.problems import Problem
from arkalia_security import passwords
from arkalia_security.actors import Actor, Asking
from arkalia_security.ground import Ground, changed, one
from arkalia_security.roles import ADMINISTRATOR, require_grantable

SCOPE: Final = "users"
NAME: Final = r"^[a-z0-9]([a-z0-9._@-]{0,61}[a-z0-9])?$"
COLUMNS: Final = "id, name, roles, disabled, totp_confirmed, password IS NOT NULL, created_at"

LIST: Final = f"SELECT {COLUMNS} FROM users WHERE name > %s ORDER BY name LIMIT %s"  # noqa: S608
READ: Final = f"SELECT {COLUMNS} FROM users WHERE name = %s"  # noqa: S608
LOCK: Final = f"{READ} FOR UPDATE"
ADD: Final = f"""
    INSERT INTO users (id, name, roles, password) VALUES (%s, %s, %s, %s)
    ON CONFLICT (name) DO NOTHING RETURNING {COLUMNS}
"""  # noqa: S608
COUNT: Final = "SELECT count(*) FROM users"
CHANGE: Final = """
    UPDATE users SET roles = coalesce(%s::text[], roles), disabled = coalesce(%s, disabled),
        password = coalesce(%s, password)
    WHERE id = %s
"""
REMOVE: Final = "DELETE FROM users WHERE id = %s"
ADMINISTRATORS: Final = f"""
    SELECT count(*) FROM users WHERE NOT disabled AND '{ADMINISTRATOR}' = ANY(roles)
"""  # noqa: S608
END_SESSIONS: Final = """
    UPDATE sessions SET ended_at = now() WHERE user_id = %s AND ended_at IS NULL
"""
WITHOUT_FACTOR: Final = """
    UPDATE users SET totp = NULL, totp_confirmed = false, totp_step = 0 WHERE id = %s
"""
WITHOUT_CODES: Final = "DELETE FROM recovery_codes WHERE user_id = %s"

Name = Annotated[str, Field(pattern=NAME)]
UserName = Annotated[str, Path(pattern=NAME)]
Password = Annotated[SecretStr, Field(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)]
RoleNames = Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=32)]


class User(BaseModel):
    """A user."""

    id: str
    name: str
    roles: list[str]
    disabled: bool
    second_factor: bool
    has_password: bool
    created_at: datetime

    @classmethod
    def of(cls, row: TupleRow) -> "User":
        """The user of a row of COLUMNS."""
        return cls(**dict(zip(cls.model_fields, row, strict=True)))


class NewUser(BaseModel):
    """A user as somebody wants it."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: RoleNames = Field(default_factory=lambda: ["user"])
    password: Password | None = None
    """Without one the user can show API keys, and not log in."""


class UserChange(BaseModel):
    """What shall be another way; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    roles: RoleNames | None = None
    disabled: bool | None = None
    password: Password | None = None
    """Another password: it ends the user's sessions."""
    second_factor: Annotated[bool | None, Field(json_schema_extra={"enum": [False, None]})] = None
    """`false` takes the second factor away, for somebody who has lost it."""


class Users:
    """The users in the module's own schema."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def listed(self, after: str, limit: int) -> list[User]:
        """A page of users, by name."""
        async with self._ground.database.transaction() as connection:
            return [User.of(row) for row in await connection.every(LIST, (after, limit))]

    async def read(self, name: str) -> User:
        """The user. Raises a 404 Problem."""
        async with self._ground.database.transaction() as connection:
            return await _found(connection, READ, name)

    async def add(self, wanted: NewUser, actor: Actor) -> User:
        """Make the user. Raises a 403, 409, 422 or 507 Problem."""
        kept = await self._hashed(wanted.password)
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            await require_grantable(connection, wanted.roles, actor)
            row = (str(new_id()), wanted.name, sorted(set(wanted.roles)), kept)
            added = await one(connection, ADD, row)
            if added is None:
                raise Problem(HTTPStatus.CONFLICT, f"There is a user {wanted.name} already.")
            await self._require_room(connection)
            user = User.of(added)
            await self._tell(connection, user, "created", actor)
        return user

    async def change(self, name: str, wanted: UserChange, actor: Actor) -> User:
        """Change the user. Raises a 403, 404, 409 or 422 Problem."""
        kept = await self._hashed(wanted.password)
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            before = await _found(connection, LOCK, name)
            await require_grantable(connection, {*before.roles, *(wanted.roles or ())}, actor)
            await connection.execute(CHANGE, (wanted.roles, wanted.disabled, kept, before.id))
            await _require_administrator(connection, before)
            await self._replace_credentials(connection, before, wanted, actor)
            user = await _found(connection, READ, name)
            await self._tell(connection, user, "changed", actor)
        return user

    async def remove(self, name: str, actor: Actor) -> None:
        """Remove the user with all keys and sessions. Raises a 403, 404 or 409 Problem."""
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            user = await _found(connection, LOCK, name)
            await require_grantable(connection, user.roles, actor)
            await connection.execute(REMOVE, (user.id,))
            await _require_administrator(connection, user)
            await self._tell(connection, user, "removed", actor)

    async def _replace_credentials(
        self, connection: Connection, user: User, wanted: UserChange, actor: Actor
    ) -> None:
        if wanted.password or wanted.disabled:
            await connection.execute(END_SESSIONS, (user.id,))
        if wanted.password:
            await tell_credential(
                self._ground, connection, (user.id, "password", "replaced"), actor.name
            )
        if wanted.second_factor is False:
            await connection.execute(WITHOUT_FACTOR, (user.id,))
            await connection.execute(WITHOUT_CODES, (user.id,))
            await tell_credential(
                self._ground, connection, (user.id, "totp", "revoked"), actor.name
            )

    async def _hashed(self, password: SecretStr | None) -> str | None:
        if password is None:
            return None
        return await self._ground.passwords.hash(password.get_secret_value())

    async def _require_room(self, connection: Connection) -> None:
        [(number,)] = await connection.every(COUNT)
        if number > self._ground.settings.most_users:
            detail = (
                f"There are {self._ground.settings.most_users} users already: remove one first."
            )
            raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, detail)

    async def _tell(self, connection: Connection, user: User, change: str, actor: Actor) -> None:
        data: dict[str, Any] = {"user_id": user.id, "change": change, "actor": actor.name}
        data |= {"name": user.name, "roles": user.roles, "disabled": user.disabled}
        await self._ground.tell(connection, "user.changed", user.id, data)


async def tell_credential(
    ground: Ground, connection: Connection, what: tuple[str, str, str], actor: str, id_: str = ""
) -> None:
    """Tell that of a user, a kind of credential had a change."""
    user, credential, change = what
    data = {"user_id": user, "credential": credential, "change": change, "actor": actor}
    said = data | ({"credential_id": id_} if id_ else {})
    await ground.tell(connection, "credential.changed", user, said)


def routes(users: Users) -> APIRouter:
    """`/users`."""
    router = APIRouter(prefix="/users", tags=["users"])

    @router.get("", summary="The users, by name")
    async def read_users(
        actor: Asking,
        after: Annotated[str, Query(max_length=63, description="The last name you have.")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[User]:
        actor.require(SCOPE)
        return await users.listed(after, limit)

    @router.post("", status_code=HTTPStatus.CREATED, summary="Make a user")
    async def add_user(wanted: NewUser, actor: Asking) -> User:
        actor.require(SCOPE)
        return await users.add(wanted, actor)

    @router.get("/{name}", summary="One user")
    async def read_user(name: UserName, actor: Asking) -> User:
        actor.require(SCOPE)
        return await users.read(name)

    @router.patch("/{name}", summary="Change a user")
    async def change_user(name: UserName, wanted: UserChange, actor: Asking) -> User:
        actor.require(SCOPE)
        return await users.change(name, wanted, actor)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a user")
    async def remove_user(name: UserName, actor: Asking) -> None:
        actor.require(SCOPE)
        await users.remove(name, actor)

    return router


async def _found(connection: Connection, statement: str, name: str) -> User:
    row = await one(connection, statement, (name,))
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no user {name}.")
    return User.of(row)


async def _require_administrator(connection: Connection, before: User) -> None:
    """Raise a 409 Problem if *before* was the last who could mend everything, and is no more."""
    if ADMINISTRATOR not in before.roles or before.disabled:
        return
    [(left,)] = await connection.every(ADMINISTRATORS)
    if not left:
        detail = f"{before.name} is the last administrator: give somebody else that role first."
        raise Problem(HTTPStatus.CONFLICT, detail)
