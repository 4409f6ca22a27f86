"""A reader as a part of a service: it lives, is measured and stops with the service."""

import asyncio
import json

import pytest

from arkalia_contract import endpoints
from arkalia_runtime.database import Database
from arkalia_runtime.events import reader
from arkalia_runtime.events.following import Following
from arkalia_runtime.parts import assembled
from unit.arkalia_runtime.events.record import Keeper
from unit.arkalia_runtime.events.telling import DECIDED
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

COUNTED = 'arkalia_events_read_total{outcome="handled",reader="main"} 1.0'


async def measured_once_committed(client):
    """The metrics, once the first event's transaction is committed: it is heard before that."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with client.get(endpoints.METRICS) as answer:
                metrics = await answer.text()
            if COUNTED in metrics:
                return metrics
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(reader, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(reader, "LAST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(reader, "WAIT_SECONDS", 0.3)


@pytest.fixture
def keeper(moved_mounts):
    return Keeper(moved_mounts)


class Module:
    """A service that hears decisions."""

    def __init__(self, settings):
        self.heard = []
        database = Database.of(settings)
        self.part = Following(database, settings, [DECIDED], self.handle)
        self.app = assembled("m", settings, database, self.part)

    async def handle(self, _connection, event):
        self.heard.append(int(event.data["decision_id"]))

    async def hears(self, *numbers):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.heard != list(numbers):  # noqa: ASYNC110 - a list has no event to wait for
                await asyncio.sleep(0.01)


@pytest.fixture
def module(settings):
    return Module(settings)


async def test_service_hears_events_while_it_lives(module, keeper):
    keeper.record(1, 2)
    async with keeper.serving(), served(module.app):
        await module.hears(1, 2)
        keeper.record(3)
        await module.hears(1, 2, 3)


async def test_service_hears_nothing_once_it_has_stopped(module, keeper):
    async with keeper.serving():
        async with served(module.app):
            keeper.record(1)
            await module.hears(1)
        keeper.record(2)
        await asyncio.sleep(0.2)

    assert module.heard == [1]


async def test_service_goes_on_where_its_predecessor_stopped(module, keeper, settings):
    keeper.record(1)
    async with keeper.serving():
        async with served(module.app) as client:
            await module.hears(1)
            await measured_once_committed(client)
        keeper.record(2)
        following = Module(settings)
        async with served(following.app):
            await following.hears(2)


async def test_position_and_calls_of_the_reader_stand_in_the_metrics(module, keeper):
    keeper.record(1)
    async with keeper.serving(), served(module.app) as client:
        await module.hears(1)
        metrics = await measured_once_committed(client)

    assert 'arkalia_calls_total{callee="globalstate",outcome="200"}' in metrics


async def test_part_says_what_the_description_must_name(settings):
    part = Module(settings.model_copy(update={"record_module": "ledger"})).part

    assert (part.types, part.calls) == ({DECIDED}, {"ledger": "/events"})


async def test_record_of_another_name_is_asked_when_the_settings_say_so(keeper, settings):
    module = Module(settings.model_copy(update={"record_module": "ledger"}))
    keeper.record(1)
    async with keeper.serving():
        identity = settings.identity_folder / "callees.json"
        address = json.loads(identity.read_text())["globalstate"]
        identity.write_text(json.dumps({"ledger": address}))
        (settings.tokens_folder / "ledger").write_text("a token")
        async with served(module.app):
            await module.hears(1)
