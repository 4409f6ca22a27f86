"""How the system is used: every event counts once, for its type and the hour in which it happened."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_contract import endpoints
from arkalia_contract.events import Event
from arkalia_nyxalia.app import create
from arkalia_nyxalia.settings import AnalyticsSettings
from arkalia_nyxalia.usage import TYPES, Counts, begin_of_hour
from arkalia_runtime.database import Database
from data_services import migrate
from unit.arkalia_runtime.events.record import Keeper
from unit.arkalia_runtime.events.telling import DECIDED, decision
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, served

REFUSED = "io.arkalia.login.refused"
NOON = begin_of_hour(datetime.now(UTC)) - timedelta(days=1)
EVENT = Event(
    id="e1",
    source="/arkalia/team-a/luna/sandozia",
    type=DECIDED,
    schema_version=1,
    stream="s",
    time=NOON,
    data=decision(1),
    sequence=1,
)


@pytest.fixture
def settings(mounts, schema):
    migrate(mounts, schema, "forward", module="nyxalia")
    own = {"system": "", "module": "nyxalia", "version": "1", "check_cache_seconds": 0}
    return AnalyticsSettings(**mounts.settings | own)


@pytest.fixture
async def database(settings):
    async with Database.of(settings).open() as opened:
        yield opened


@pytest.fixture
def counts(database):
    return Counts(database, timedelta(days=7))


async def count(counts, database, *moments, event_type=DECIDED):
    """Count events that happened so long after NOON."""
    for moment in moments:
        event = replace(EVENT, type=event_type, time=NOON + timedelta(minutes=moment))
        async with database.transaction() as connection:
            await counts.count(connection, event)


@asynccontextmanager
async def serving(settings):
    async with served(create(settings)) as client:
        yield client


async def usage(client, **asked):
    async with client.get("/usage", params=asked) as answer:
        return answer.status, await answer.json(content_type=None)


def figures(found):
    """Type, hours after NOON and number of everything that was counted."""
    return [
        (each.type, (each.hour - NOON) / timedelta(hours=1), each.events) for each in found.hours
    ]


async def test_events_of_an_hour_are_counted_together_and_by_type(counts, database):
    await count(counts, database, 0, 59, 60)
    await count(counts, database, 30, event_type=REFUSED)

    found = await counts.read(NOON, NOON + timedelta(hours=2), None)

    assert figures(found) == [(DECIDED, 0, 2), (REFUSED, 0, 1), (DECIDED, 1, 1)]


async def test_hours_from_the_first_on_and_before_the_last_are_told(counts, database):
    await count(counts, database, -1, 0, 60, 120)

    found = await counts.read(NOON, NOON + timedelta(hours=2), None)

    assert figures(found) == [(DECIDED, 0, 1), (DECIDED, 1, 1)]


async def test_one_type_alone_is_told_when_it_is_asked_for(counts, database):
    await count(counts, database, 0)
    await count(counts, database, 0, event_type=REFUSED)

    found = await counts.read(NOON, NOON + timedelta(hours=1), REFUSED)

    assert figures(found) == [(REFUSED, 0, 1)]


async def test_nothing_is_counted_when_its_transaction_fails(counts, database):
    async def fail():
        async with database.transaction() as connection:
            await counts.count(connection, EVENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert (await counts.read(NOON, NOON + timedelta(hours=1), None)).hours == []


async def test_counts_are_kept_as_long_as_the_settings_say(database, schema):
    long_ago = timedelta(days=3).total_seconds() / 60
    keeping = Counts(database, timedelta(days=7))
    await count(keeping, database, -long_ago, 0)
    assert schema.rows("SELECT count(*) FROM usage") == [(2,)]

    await count(Counts(database, timedelta(days=2)), database, 0)

    assert schema.rows("SELECT events FROM usage") == [(2,)]


async def test_moment_in_any_zone_counts_for_its_hour_of_utc(counts, database):
    zone = datetime.fromisoformat("2026-01-01T00:00:00+05:30").tzinfo
    moment = (NOON + timedelta(minutes=15)).astimezone(zone)
    async with database.transaction() as connection:
        await counts.count(connection, replace(EVENT, time=moment))

    assert figures(await counts.read(NOON, NOON + timedelta(hours=1), None)) == [(DECIDED, 0, 1)]


async def test_event_of_the_record_is_told_by_the_service(settings, mounts):
    keeper = Keeper(mounts)
    keeper.record(1, 2)
    keeper.record(3, event_type=REFUSED)
    async with keeper.serving(), serving(settings) as client, asyncio.timeout(PATIENCE_SECONDS):
        while len((await usage(client))[1]["hours"]) < 2:  # noqa: ASYNC110 - polls a service
            await asyncio.sleep(0.02)
        status, found = await usage(client)

    counted = [(each["type"], each["events"]) for each in found["hours"]]
    assert (status, counted) == (200, [(DECIDED, 2), (REFUSED, 1)])


async def test_last_day_is_told_when_nothing_else_is_asked(settings):
    async with serving(settings) as client:
        _, found = await usage(client)

    since, until = (datetime.fromisoformat(found[each]) for each in ("since", "until"))
    assert since == begin_of_hour(until - timedelta(days=1))
    assert abs(until - datetime.now(UTC)) < timedelta(minutes=1)


async def test_figures_may_be_kept_for_a_moment(settings):
    async with served(create(settings)) as client, client.get("/usage") as answer:
        assert answer.headers["Cache-Control"] == "max-age=10, stale-if-error=300"


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00Z", "until": "2026-02-02T00:00:00Z"},
        {"since": "2026-01-01T00:00:00", "until": "2026-01-02T00:00:00Z"},
        {"since": "yesterday"},
        {"type": "t" * 254},
        {"since": "0001-01-01T01:01:00+05:05"},
        {"until": "0001-01-01T00:00:00Z"},
        {"until": "9999-12-31T23:00:00-05:00"},
    ],
    ids=["turned round", "too long", "no zone", "no time", "long type", "first", "day 0", "last"],
)
async def test_question_that_cannot_be_answered_is_a_problem(settings, asked):
    async with serving(settings) as client:
        status, problem = await usage(client, **asked)

    assert status == 422
    assert problem["detail"]


async def test_service_says_503_while_the_database_is_away(settings, schema):
    impatient = settings.model_copy(update={"database_timeout_seconds": 0.3})
    async with serving(impatient) as client:
        schema.server.door.close()
        try:
            assert (await usage(client))[0] == 503
            async with client.get(endpoints.HEALTH_READY) as answer:
                assert answer.status == 503
        finally:
            schema.server.door.open()


def test_all_types_of_the_registry_are_counted():
    assert {DECIDED, REFUSED} < set(TYPES)
    assert len(TYPES) == len(set(TYPES))
