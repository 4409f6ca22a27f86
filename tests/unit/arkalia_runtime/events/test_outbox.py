"""The outbox: what is committed is told, once, in the order of the commits, and nothing else is."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_contract import events
from arkalia_runtime import logs
from arkalia_runtime.app import create_app
from arkalia_runtime.database import Database, DatabaseUnavailableError
from arkalia_runtime.events import InvalidEventError, Outbox
from arkalia_runtime.metrics import Metrics
from unit.arkalia_runtime.events.telling import DECIDED, decision, numbers, tell
from unit.arkalia_runtime.serving import served

WRITERS = 12
TRANSACTIONS = 25


class AbortError(Exception):
    """A transaction that its code gives up."""


def give_up():
    raise AbortError


@dataclass
class Crowd:
    """Writers that commit and abort by chance, and a reader that looks by chance."""

    outbox: Outbox
    database: Database
    chance: random.Random = field(default_factory=lambda: random.Random(42))
    numbers: Iterator[int] = field(default_factory=itertools.count)
    committed: list[int] = field(default_factory=list)
    is_over: bool = False

    async def write(self, writer):
        for _ in range(TRANSACTIONS):
            told = [next(self.numbers) for _ in range(self.chance.randint(1, 3))]
            with suppress(AbortError):
                await self.tell(writer, told)
                self.committed.extend(told)

    async def tell(self, writer, told):
        async with self.database.transaction() as connection:
            for number in told:
                await self.outbox.publish(connection, DECIDED, str(writer), decision(number))
                await asyncio.sleep(self.chance.random() * 0.004)
            if self.chance.random() < 0.3:
                give_up()

    async def read(self):
        seen = []
        while not self.is_over or await self.outbox.page(len(seen), 1):
            after = seen[-1].sequence if seen else 0
            seen.extend(await self.outbox.page(after, self.chance.randint(1, 7)))
            await asyncio.sleep(self.chance.random() * 0.003)
        return seen


async def test_event_is_told_when_its_transaction_is_committed(outbox, database):
    logs.traceparent.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    await tell(outbox, database, 1)

    [event] = await outbox.page(0, 10)
    assert (event.type, event.stream, event.sequence) == (DECIDED, "one stream", 1)
    assert event.data == decision(1)
    assert event.source == "/arkalia/team-a/luna/zeroia"
    assert event.traceparent.startswith("00-0af7")
    assert datetime.now(UTC) - event.time < timedelta(minutes=1)


async def test_event_is_not_told_when_its_transaction_is_rolled_back(outbox, database):
    async def tell_and_give_up():
        async with database.transaction() as connection:
            await outbox.publish(connection, DECIDED, "s", decision(1))
            give_up()

    with pytest.raises(AbortError):
        await tell_and_give_up()
    await tell(outbox, database, 2)

    assert [(event.sequence, numbers([event])) for event in await outbox.page(0, 10)] == [(1, [2])]


async def test_event_is_not_told_when_its_savepoint_is_rolled_back(outbox, database):
    async with database.transaction() as connection:
        await outbox.publish(connection, DECIDED, "s", decision(1))
        with suppress(AbortError):
            async with connection.transaction():
                await outbox.publish(connection, DECIDED, "s", decision(2))
                give_up()
        await outbox.publish(connection, DECIDED, "s", decision(3))

    assert numbers(await outbox.page(0, 10)) == [1, 3]


async def test_events_of_one_transaction_keep_their_order(outbox, database):
    async with database.transaction() as connection:
        for number in range(50):
            await outbox.publish(connection, DECIDED, "s", decision(number))

    assert numbers(await outbox.page(0, 100)) == list(range(50))


async def test_page_begins_after_what_is_known_and_has_a_bound(outbox, database):
    await tell(outbox, database, *range(1, 8))

    assert numbers(await outbox.page(3, 2)) == [4, 5]
    assert numbers(await outbox.page(7, 2)) == []


async def test_page_of_long_events_is_cut_but_never_empty(outbox, database, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.events.pages.MOST_BYTES", 300)
    await tell(outbox, database, *range(1, 8))

    assert 1 <= len(await outbox.page(0, 7)) < 7
    monkeypatch.setattr("arkalia_runtime.events.pages.MOST_BYTES", 1)
    assert numbers(await outbox.page(4, 7)) == [5]


@pytest.mark.parametrize(
    ("event_type", "data", "message"),
    [
        ("io.arkalia.login.refused", {}, "none of the types that this module says"),
        (DECIDED, {**decision(1), "confidence": 2}, "confidence"),
        (DECIDED, {"decision_id": "1"}, "verdict"),
        (DECIDED, {**decision(1), "reason": "x" * 70000}, "70"),
        (DECIDED, {**decision(1), "proposed_action": {"at": object()}}, "not JSON"),
    ],
)
async def test_event_that_does_not_fit_is_not_published(
    outbox, database, event_type, data, message
):
    async def publish():
        async with database.transaction() as connection:
            await outbox.publish(connection, event_type, "s", data)

    with pytest.raises(InvalidEventError, match=message):
        await publish()

    assert await outbox.page(0, 10) == []


async def test_event_that_belongs_to_no_change_is_told_at_once(outbox):
    metrics = Metrics("m", "1")
    outbox.measure(metrics)
    waiting = asyncio.create_task(outbox.news.any.wait(outbox.news.any.rings, 5))

    told = await outbox.tell(DECIDED, "s", decision(1))

    [event] = await outbox.page(0, 10)
    published = metrics.registry.get_sample_value(
        "arkalia_events_published_total", {"type": DECIDED}
    )
    assert (event.id, event.sequence, event.data, published) == (told.id, 1, decision(1), 1)
    assert (outbox.news.told.rings, outbox.news.any.rings) == (1, 1)
    await waiting


async def test_event_that_is_not_committed_is_not_told_of(outbox, schema):
    metrics = Metrics("m", "1")
    outbox.measure(metrics)
    schema.rows("UPDATE outbox_head SET capacity = 0")

    with pytest.raises(DatabaseUnavailableError, match="The outbox is full"):
        await outbox.tell(DECIDED, "s", decision(1))
    with pytest.raises(InvalidEventError):
        await outbox.tell("io.arkalia.login.refused", "s", {})

    measured = metrics.registry.get_sample_value
    assert not measured("arkalia_events_published_total", {"type": DECIDED})
    assert (outbox.news.any.rings, await outbox.page(0, 10)) == (0, [])


async def test_event_of_an_unknown_version_is_not_published(outbox, database):
    async def publish():
        async with database.transaction() as connection:
            await outbox.publish(connection, DECIDED, "s", decision(1), version=9)

    with pytest.raises(InvalidEventError, match="not in the registry"):
        await publish()


async def test_reader_sees_no_gap_and_the_order_of_commits_under_many_writers(outbox, database):
    crowd = Crowd(outbox, database)
    reading = asyncio.create_task(crowd.read())
    await asyncio.gather(*(crowd.write(writer) for writer in range(WRITERS)))
    crowd.is_over = True
    seen = await reading

    assert [event.sequence for event in seen] == list(range(1, len(crowd.committed) + 1))
    assert sorted(numbers(seen)) == sorted(crowd.committed)
    for writer in range(WRITERS):
        own = numbers(event for event in seen if event.stream == str(writer))
        assert own == sorted(own)


async def test_writers_that_lock_other_rows_too_do_not_block_each_other_for_good(
    outbox, database, schema
):
    """Two transactions that publish first and then want the same rows, in either order."""
    schema.rows(
        f"CREATE TABLE facts (id int PRIMARY KEY, n int); GRANT ALL ON facts TO {schema.name}"
    )
    schema.rows("INSERT INTO facts VALUES (1, 0)")

    async def publish_then_change(number):
        async with database.transaction() as connection:
            await outbox.publish(connection, DECIDED, "s", decision(number))
            await connection.execute("UPDATE facts SET n = n + 1 WHERE id = 1")

    async def change_then_publish(number):
        async with database.transaction() as connection:
            await connection.execute("UPDATE facts SET n = n + 1 WHERE id = 1")
            await outbox.publish(connection, DECIDED, "s", decision(number))

    works = (publish_then_change, change_then_publish)
    await asyncio.gather(*(works[number % 2](number) for number in range(40)))

    assert len(await outbox.page(0, 100)) == 40


async def test_full_outbox_refuses_what_it_could_lose_and_takes_it_again_when_it_is_read(
    outbox, database, schema
):
    schema.rows("UPDATE outbox_head SET capacity = 3")
    await tell(outbox, database, 1, 2, 3)
    with pytest.raises(DatabaseUnavailableError, match="The outbox is full: 3 events wait") as full:
        await tell(outbox, database, 4)
    await outbox.confirm(2)
    await tell(outbox, database, 5)

    assert full.value.status_code == 503
    assert numbers(await outbox.page(0, 10)) == [1, 2, 3, 5]


async def test_old_events_go_once_they_are_confirmed(outbox, database):
    await tell(outbox, database, 1, 2, 3)
    await outbox.confirm(2)

    assert await outbox.clean(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await outbox.clean(datetime.now(UTC) + timedelta(seconds=1)) == 2
    assert numbers(await outbox.page(0, 10)) == [3]


async def test_old_events_go_when_no_record_has_ever_asked(outbox, database, schema):
    schema.rows("UPDATE outbox_head SET capacity = 3")
    await tell(outbox, database, 1, 2, 3)

    assert await outbox.clean(datetime.now(UTC) + timedelta(seconds=1)) == 3
    await tell(outbox, database, 4)
    assert numbers(await outbox.page(0, 10)) == [4]


async def test_confirmation_never_goes_back_and_never_ahead(outbox, database, schema):
    await tell(outbox, database, 1, 2, 3)
    for after in (2, 1, 1000):
        await outbox.confirm(after)
        outbox._confirmed = -1

    assert schema.rows("SELECT confirmed FROM outbox_head") == [(3,)]


async def test_cleaning_goes_on_when_the_database_was_away(outbox, database, schema, monkeypatch):
    monkeypatch.setattr("arkalia_runtime.events.outbox.CLEAN_SECONDS", 0.05)
    monkeypatch.setattr("arkalia_runtime.events.outbox.KEEP", timedelta(seconds=-5))
    await tell(outbox, database, 1)
    schema.rows("ALTER TABLE outbox RENAME TO hidden")
    async with outbox.open():
        await asyncio.sleep(0.2)
        schema.rows("ALTER TABLE hidden RENAME TO outbox")
        async with asyncio.timeout(10):
            while await outbox.page(0, 1):  # noqa: ASYNC110 - polls a database
                await asyncio.sleep(0.05)


@asynccontextmanager
async def serving(outbox, settings):
    app = create_app("m", settings.model_copy(update={"system": ""}), router=outbox.router)
    async with served(app) as client:
        yield client


async def test_route_answers_with_a_batch_of_cloud_events(outbox, database, settings):
    await tell(outbox, database, 1, 2)
    async with serving(outbox, settings) as client, client.get("/events/outbox?after=1") as answer:
        batch = await answer.json(content_type=events.BATCH_CONTENT_TYPE)

    [event] = map(events.from_json, batch)
    assert (event.sequence, event.data) == (2, decision(2))


async def test_what_the_record_asks_for_confirms_what_came_before(
    outbox, database, settings, schema
):
    metrics = Metrics("m", "1")
    outbox.measure(metrics)
    await tell(outbox, database, 1, 2, 3)
    async with serving(outbox, settings) as client:
        await client.get("/events/outbox?after=2")

    measured = metrics.registry.get_sample_value
    assert schema.rows("SELECT confirmed FROM outbox_head") == [(2,)]
    assert measured("arkalia_outbox_unconfirmed_events") == 1
    assert measured("arkalia_events_published_total", {"type": DECIDED}) == 3


async def test_route_waits_for_an_event_if_it_may(outbox, database, settings):
    loop = asyncio.get_running_loop()
    async with serving(outbox, settings) as client:
        asking = asyncio.create_task(client.get("/events/outbox?wait=20"))
        await asyncio.sleep(0.2)
        assert not asking.done()
        start = loop.time()
        await tell(outbox, database, 1)
        answer = await asking

        assert len(await answer.json(content_type=None)) == 1
        assert loop.time() - start < 0.8


async def test_route_sees_what_another_pod_has_told(outbox, database, settings):
    another = Outbox.of(database, settings, emits=[DECIDED])
    async with serving(outbox, settings) as client:
        asking = asyncio.create_task(client.get("/events/outbox?wait=20"))
        await asyncio.sleep(0.1)
        await tell(another, database, 1)
        async with asyncio.timeout(5):
            assert len(await (await asking).json(content_type=None)) == 1


async def test_route_stops_waiting_when_the_time_is_over(outbox, settings):
    async with serving(outbox, settings) as client:
        answer = await client.get("/events/outbox?wait=0.2")

        assert await answer.json(content_type=None) == []


async def test_route_stops_waiting_when_the_service_stops(outbox, settings):
    app = create_app("m", settings.model_copy(update={"system": ""}), router=outbox.router)
    async with served(app) as client:
        asking = asyncio.create_task(client.get("/events/outbox?wait=25"))
        await asyncio.sleep(0.2)
        app.state.health.drain()
        async with asyncio.timeout(5):
            assert (await asking).status == 200
