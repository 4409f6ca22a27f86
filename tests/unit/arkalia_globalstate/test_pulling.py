"""Pulling: whatever a module has committed is recorded once, whoever is away meanwhile."""

import asyncio
import itertools
from contextlib import asynccontextmanager

from arkalia_runtime import background
from arkalia_runtime.database import DatabaseError
from unit.arkalia_globalstate.parts import DECIDED, decision
from unit.arkalia_runtime.serving import PATIENCE_SECONDS


async def recorded(client, number):
    """What the record has, once that are *number* events."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await client.recorded()) < number:  # noqa: ASYNC110 - polls a service
            await asyncio.sleep(0.02)
    return found


async def all_of(client):
    """What the record has, page by page."""
    found = []
    while page := await client.recorded(after=len(found)):
        found.extend(page)
    return found


def told(events, module):
    own = [each for each in events if each["source"].endswith(f"/{module}")]
    return [int(each["data"]["decision_id"]) for each in own]


async def test_events_of_all_modules_are_recorded_in_their_order(keeper, zeroia, sandozia):
    keeper.follow(zeroia, sandozia)
    async with zeroia.serving(), sandozia.serving(), keeper.serving() as client:
        await asyncio.gather(zeroia.tell(1, 2, 3), sandozia.tell(4, 5))
        events = await recorded(client, 5)

    assert (told(events, "zeroia"), told(events, "sandozia")) == ([1, 2, 3], [4, 5])
    assert [int(each["recordsequence"]) for each in events] == [1, 2, 3, 4, 5]


async def test_module_that_is_away_does_not_stop_the_others(keeper, zeroia, sandozia):
    keeper.follow(zeroia, sandozia)
    async with sandozia.serving(), keeper.serving(pull_pause_seconds=0.5) as client:
        async with zeroia.database.open():
            await zeroia.tell(1, 2)
        await sandozia.tell(3, 4)
        others = await recorded(client, 2)
        async with zeroia.serving():
            events = await recorded(client, 4)

    assert told(others, "sandozia") == [3, 4]
    assert (told(events, "zeroia"), told(events, "sandozia")) == ([1, 2], [3, 4])


async def test_record_that_was_away_catches_up(keeper, zeroia):
    keeper.follow(zeroia)
    async with zeroia.serving():
        await zeroia.tell(*range(30))
        async with keeper.serving() as client:
            await recorded(client, 30)
        await zeroia.tell(*range(30, 60))
        async with keeper.serving() as client:
            events = await recorded(client, 60)

    assert told(events, "zeroia") == list(range(60))


async def test_nothing_is_recorded_twice_by_several_pods(keeper, zeroia):
    keeper.follow(zeroia)
    async with zeroia.serving(), keeper.serving() as first, keeper.serving() as second:
        for number in range(0, 120, 4):
            await zeroia.tell(*range(number, number + 4))
        await recorded(first, 120)
        events = await recorded(second, 120)

    assert told(events, "zeroia") == list(range(120))
    assert [int(each["recordsequence"]) for each in events] == list(range(1, 121))


class Talk:
    """Modules that tell events without a pause; what they could commit is noted."""

    def __init__(self, *emitters):
        self._emitters = emitters
        self._numbers = itertools.count()
        self.committed = {emitter.name: [] for emitter in emitters}

    @asynccontextmanager
    async def going_on(self):
        async with background.running(*(self._keep_telling(each) for each in self._emitters)):
            yield

    async def _keep_telling(self, emitter):
        while True:
            number = next(self._numbers)
            try:
                await emitter.tell(number)
            except DatabaseError:
                await asyncio.sleep(0.05)
            else:
                self.committed[emitter.name].append(number)

    def is_recorded(self, events):
        return all(set(told(events, name)) >= set(own) for name, own in self.committed.items())


async def test_nothing_is_lost_when_the_database_crashes(keeper, zeroia, sandozia, postgresql):
    keeper.follow(zeroia, sandozia)
    talk, events = Talk(zeroia, sandozia), []
    async with zeroia.serving(), sandozia.serving(), keeper.serving() as client:
        async with talk.going_on():
            await asyncio.sleep(0.5)
            try:
                postgresql.kill()
                await asyncio.sleep(0.3)
            finally:
                postgresql.start()
            await asyncio.sleep(2)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not talk.is_recorded(events):
                await asyncio.sleep(0.1)
                events = await all_of(client)

    for name in talk.committed:
        heard = told(events, name)
        assert heard == sorted(set(heard))
    assert [int(each["recordsequence"]) for each in events] == list(range(1, len(events) + 1))


async def test_nothing_is_lost_when_redis_is_away(keeper, zeroia, redis):
    keeper.follow(zeroia)
    redis.door.close()
    try:
        async with zeroia.serving(), keeper.serving() as client:
            await zeroia.tell(1, 2)
            events = await recorded(client, 2)
            _, _, health = await client.ask("GET", "/health/detailed")
            ready, _, _ = await client.ask("GET", "/health/ready")
    finally:
        redis.door.open()

    assert told(events, "zeroia") == [1, 2]
    assert (health["status"], ready) == ("degraded", 200)


async def test_module_that_is_switched_on_later_is_followed(keeper, zeroia, sandozia):
    keeper.follow(zeroia)
    async with zeroia.serving(), sandozia.serving(), keeper.serving() as client:
        await zeroia.tell(1)
        await recorded(client, 1)
        await sandozia.tell(2)
        keeper.follow(zeroia, sandozia)
        await recorded(client, 2)
        keeper.follow(sandozia)
        await asyncio.sleep(0.6)
        await zeroia.tell(3)
        await sandozia.tell(4)
        events = await recorded(client, 3)
        await asyncio.sleep(0.3)

    assert told(events, "zeroia") == [1]
    assert told(events, "sandozia") == [2, 4]


async def test_module_that_speaks_for_another_is_refused(keeper, zeroia):
    zeroia.outbox._source = "/arkalia/team-a/luna/security"
    keeper.follow(zeroia)
    async with zeroia.serving(), keeper.serving() as client:
        await zeroia.tell(1)
        await failed(client, "zeroia", "refused")

        assert await client.recorded() == []


async def test_module_that_does_not_let_the_record_in_is_asked_again(keeper, zeroia):
    zeroia.mounts.allow()
    keeper.follow(zeroia)
    async with zeroia.serving(), keeper.serving() as client:
        await zeroia.tell(1)
        await failed(client, "zeroia", "403")
        zeroia.mounts.allow(globalstate=["/events/outbox"])

        assert told(await recorded(client, 1), "zeroia") == [1]


async def test_every_text_arrives_as_it_was_told(keeper, zeroia):
    texts = ["", "Ünïcödé 🌙", "\\ ' \" \n\t", "null \u0000 byte", "{}", "x" * 5000]
    keeper.follow(zeroia)
    async with zeroia.serving(), keeper.serving() as client:
        for number, text in enumerate(texts):
            async with zeroia.database.transaction() as connection:
                data = decision(number) | {"reason": text}
                await zeroia.outbox.publish(connection, DECIDED, "s", data)
        events = await recorded(client, len(texts))

    assert [each["data"]["reason"] for each in events] == texts


async def failed(client, emitter, reason):
    """Wait until the record says that it could not read *emitter*."""
    measured = client.app.state.metrics.registry.get_sample_value
    labels = {"emitter": emitter, "reason": reason}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not measured("arkalia_record_pull_failures_total", labels):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
