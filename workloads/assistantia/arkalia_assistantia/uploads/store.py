"""The files in the module's own schema: everything that is asked of the database.

Each statement names the owner, so nobody meets a file that is somebody else's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from prometheus_client import Counter
from psycopg.rows import TupleRow

from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads.forms import File, Listed
from arkalia_assistantia.uploads.reading import ReadFile
from arkalia_runtime.database import Database
from arkalia_runtime.ids import new_id

TOLD: Final = "id, name, media_type, bytes, created_at"
ADD: Final = f"""
    INSERT INTO uploads (owner, id, name, media_type, bytes, text) VALUES (%s, %s, %s, %s, %s, %s)
    RETURNING {TOLD}
"""  # noqa: S608 - the names of columns are constants of ours, here and below
COUNT: Final = "SELECT count(*) FROM (SELECT FROM uploads WHERE owner = %s LIMIT %s) AS counted"
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || %s, 0))"
"""Two uploads of one user are counted one after the other."""
LIST: Final = f"""
    SELECT {TOLD} FROM uploads WHERE owner = %(owner)s AND (%(after)s::text IS NULL OR id < %(after)s)
    ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608 - ids grow with time
READ: Final = f"SELECT {TOLD} FROM uploads WHERE owner = %s AND id = %s"  # noqa: S608
TEXTS: Final = (
    "SELECT id, name, media_type, text, bytes FROM uploads WHERE owner = %s AND id = ANY(%s)"
)
DELETE: Final = "DELETE FROM uploads WHERE owner = %s AND id = %s"
PURGE_SOME: Final = """
    DELETE FROM uploads WHERE (owner, id) IN (
        SELECT owner, id FROM uploads WHERE created_at < now() - make_interval(days => %s)
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
AT_ONCE: Final = 50
"""Files that one transaction removes."""


class UploadsFullError(Exception):
    """There is no room; the message says what can be done."""


class Uploads:
    """What was uploaded."""

    def __init__(self, database: Database, settings: AssistantSettings) -> None:
        self._database = database
        self._most = settings.most_uploads
        self._stays = timedelta(days=settings.prompts_retention_days)
        self.purged = Counter(
            "arkalia_uploads_purged",
            "Files that were deleted because they were old.",
            registry=None,
        )

    async def add(self, owner: str, sent: ReadFile) -> File:
        """Keep *sent*. Raises DatabaseError, and UploadsFullError if *owner* has too many."""
        row = (owner, f"file-{new_id()}", sent.name, sent.media_type, sent.size, sent.content)
        async with self._database.transaction() as connection:
            await connection.execute(LOCK.encode(), (owner,))
            [(number,)] = await connection.every(COUNT, (owner, self._most))
            if number >= self._most:
                message = f"At most {self._most} files of a user are kept, and you have {number}."
                raise UploadsFullError(message)
            [kept] = await connection.every(ADD, row)
        return self._file(kept)

    async def listed(self, owner: str, after: str | None, limit: int) -> Listed:
        """At most *limit* uploads of *owner* behind the file *after*. Raises DatabaseError."""
        wanted = {"owner": owner, "after": after, "limit": limit + 1}
        async with self._database.transaction() as connection:
            rows = await connection.every(LIST, wanted)
        found = [self._file(each) for each in rows[:limit]]
        first, last = (found[0].id, found[-1].id) if found else (None, None)
        return Listed(data=found, first_id=first, last_id=last, has_more=len(rows) > limit)

    async def read(self, owner: str, file_id: str) -> File | None:
        """What is told of a file, if there is one. Raises DatabaseError."""
        async with self._database.transaction() as connection:
            rows = await connection.every(READ, (owner, file_id))
        return self._file(rows[0]) if rows else None

    async def texts(self, owner: str, file_ids: Sequence[str]) -> dict[str, ReadFile]:
        """What stands in those of the files that there are, by id. Raises DatabaseError."""
        async with self._database.transaction() as connection:
            rows = await connection.every(TEXTS, (owner, list(file_ids)))
        return {row[0]: ReadFile(*row[1:]) for row in rows}

    async def delete(self, owner: str, file_id: str) -> bool:
        """Whether there was such a file. Raises DatabaseError."""
        return bool(await self._database.run(DELETE, (owner, file_id)))

    async def purge_some(self, days: int) -> int:
        """Delete some that are older than *days*, and say how many. Raises DatabaseError."""
        return await self._database.run(PURGE_SOME, (days, AT_ONCE))

    def _file(self, row: TupleRow) -> File:
        file_id, name, media_type, size, created_at = row
        told: dict[str, Any] = {"id": file_id, "filename": name, "media_type": media_type}
        ends = created_at + self._stays
        return File(**told, bytes=size, created_at=_seconds(created_at), expires_at=_seconds(ends))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
