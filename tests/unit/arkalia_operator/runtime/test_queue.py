import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkalia_operator.runtime.queue import Queue, QueueClosedError
from model_api_server import until


async def taken(queue, seconds=1.0):
    return await asyncio.wait_for(queue.get(), seconds)


async def test_keys_come_in_the_order_in_which_they_were_added():
    queue = Queue()

    for key in "abc":
        queue.add(key)

    assert [await taken(queue) for _ in range(3)] == ["a", "b", "c"]


async def test_a_key_that_waits_is_handed_out_once_however_often_it_was_added():
    queue = Queue()

    for _ in range(5):
        queue.add("a")
    await taken(queue)
    queue.done("a")

    assert len(queue) == 0


async def test_a_key_that_is_added_while_it_is_worked_on_comes_once_more_afterwards():
    queue = Queue()
    queue.add("a")
    await taken(queue)

    queue.add("a")
    queue.add("a")
    before = len(queue)
    queue.done("a")

    assert (before, len(queue)) == (0, 1)


async def test_a_busy_key_does_not_starve_the_others():
    queue = Queue()
    for key in "ab":
        queue.add(key)

    await taken(queue)
    queue.add("a")
    queue.done("a")

    assert await taken(queue) == "b"


async def test_a_delayed_key_comes_when_its_time_is_up():
    queue = Queue()

    queue.add_after("a", 0.05)
    before = len(queue)

    assert before == 0
    assert await taken(queue) == "a"


async def test_an_addition_makes_a_delayed_key_come_at_once():
    queue = Queue()
    queue.add_after("a", 60)

    queue.add("a")

    assert await taken(queue) == "a"


async def test_the_earlier_of_two_delays_counts():
    queue = Queue()

    queue.add_after("a", 60)
    queue.add_after("a", 0.01)
    queue.add_after("a", 30)

    assert await taken(queue) == "a"


async def test_delays_of_a_failing_key_grow_until_it_is_forgotten():
    queue = Queue()

    delays = [queue.retry("a") for _ in range(14)]
    queue.forget("a")
    first_again = queue.retry("a")

    assert max(delays) > 0.05
    assert all(delay <= 4 for delay in delays)
    assert first_again <= 0.005


async def test_a_closed_queue_hands_out_nothing_and_wakes_all_who_wait():
    queue = Queue()
    waiting = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)

    queue.add_after("a", 60)
    queue.close()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(each) for each in found} == {QueueClosedError}
    queue.add("a")
    with pytest.raises(QueueClosedError):
        await taken(queue)


async def test_the_queue_is_drained_once_the_last_work_ended():
    queue = Queue()
    queue.add("a")
    await taken(queue)
    queue.close()
    drained = asyncio.create_task(queue.drained())
    await asyncio.sleep(0.01)
    before = drained.done()

    queue.done("a")
    await asyncio.wait_for(drained, 1)

    assert not before


async def test_a_worker_that_is_cancelled_does_not_take_a_key_with_it():
    queue = Queue()
    first, second = (asyncio.create_task(queue.get()) for _ in range(2))
    await asyncio.sleep(0)

    queue.add("a")
    first.cancel()
    found = await asyncio.wait_for(second, 1)

    assert found == "a"


async def test_a_queue_is_stuck_while_there_is_work_and_none_of_it_ends():
    queue = Queue()
    assert queue.stuck_seconds() == 0.0

    queue.add("a")
    await taken(queue)
    await asyncio.sleep(0.05)
    while_working = queue.stuck_seconds()
    queue.done("a")

    assert while_working >= 0.05
    assert queue.stuck_seconds() == 0.0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), workers=st.integers(1, 5), keys=st.integers(1, 6))
def test_no_key_is_worked_on_twice_at_a_time_and_none_is_lost(seed, workers, keys):
    asyncio.run(_churn(random.Random(seed), workers, keys))


async def _churn(chance, workers, keys):
    """Versions are written by a producer; a worker reads the newest; in the end all are read."""
    queue, written, read, working = Queue(), dict.fromkeys(range(keys), 0), {}, set()

    async def work():
        while True:
            try:
                key = await queue.get()
            except QueueClosedError:
                return
            assert key not in working
            working.add(key)
            seen = written[key]
            await asyncio.sleep(chance.choice([0, 0, 0.0005]))
            read[key] = seen
            working.discard(key)
            if chance.random() < 0.2:
                queue.retry(key)
            queue.done(key)

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    for _ in range(60):
        key = chance.randrange(keys)
        written[key] += 1
        add = chance.choice([queue.add, lambda key: queue.add_after(key, 0.001)])
        add(key)
        await asyncio.sleep(0)
    await until(lambda: all(read.get(key, 0) == version for key, version in written.items()))
    queue.close()
    await asyncio.gather(*tasks)


async def test_a_paused_queue_forgets_what_waits_and_takes_nothing():
    queue = Queue()
    queue.add("a")
    queue.add_after("b", 0.01)

    queue.pause()
    queue.add("c")
    await asyncio.sleep(0.03)
    queue.resume()
    queue.add("d")

    assert len(queue) == 1
    assert await queue.get() == "d"


async def test_what_is_worked_on_when_a_queue_is_paused_is_not_handed_out_again():
    queue = Queue()
    queue.add("a")
    await queue.get()
    queue.add("a")

    queue.pause()
    queue.done("a")

    assert not queue.is_busy


async def test_unfinished_work_is_the_time_of_all_that_runs():
    queue = Queue()
    before = queue.unfinished()
    for key in "ab":
        queue.add(key)
        await taken(queue)

    await asyncio.sleep(0.05)

    assert before == 0
    assert queue.unfinished() > 1.5 * queue.longest_running() > 0
