"""How far somebody has come in a sequence: kept beside what came of it, moved in its transaction.

Pods of one module share a position. Whoever holds it where it was expected may move it; whoever
comes second finds it moved, and has nothing to do.
"""

from dataclasses import dataclass
from typing import Final

from arkalia_runtime.database import Connection

BEGIN: Final = "INSERT INTO positions (reader, sequence) VALUES (%s, 0) ON CONFLICT DO NOTHING"
READ: Final = "SELECT sequence FROM positions WHERE reader = %s"
HOLD: Final = f"{READ} FOR UPDATE"
MOVE: Final = "UPDATE positions SET sequence = %s, moved_at = now() WHERE reader = %s"


@dataclass(frozen=True)
class Position:
    """The position of *reader*. Every method works in the caller's transaction."""

    reader: str

    async def read(self, connection: Connection) -> int:
        """Where it is; 0 for one that has not begun."""
        await connection.execute(BEGIN, (self.reader,))
        cursor = await connection.execute(READ, (self.reader,))
        [(sequence,)] = await cursor.fetchall()
        return int(sequence)

    async def holds(self, connection: Connection, expected: int) -> bool:
        """Whether it is where it is *expected*; until the transaction ends nobody else can move it."""
        cursor = await connection.execute(HOLD, (self.reader,))
        return await cursor.fetchall() == [(expected,)]

    async def move(self, connection: Connection, sequence: int) -> None:
        """It is at *sequence* from now on."""
        await connection.execute(MOVE, (sequence, self.reader))
