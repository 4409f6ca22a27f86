"""The shared state: one JSON object for each key, changed only by who has seen its last revision.

The revision is the ETag (RFC 9110, 8.8.3). It grows over all keys and never comes back, also not
when a key was deleted and made again: who holds an old revision cannot mistake the new document
for the one it knows.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Header, Path, Query, Response
from pydantic import BaseModel

from arkalia_contract import endpoints
from arkalia_globalstate.settings import RecordSettings
from arkalia_runtime import logs
from arkalia_runtime.database import Connection, Database
from arkalia_runtime.problems import Problem

KEY: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"

LIST: Final = """
    SELECT key, revision, changed_at, changed_by FROM states
    WHERE key > %s AND starts_with(key, %s) ORDER BY key LIMIT %s
"""
READ: Final = "SELECT revision, value FROM states WHERE key = %s"
LOCK: Final = f"{READ} FOR UPDATE"
ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.states', 0))"
"""Who makes documents takes turns: those of others who are not done would not be counted."""
COUNT: Final = "SELECT count(*) FROM states"
CREATE: Final = """
    INSERT INTO states (key, revision, value, changed_at, changed_by)
    VALUES (%s, nextval('state_revisions'), %s, now(), %s) ON CONFLICT DO NOTHING
    RETURNING revision
"""
REPLACE: Final = """
    UPDATE states SET revision = nextval('state_revisions'), value = %s, changed_at = now(),
        changed_by = %s
    WHERE key = %s RETURNING revision
"""
DELETE: Final = "DELETE FROM states WHERE key = %s"

Key = Annotated[str, Path(pattern=KEY, description="Letters, digits, `.`, `_`, `:` and `-`.")]
IfMatch = Annotated[str, Header(description="ETag of the document as you know it.")]
IfNoneMatch = Annotated[str, Header(description="`*`: only if there is no such document yet.")]


class StateInfo(BaseModel):
    """A document of the shared state, without its content."""

    key: str
    revision: int
    changed_at: datetime
    changed_by: str


class States:
    """The shared state, in the module's own schema."""

    def __init__(self, database: Database, settings: RecordSettings) -> None:
        self._database = database
        self._settings = settings

    async def listed(self, prefix: str, after: str, limit: int) -> list[StateInfo]:
        """The documents whose key begins with *prefix*, after the key *after*."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(LIST, (after, prefix, limit))
            rows = await cursor.fetchall()
        names = StateInfo.model_fields
        return [StateInfo(**dict(zip(names, row, strict=True))) for row in rows]

    async def read(self, key: str) -> tuple[int, Any]:
        """Revision and content of *key*. Raises a 404 Problem."""
        async with self._database.transaction() as connection:
            return await _found(connection, READ, key)

    async def create(self, key: str, value: Mapping[str, Any]) -> int:
        """Make *key*; returns its revision. Problems: 412 if it is there already, 507."""
        async with self._database.transaction() as connection:
            await connection.execute(ALONE)
            cursor = await connection.execute(CREATE, (key, self._text(value), _actor()))
            row = await cursor.fetchone()
            if row is None:
                sentence = f"{key} is there already: read it, and send its ETag in If-Match."
                raise Problem(HTTPStatus.PRECONDITION_FAILED, sentence)
            await self._require_room(connection)
        return int(row[0])

    async def replace(self, key: str, value: Mapping[str, Any], known: str) -> int:
        """Give *key* another content; returns its new revision. Problems: 404, 412."""
        async with self._database.transaction() as connection:
            await _require_known(connection, key, known)
            cursor = await connection.execute(REPLACE, (self._text(value), _actor(), key))
            [(revision,)] = await cursor.fetchall()
        return int(revision)

    async def delete(self, key: str, known: str) -> None:
        """Remove *key*. Problems: 404, 412."""
        async with self._database.transaction() as connection:
            await _require_known(connection, key, known)
            await connection.execute(DELETE, (key,))

    async def _require_room(self, connection: Connection) -> None:
        cursor = await connection.execute(COUNT)
        [(number,)] = await cursor.fetchall()
        most = self._settings.most_states
        if number > most:
            sentence = f"The shared state holds {most} documents, and no more can be added."
            raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, sentence)

    def _text(self, value: Mapping[str, Any]) -> str:
        text = orjson.dumps(value)
        if len(text) > self._settings.most_state_bytes:
            sentence = f"A document may have {self._settings.most_state_bytes} bytes."
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        return text.decode()

    @property
    def router(self) -> APIRouter:
        """`/states`."""
        router = APIRouter(prefix=endpoints.STATES, tags=["shared state"])

        @router.get("", summary="Which documents there are")
        async def list_states(
            prefix: Annotated[str, Query(max_length=128)] = "",
            after: Annotated[str, Query(max_length=128)] = "",
            limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        ) -> list[StateInfo]:
            return await self.listed(prefix, after, limit)

        @router.get("/{key}", summary="One document, with its revision as ETag")
        async def read_state(key: Key, if_none_match: IfNoneMatch = "") -> Response:
            revision, value = await self.read(key)
            headers = {"ETag": _etag(revision)}
            if _etag(revision) in if_none_match:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            return Response(orjson.dumps(value), media_type="application/json", headers=headers)

        @router.put("/{key}", summary="Make a document, or replace the one that you know")
        async def write_state(
            key: Key,
            value: Annotated[dict[str, Any], Body()],
            if_match: IfMatch = "",
            if_none_match: IfNoneMatch = "",
        ) -> Response:
            if if_none_match.strip() == "*":
                return _written(HTTPStatus.CREATED, await self.create(key, value))
            _require_condition(if_match)
            return _written(HTTPStatus.NO_CONTENT, await self.replace(key, value, if_match))

        @router.delete("/{key}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a document")
        async def delete_state(key: Key, if_match: IfMatch = "") -> None:
            _require_condition(if_match)
            await self.delete(key, if_match)

        return router


async def _found(connection: Connection, statement: str, key: str) -> tuple[int, Any]:
    cursor = await connection.execute(statement.encode(), (key,))
    row = await cursor.fetchone()
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no document {key}.")
    return int(row[0]), row[1]


async def _require_known(connection: Connection, key: str, known: str) -> None:
    revision, _ = await _found(connection, LOCK, key)
    if known.strip() != _etag(revision):
        sentence = f"{key} was changed since: read it again. Its revision is {revision}."
        raise Problem(HTTPStatus.PRECONDITION_FAILED, sentence)


def _require_condition(if_match: str) -> None:
    if not if_match:
        sentence = "Say what you know: If-Match with an ETag, or If-None-Match: * for a new one."
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, sentence)


def _written(status: HTTPStatus, revision: int) -> Response:
    return Response(status_code=status, headers={"ETag": _etag(revision)})


def _etag(revision: int) -> str:
    return f'"{revision}"'


def _actor() -> str:
    caller = logs.caller.get()
    return f"module:{caller}" if caller else "unknown"
