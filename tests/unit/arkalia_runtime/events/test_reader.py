"""A reader: each event takes effect once, in its stream's order, whatever fails on the way."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from arkalia_runtime.database import Database
from arkalia_runtime.events import Reader, parking, reader
from arkalia_runtime.metrics import Metrics
from unit.arkalia_runtime.events.record import Keeper
from unit.arkalia_runtime.events.telling import DECIDED
from unit.arkalia_runtime.serving import PATIENCE_SECONDS


class PoisonError(Exception):
    """What handling an event raises that cannot be handled."""


class Module:
    """A module that writes down what it hears, in the transaction that it is given."""

    def __init__(self, database, settings, schema):
        self.database = database
        self.poison = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self._settings = settings
        self._schema = schema
        schema.rows(
            f"CREATE TABLE heard (place serial, number int); GRANT ALL ON heard TO {schema.name};"
            f"GRANT ALL ON heard_place_seq TO {schema.name}"
        )

    async def handle(self, connection, event):
        await self.gate.wait()
        number = int(event.data["decision_id"])
        await connection.execute("INSERT INTO heard (number) VALUES (%s)", [number])
        if number in self.poison:
            raise PoisonError

    def reader(self, name="main"):
        self.metrics = Metrics("m", "1")
        made = Reader.of(
            self.database, self._settings, types=[DECIDED], handle=self.handle, name=name
        )
        made.measure(self.metrics)
        return made

    @property
    def heard(self):
        return [
            number for (number,) in self._schema.rows("SELECT number FROM heard ORDER BY place")
        ]

    async def hears(self, *numbers):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.heard != list(numbers):  # noqa: ASYNC110 - polls a database
                await asyncio.sleep(0.03)

    async def parks(self, number):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.parked != number:  # noqa: ASYNC110
                await asyncio.sleep(0.03)

    @property
    def parked(self):
        return self._schema.rows("SELECT count(*) FROM parked_events")[0][0]

    def measured(self, name, **labels):
        return self.metrics.registry.get_sample_value(name, {"reader": "main"} | labels)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(reader, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(reader, "LAST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(reader, "WAIT_SECONDS", 0.3)
    monkeypatch.setattr(reader, "FIRST_SECONDS", 0.3)


@pytest.fixture
def keeper(moved_mounts):
    return Keeper(moved_mounts)


@pytest.fixture
def module(database, settings, schema):
    return Module(database, settings, schema)


@asynccontextmanager
async def reading(module, keeper):
    async with keeper.serving() as calls, module.reader().open(calls):
        yield


async def test_reader_hears_what_is_recorded_before_and_after_it_begins(module, keeper):
    keeper.record(1, 2)
    async with reading(module, keeper):
        await module.hears(1, 2)
        keeper.record(3)
        await module.hears(1, 2, 3)

    assert module.measured("arkalia_events_read_total", outcome="handled") == 3


async def test_reader_hears_its_own_types_only(module, keeper):
    keeper.record(1, event_type="io.arkalia.login.refused")
    keeper.record(2)
    async with reading(module, keeper):
        await module.hears(2)


async def test_reader_goes_on_where_it_stopped(module, keeper):
    keeper.record(1, 2)
    async with reading(module, keeper):
        await module.hears(1, 2)
    keeper.record(3)
    async with reading(module, keeper):
        await module.hears(1, 2, 3)
        await asyncio.sleep(0.3)

    assert module.heard == [1, 2, 3]


async def test_many_events_are_heard_in_their_order(module, keeper):
    keeper.record(*range(450))
    async with reading(module, keeper):
        await module.hears(*range(450))

        assert module.measured("arkalia_events_position") >= 400


async def test_pods_of_one_module_share_the_work(module, keeper, settings, schema):
    keeper.record(*range(300))
    async with keeper.serving() as calls, Database.of(settings).open() as second:
        another = Reader.of(second, settings, types=[DECIDED], handle=module.handle)
        async with module.reader().open(calls), another.open(calls):
            await module.hears(*range(300))
            keeper.record(*range(300, 320))
            await module.hears(*range(320))


async def test_readers_of_other_names_have_positions_of_their_own(module, keeper):
    keeper.record(1)
    async with keeper.serving() as calls:
        async with module.reader().open(calls):
            await module.hears(1)
        async with module.reader("second").open(calls):
            await module.hears(1, 1)


@pytest.mark.parametrize("status", [503, 404, 500, 403])
async def test_reader_waits_for_a_record_that_does_not_answer(module, keeper, status):
    keeper.statuses = [status] * 4
    keeper.record(1)
    async with reading(module, keeper):
        await module.hears(1)


async def test_reader_lives_through_a_crash_of_the_database(module, keeper, schema):
    numbers = range(200)
    keeper.record(*numbers)
    async with reading(module, keeper):
        await module.hears(*numbers)
        try:
            schema.server.kill()
            keeper.record(200)
            await asyncio.sleep(0.3)
        finally:
            schema.server.start()
        keeper.record(201)
        await module.hears(*range(202))


async def test_event_that_was_being_handled_when_the_connection_broke_is_handled_again(
    module, keeper, schema
):
    module.gate.clear()
    keeper.record(1)
    async with reading(module, keeper):
        await asyncio.sleep(0.3)
        schema.server.door.cut()
        await asyncio.sleep(0.1)
        module.gate.set()
        await module.hears(1)

    assert module.parked == 0


async def test_event_that_cannot_be_handled_stops_its_own_stream_only(module, keeper, schema):
    module.poison = {2}
    keeper.record(1, 2, stream="a")
    keeper.record(3, stream="b")
    keeper.record(4, stream="a")
    keeper.record(5, stream="b")
    async with reading(module, keeper):
        await module.hears(1, 3, 5)
        await module.parks(2)

    waiting = schema.rows("SELECT sequence, stream, error FROM parked_events ORDER BY sequence")
    assert waiting == [(2, "a", "PoisonError()"), (4, "a", "waits for an earlier one")]
    assert module.measured("arkalia_events_read_total", outcome="parked") == 2
    assert module.measured("arkalia_events_failures_total") >= 4


async def test_parked_events_are_heard_in_their_order_once_they_can_be(module, keeper):
    module.poison = {1}
    keeper.record(1, 2, 3, stream="a")
    async with reading(module, keeper):
        await module.parks(3)
        keeper.record(4, stream="a")
        await module.parks(4)
        module.poison = set()
        await module.hears(1, 2, 3, 4)
        await module.parks(0)
        keeper.record(5, stream="a")
        await module.hears(1, 2, 3, 4, 5)


async def test_parked_event_that_fails_again_waits_longer(module, keeper, schema):
    module.poison = {1}
    keeper.record(1)
    async with reading(module, keeper):
        await module.parks(1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while schema.rows("SELECT tries FROM parked_events") < [(3,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    [(seconds,)] = schema.rows("SELECT extract(epoch FROM due_at - now()) FROM parked_events")
    assert 0.5 < seconds < 3


async def test_reader_stands_still_when_too_much_is_parked(module, keeper, monkeypatch):
    monkeypatch.setattr(reader, "MOST", 2)
    module.poison = {1, 2, 3}
    keeper.record(1, stream="a")
    keeper.record(2, stream="b")
    keeper.record(3, stream="c")
    keeper.record(4, stream="d")
    async with reading(module, keeper):
        await module.parks(2)
        await asyncio.sleep(0.5)
        assert (module.heard, module.parked) == ([], 2)
        module.poison = set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sorted(module.heard) != [1, 2, 3, 4]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def test_parked_event_is_tried_within_an_hour():
    assert parking.FIRST_SECONDS < parking.LAST_SECONDS <= 3600
