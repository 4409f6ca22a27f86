"""Tries are counted before they are looked at, and forgiven when they were right.

So a thousand tries at once are a thousand tries: the rows are locked in one order, and who comes
while a wait is on is refused without a look at the password.
"""

import logging
from http import HTTPStatus
from typing import Final

from arkalia_runtime.database import Connection
from arkalia_runtime.problems import Problem
from arkalia_security import slowing
from arkalia_security.ground import Ground, one

logger: Final = logging.getLogger(__name__)

CHARGE: Final = f"""
    INSERT INTO attempts (subject, failures, last_at, waits_until) VALUES (%s, 1, now(), now())
    ON CONFLICT (subject) DO UPDATE SET last_at = now(), failures = CASE
        WHEN attempts.last_at < now() - interval '{slowing.FORGET_SECONDS} seconds' THEN 1
        ELSE attempts.failures + 1 END
    RETURNING failures, extract(epoch FROM waits_until - now())::float8
"""  # noqa: S608
WAIT: Final = """
    UPDATE attempts SET waits_until = now() + make_interval(secs => %s) WHERE subject = %s
"""
FORGIVE: Final = """
    UPDATE attempts SET failures = greatest(failures - 1, 0), waits_until = now()
    WHERE subject = %s
"""
FORGET: Final = "DELETE FROM attempts WHERE subject = %s"
CLEAN: Final = f"""
    DELETE FROM attempts WHERE last_at < now() - interval '{2 * slowing.FORGET_SECONDS} seconds'
"""  # noqa: S608


class SlowedError(Problem):
    """A try that has to wait."""

    def __init__(self, seconds: float) -> None:
        wait = max(1, int(seconds + 0.999))
        detail = f"There were too many failures: try again in {wait} s."
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, detail)
        self.headers = {"Retry-After": str(wait)}


class Guessing:
    """Counts the tries."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def charge(self, name: str, client: str) -> None:
        """Count a try. Raises SlowedError if it has to wait."""
        async with self._ground.database.transaction() as connection:
            for rule, subject in slowing.subjects(name, client):
                failures = await _charged(connection, subject)
                seconds = slowing.wait_seconds(rule, failures)
                if seconds:
                    await connection.execute(WAIT, (seconds, subject))
                    await self._report(connection, rule, (name, client), failures)

    async def forgive(self, connection: Connection, name: str, client: str) -> None:
        """It was right: what was counted for name and address is forgotten, elsewhere it is one less."""
        for rule, subject in slowing.subjects(name, client):
            statement = FORGET if rule is slowing.PAIR else FORGIVE
            await connection.execute(statement.encode(), (subject,))

    async def take_back(self, name: str, client: str) -> None:
        """It was no guess: it counts no more, and what was counted before it does."""
        async with self._ground.database.transaction() as connection:
            for _, subject in slowing.subjects(name, client):
                await connection.execute(FORGIVE, (subject,))

    async def _report(
        self, connection: Connection, rule: slowing.Rule, who: tuple[str, str], failures: int
    ) -> None:
        name, client = who
        seconds = slowing.wait_seconds(rule, failures)
        self._ground.measures.slowed.labels(rule.kind).inc()
        logger.warning("Somebody guesses.", extra={"client": client, "failures": failures})
        data = {"client_address": client, "failures": failures, "wait_seconds": seconds}
        await self._ground.tell(connection, "login.slowed", client, data | {"user_name": name})


async def _charged(connection: Connection, subject: str) -> int:
    row = await one(connection, CHARGE, (subject,))
    assert row is not None  # noqa: S101 - an upsert gives its row
    failures, waits = row
    if waits > 0:
        raise SlowedError(waits)
    return int(failures)
