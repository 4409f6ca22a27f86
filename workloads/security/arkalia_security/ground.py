"""What all parts of the service stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg.rows import TupleRow

from arkalia_contract import event_types
from arkalia_runtime import logs
from arkalia_runtime.database import Connection, Database
from arkalia_runtime.events import Outbox
from arkalia_security.material import Material, Secret
from arkalia_security.measures import Measures
from arkalia_security.passwords import Passwords
from arkalia_security.settings import SecuritySettings

EMITS: Final = tuple(sorted(each.name for each in event_types.LOGINS))

CHANGED: Final = "UPDATE versions SET version = version + 1"
"""Whoever changes what the gateway must know takes turns here: so no version is ever left out."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Ground:
    """The database, what is told, and the keys."""

    database: Database
    outbox: Outbox
    secret: Secret
    passwords: Passwords
    measures: Measures
    settings: SecuritySettings

    @property
    def material(self) -> Material:
        """The keys. Raises a 503 Problem while they cannot be read."""
        return self.secret.current()

    @property
    def audience(self) -> str:
        """What this system is called in tokens."""
        return f"arkalia/{self.settings.namespace}/{self.settings.system}"

    async def tell(
        self, connection: Connection, name: str, stream: str, data: Mapping[str, Any]
    ) -> None:
        """Publish an event of this service with the transaction."""
        request = logs.request_id.get()
        said = dict(data) | ({"request_id": request} if request else {})
        await self.outbox.publish(connection, f"io.arkalia.{name}", stream, said)


async def changed(connection: Connection) -> None:
    """Note that the gateway must learn something, once this is committed."""
    await connection.execute(CHANGED)


async def one(connection: Connection, statement: str, values: Row = ()) -> TupleRow | None:
    """The first row."""
    cursor = await connection.execute(statement.encode(), values)
    return await cursor.fetchone()
