import asyncio

import pytest

from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.resync import resync, resync_seconds
from model_api_server import until


async def test_every_system_is_added_once_in_the_time_and_not_all_at_once():
    keys = [SystemKey("ns", f"{number}") for number in range(10)]
    added = []
    task = asyncio.create_task(resync(lambda: keys, added.append, lambda systems: systems * 0.06))

    await until(lambda: len(added) >= 2)
    early = len(added)
    await until(lambda: len(added) >= 10)
    task.cancel()

    assert early < 10
    assert sorted(added[:10]) == sorted(keys)


@pytest.mark.parametrize(("systems", "seconds"), [(1, 600), (600, 600), (1000, 1000)])
def test_no_more_than_one_system_a_second_is_added(systems, seconds):
    assert resync_seconds(600, systems) == seconds
