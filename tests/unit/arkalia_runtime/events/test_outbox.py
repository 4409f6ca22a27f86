"""The outbox: what is committed is told, once, in the order of the commits, and nothing else is."""

import pytest

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.settings import ServiceSettings

DECIDED = "io.arkalia.decision.made"


def decision(number):
    return {"decision_id": str(number), "subject": "s", "verdict": "watch", "confidence": 0.5}


@pytest.fixture
def settings(moved_mounts):
    return ServiceSettings(**moved_mounts.settings)


@pytest.fixture
async def database(settings):
    async with Database.of(settings).open() as opened:
        yield opened


@pytest.fixture
def outbox(database, settings):
    return Outbox.of(database, settings, emits=[DECIDED])


async def publish(outbox, database, number):
    async with database.transaction() as connection:
        return await outbox.publish(connection, DECIDED, str(number), decision(number))


async def test_event_is_told_when_its_transaction_is_committed(outbox, database):
    await publish(outbox, database, 1)

    [event] = await outbox.page(0, 10)
    assert (event.type, event.stream, event.sequence) == (DECIDED, "1", 1)
    assert event.data == decision(1)
    assert event.source == "/arkalia/team-a/luna/zeroia"
