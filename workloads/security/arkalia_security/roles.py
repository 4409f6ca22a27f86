"""Roles: named sets of scopes. Users have roles; keys have scopes of their own within them."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from arkalia_contract import scopes
from arkalia_runtime.database import Connection
from arkalia_runtime.problems import Problem
from arkalia_security.actors import Actor, Asking
from arkalia_security.ground import Ground, changed, one

ADMINISTRATOR: Final = "administrator"
"""Has every scope, and cannot be changed: somebody must always be able to mend the others."""
MOST_ROLES: Final = 200
NAME: Final = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"

LIST: Final = "SELECT name, scopes FROM roles ORDER BY name"
SCOPES: Final = "SELECT name, scopes FROM roles WHERE name = ANY(%s)"
WRITE: Final = """
    INSERT INTO roles (name, scopes) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET scopes = excluded.scopes
"""
REMOVE: Final = "DELETE FROM roles WHERE name = %s RETURNING scopes"
HOLDERS: Final = "SELECT count(*) FROM users WHERE %s = ANY(roles)"
COUNT: Final = "SELECT count(*) FROM roles"

Pattern = Annotated[str, Field(pattern=scopes.PATTERN)]
Patterns = Annotated[list[Pattern], Field(max_length=64)]
RoleName = Annotated[str, Path(pattern=NAME)]


class RoleContent(BaseModel):
    """What a role grants."""

    model_config = ConfigDict(extra="forbid")

    scopes: Patterns
    """Scopes; with `*` at the end all that begin so."""


class Role(RoleContent):
    """A role."""

    name: str


class Roles:
    """The roles in the module's own schema."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def listed(self) -> list[Role]:
        """All of them."""
        async with self._ground.database.transaction() as connection:
            rows = await connection.every(LIST)
        return [Role(name=name, scopes=granted) for name, granted in rows]

    async def write(self, name: str, content: RoleContent, actor: Actor) -> Role:
        """Make the role, or change it. Raises a 403, 409 or 507 Problem."""
        _require_other(name)
        wanted = sorted(set(content.scopes))
        actor.require_all(frozenset(wanted), "The role")
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            before = (await granted_by(connection, [name])).get(name)
            actor.require_all(frozenset(before or ()), "The role as it is")
            await connection.execute(WRITE, (name, wanted))
            await _require_room(connection)
            await self._tell(connection, name, "created" if before is None else "changed", actor)
        return Role(name=name, scopes=wanted)

    async def remove(self, name: str, actor: Actor) -> None:
        """Remove the role. Raises a 403, 404 or 409 Problem."""
        _require_other(name)
        async with self._ground.database.transaction() as connection:
            await changed(connection)
            row = await one(connection, REMOVE, (name,))
            if row is None:
                raise Problem(HTTPStatus.NOT_FOUND, f"There is no role {name}.")
            actor.require_all(frozenset(row[0]), "The role")
            [(holders,)] = await connection.every(HOLDERS, (name,))
            if holders:
                detail = f"{holders} users have the role {name}: take it from them first."
                raise Problem(HTTPStatus.CONFLICT, detail)
            await self._tell(connection, name, "removed", actor)

    async def _tell(self, connection: Connection, name: str, change: str, actor: Actor) -> None:
        data = {"role": name, "change": change, "actor": actor.name}
        await self._ground.tell(connection, "role.changed", name, data)


async def granted_by(connection: Connection, names: Iterable[str]) -> dict[str, list[str]]:
    """The patterns of those of the roles *names* that there are."""
    rows = await connection.every(SCOPES, (list(names),))
    return dict(rows)


async def require_grantable(connection: Connection, names: Iterable[str], actor: Actor) -> None:
    """Raise a 403 or 422 Problem unless *actor* may give or take all the roles *names*."""
    wanted = list(names)
    found = await granted_by(connection, wanted)
    missing = sorted(set(wanted) - found.keys())
    if missing:
        detail = f"There is no role {', '.join(missing)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    for name, granted in found.items():
        actor.require_all(frozenset(granted), f"The role {name}")


def routes(roles: Roles) -> APIRouter:
    """`/roles`."""
    router = APIRouter(prefix="/roles", tags=["roles"])

    @router.get("", summary="The roles, and what they grant")
    async def read_roles(_: Asking) -> list[Role]:
        return await roles.listed()

    @router.put("/{name}", summary="Make a role, or change it")
    async def write_role(name: RoleName, content: RoleContent, actor: Asking) -> Role:
        actor.require("roles")
        return await roles.write(name, content, actor)

    @router.delete("/{name}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a role")
    async def remove_role(name: RoleName, actor: Asking) -> None:
        actor.require("roles")
        await roles.remove(name, actor)

    return router


def _require_other(name: str) -> None:
    if name == ADMINISTRATOR:
        detail = f"The role {ADMINISTRATOR} has every scope, and stays as it is."
        raise Problem(HTTPStatus.CONFLICT, detail)


async def _require_room(connection: Connection) -> None:
    [(number,)] = await connection.every(COUNT)
    if number > MOST_ROLES:
        detail = f"There are {MOST_ROLES} roles already: remove one first."
        raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, detail)
