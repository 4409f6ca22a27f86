"""The view: all that the gateway needs to judge a request, with a version.

The version is read before the rest: what is told may be newer than it says, and is told again; it
is never older.
"""

from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Header, Response
from psycopg.rows import TupleRow

from arkalia_contract import access
from arkalia_contract.access import View, ViewedKey, ViewedUser
from arkalia_runtime.database import Connection
from arkalia_security.ground import Ground

VERSION: Final = "SELECT version FROM versions"
ROLES: Final = "SELECT name, scopes FROM roles"
USERS: Final = """
    SELECT id, name, roles, password IS NOT NULL AND NOT totp_confirmed
    FROM users WHERE NOT disabled
"""
KEYS: Final = """
    SELECT id, user_id, encode(digest, 'hex'), scopes, extract(epoch FROM expires_at)::float8,
        tokens_per_minute, tokens_per_day
    FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
SIGNING: Final = "SELECT published FROM signing_keys"
ENDED: Final = """
    SELECT id FROM sessions WHERE ended_at > now() - make_interval(secs => %s)
"""


async def viewed(ground: Ground, connection: Connection) -> View:
    """What there is now."""
    [(version,)] = await connection.every(VERSION)
    granted: dict[str, list[str]] = dict(await connection.every(ROLES))
    users, keys = await connection.every(USERS), await connection.every(KEYS)
    # Twice as long as a token is good: clocks differ, and a token may be made while one is ended.
    ended = await connection.every(ENDED, (ground.settings.token_seconds * 2,))
    return View(
        version=version,
        digest_key=ground.material.api_keys.hex(),
        audience=ground.audience,
        signing_keys=[row[0] for row in await connection.every(SIGNING)],
        roles=granted,
        users=[_user(row, granted, is_required(ground)) for row in users],
        keys=[_key(row) for row in keys],
        ended_sessions=[row[0] for row in ended],
    )


def routes(ground: Ground) -> APIRouter:
    """What the gateway asks for."""
    router = APIRouter(tags=["gateway"])

    @router.get(access.VIEW, summary="What the gateway knows of accounts", response_model=None)
    async def read_view(if_none_match: Annotated[str, Header()] = "") -> Response:
        async with ground.database.transaction() as connection:
            [(version,)] = await connection.every(VERSION)
            ground.measures.version.set(version)
            tag = {"ETag": _tag(ground, version), "Cache-Control": "no-store"}
            if tag["ETag"] == if_none_match:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=tag)
            view = await viewed(ground, connection)
        tag["ETag"] = _tag(ground, view.version)
        return Response(orjson.dumps(view), media_type="application/json", headers=tag)

    return router


def is_required(ground: Ground) -> bool:
    """Whether a second factor is a duty."""
    return ground.settings.mfa == "Required"


def _tag(ground: Ground, version: int) -> str:
    """Another one also when the duty begins or ends, which changes no row."""
    return f'"{version}-mfa"' if is_required(ground) else f'"{version}"'


def _user(row: TupleRow, granted: dict[str, list[str]], duty: bool) -> ViewedUser:
    user_id, name, roles, has_none = row
    scopes = sorted({each for role in roles for each in granted.get(role, ())})
    return ViewedUser(user_id, name, roles, scopes, must_enrol=duty and has_none)


def _key(row: TupleRow) -> ViewedKey:
    key_id, user, digest, scopes, expires, tokens_per_minute, tokens_per_day = row
    return ViewedKey(
        id=key_id,
        user=user,
        digest=digest,
        scopes=scopes,
        expires=expires,
        tokens_per_minute=tokens_per_minute,
        tokens_per_day=tokens_per_day,
    )
