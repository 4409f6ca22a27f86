"""The first administrator: made of a name and a password that lie in two files.

What was made of them is noted, as a keyed digest. So a password that was changed later stays; and
other content of the files is taken over: who can write them can let themselves in again.
"""

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from arkalia_contract import files
from arkalia_runtime.ids import new_id
from arkalia_runtime.watched import UnreadableError, Watched
from arkalia_security import passwords
from arkalia_security.ground import Ground, changed, one
from arkalia_security.material import digest
from arkalia_security.roles import ADMINISTRATOR
from arkalia_security.users import (
    END_SESSIONS,
    NAME,
    WITHOUT_CODES,
    WITHOUT_FACTOR,
    tell_credential,
)

logger: Final = logging.getLogger(__name__)

KNOWN: Final = "SELECT first_credential FROM versions FOR UPDATE"
NOTE: Final = "UPDATE versions SET first_credential = %s"
LET_IN: Final = f"""
    INSERT INTO users (id, name, roles, password) VALUES (%s, %s, ARRAY['{ADMINISTRATOR}'], %s)
    ON CONFLICT (name) DO UPDATE SET password = excluded.password, disabled = false,
        roles = ARRAY(SELECT DISTINCT unnest(users.roles || excluded.roles))
    RETURNING id
"""  # noqa: S608
ACTOR: Final = "operator"


@dataclass(frozen=True)
class Credential:
    """A name and a password."""

    name: str
    password: str = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> "Credential":
        """What lies in *folder*. Raises OSError or ValueError."""
        name = (folder / files.ADMIN_USERNAME_KEY).read_text(encoding="utf-8").strip()
        password = (folder / files.ADMIN_PASSWORD_KEY).read_text(encoding="utf-8").strip()
        if not re.fullmatch(NAME, name):
            message = f"{files.ADMIN_USERNAME_KEY} is no name of a user: it must match {NAME}"
            raise ValueError(message)
        if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
            message = (
                f"{files.ADMIN_PASSWORD_KEY} must have {passwords.SHORTEST} characters or more"
            )
            raise ValueError(message)
        return cls(name, password)


class FirstAdministrator:
    """Lets in whoever the files name."""

    def __init__(self, ground: Ground) -> None:
        folder = ground.settings.admin_folder
        paths = [folder / files.ADMIN_USERNAME_KEY, folder / files.ADMIN_PASSWORD_KEY]
        self._files = Watched(paths, lambda: Credential.read(folder), ground.settings.look_seconds)
        self._ground = ground
        self._done: Credential | None = None

    async def let_in(self) -> None:
        """Make the administrator, unless that was done. Raises Problem and DatabaseError."""
        try:
            given = self._files.current()
        except UnreadableError:
            return
        if given is not self._done:
            await self._take_over(given)
            self._done = given

    async def _take_over(self, given: Credential) -> None:
        said = f"{given.name} {given.password}"
        known = digest(self._ground.material.first_credential, said)
        async with self._ground.database.transaction() as connection:
            row = await one(connection, KNOWN)
            if row is not None and row[0] is not None and bytes(row[0]) == known:
                return
            kept = await self._ground.passwords.hash(given.password)
            made = await one(connection, LET_IN, (str(new_id()), given.name, kept))
            assert made is not None  # noqa: S101 - an upsert gives its row
            for statement in (END_SESSIONS, WITHOUT_FACTOR, WITHOUT_CODES):
                await connection.execute(statement.encode(), (made[0],))
            await connection.execute(NOTE, (known,))
            await changed(connection)
            what = (made[0], "password", "issued")
            await tell_credential(self._ground, connection, what, ACTOR)
        logger.info("The first administrator was made.", extra={"user": given.name})
