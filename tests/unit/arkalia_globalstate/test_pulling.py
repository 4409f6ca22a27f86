"""Pulling: whatever a module has committed is recorded once, whoever is away meanwhile."""

import asyncio

from unit.arkalia_runtime.serving import PATIENCE_SECONDS


async def recorded(client, number):
    """What the record has, once that are *number* events."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await client.recorded()) < number:  # noqa: ASYNC110 - polls a service
            await asyncio.sleep(0.02)
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
