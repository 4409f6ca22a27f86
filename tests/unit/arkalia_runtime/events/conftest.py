"""A module with an outbox that may tell decisions."""

import pytest

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.events.telling import DECIDED


@pytest.fixture
def settings(moved_mounts):
    return ServiceSettings(**moved_mounts.settings | {"version": "1"}, database_connections=20)


@pytest.fixture
async def database(settings):
    async with Database.of(settings).open() as opened:
        yield opened


@pytest.fixture
def outbox(database, settings):
    return Outbox.of(database, settings, emits=[DECIDED])
