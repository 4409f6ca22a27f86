"""One connection, as a transaction hands it out."""

import asyncio
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads

from arkalia_runtime import deadline
from arkalia_runtime.access import PostgresqlAccess

GRACE_SECONDS: Final = 1
"""How much later than the server's own limit a connection is cut."""

CANCEL_SECONDS: Final = 0.25
"""How long a server may take to hear that nobody waits for a statement any more. psycopg would wait five
seconds, and so would whoever has stopped waiting."""


class SwallowedError(RuntimeError):
    """A statement of a transaction failed, and the code went on as if it had not."""


class Connection(psycopg.AsyncConnection[TupleRow]):
    """psycopg's connection, with what happens after a commit and with an end to waiting."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._told: list[Callable[[], None]] = []
        self._opened_with: PostgresqlAccess | None = None
        set_json_loads(orjson.loads, self)
        set_json_dumps(orjson.dumps, self)

    async def every(self, statement: str, values: Any = ()) -> list[TupleRow]:
        """All rows of a statement, which is no text of anybody else's. Raises psycopg's errors."""
        cursor = await self.execute(statement.encode(), values)
        return await cursor.fetchall()

    async def alone(self, statement: str, values: Any = ()) -> psycopg.AsyncCursor[TupleRow]:
        """What became of a statement that is a transaction by itself. Raises psycopg's errors.

        It ends with the request which is being answered. No transaction tells the server of that
        time, so the statement is cancelled.
        """
        self._told.clear()
        try:
            async with asyncio.timeout(_seconds_left()):
                return await self.execute(statement.encode(), values)
        except TimeoutError:
            message = "the request ended before its statement"
            raise psycopg.errors.QueryCanceled(message) from None

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call *tell* once this transaction is committed; not if it is rolled back."""
        self._told.append(tell)

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109 - psycopg's own
        """Cancel the statement that runs. A server that does not hear of it is cut off."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except psycopg.OperationalError:
            self._cut()
            raise

    def is_of(self, access: PostgresqlAccess) -> bool:
        """Whether it was opened with *access*, and not with a former login."""
        if access is self._opened_with:
            return True
        info = self.info
        opened = (info.host, info.port, info.dbname, info.user, info.password)
        wanted = (access.host, access.port, access.database, access.user, access.password)
        self._opened_with = access if opened == wanted else None
        return opened == wanted

    @property
    def is_silent(self) -> bool:
        """Whether the server has said nothing since it was last asked: unasked it says farewell."""
        if self.closed:
            return False
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return not poll.poll(0)

    async def begin(self) -> None:
        """Begin a transaction that ends with the request which is being answered."""
        self._told.clear()
        seconds = _seconds_left()
        if seconds is None:
            await self.execute("BEGIN")
        else:
            # One round trip for both. 0 would mean without limit.
            milliseconds = max(1, int(seconds * 1000))
            await self.execute(f"BEGIN; SET LOCAL statement_timeout = {milliseconds}".encode())

    async def conclude(self) -> list[Callable[[], None]]:
        """Commit; returns whom to tell of it.

        Raises SwallowedError where PostgreSQL would silently roll back instead.
        """
        if self.info.transaction_status == TransactionStatus.INERROR:
            await self.rollback()
            message = "a statement of this transaction has failed, so it cannot be committed"
            raise SwallowedError(message)
        await self.commit()
        told, self._told = self._told, []
        return told

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Break the connection off if the block takes longer than *seconds*, and a bit.

        The server ends a statement by itself; this is for a server that does nothing any more.
        """
        timer = asyncio.get_running_loop().call_later(seconds + GRACE_SECONDS, self._cut)
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if not self.closed:
            with socket.socket(fileno=os.dup(self.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)


def _seconds_left() -> float | None:
    """Until the request which is being answered ends; None if nobody said when."""
    without_end = float("inf")
    seconds = deadline.left(without_end)
    return None if seconds == without_end else seconds
