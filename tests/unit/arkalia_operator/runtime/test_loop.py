import asyncio

import pytest

from arkalia_operator import metrics
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.errors import UnavailableError
from arkalia_operator.runtime.loop import Loop
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.reconcile import REQUEUE, SUCCESS, Outcome
from model_api_server import until

LUNA, SOL = SystemKey("ns", "luna"), SystemKey("ns", "sol")


class Scripted:
    """Reconciles with the outcomes that a test gives it, then with success."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.done, self.told = [], []
        self.gate = asyncio.Event()
        self.gate.set()

    async def reconcile(self, key):
        await self.gate.wait()
        self.done.append(key)
        outcome = self.outcomes.pop(0) if self.outcomes else SUCCESS
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def tell_failure(self, key, error):
        self.told.append((key, str(error)))
        if "untold" in str(error):
            raise error


@pytest.fixture
async def run():
    tasks = []

    def start(reconciler):
        queue = Queue()
        tasks.append(asyncio.create_task(Loop(queue, reconciler).run(2)))
        return queue

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_system_is_reconciled_once_when_all_is_well(run):
    reconciler = Scripted()
    queue = run(reconciler)

    queue.add(LUNA)
    await until(lambda: reconciler.done)
    await asyncio.sleep(0.05)

    assert reconciler.done == [LUNA]


@pytest.mark.parametrize(
    "first",
    [REQUEUE, Outcome("requeue_after", 0.02), UnavailableError(503, "", "away")],
    ids=["requeue", "requeue-after", "api-error"],
)
async def test_a_system_is_reconciled_again_when_something_is_left_to_do(run, first):
    reconciler = Scripted(first)
    queue = run(reconciler)

    queue.add(LUNA)

    await until(lambda: len(reconciler.done) == 2)


async def test_a_crash_is_logged_told_and_tried_again_while_others_go_on(run, caplog):
    reconciler = Scripted(ValueError("unforeseen"))
    queue = run(reconciler)

    queue.add(LUNA)
    queue.add(SOL)

    await until(lambda: len(reconciler.done) == 3)
    assert reconciler.told == [(LUNA, "unforeseen")]
    assert "Traceback" in caplog.text


async def test_a_crash_that_cannot_be_told_ends_nothing(run):
    reconciler = Scripted(ValueError("untold"))
    queue = run(reconciler)

    queue.add(LUNA)

    await until(lambda: len(reconciler.done) == 2)


async def test_a_reconcile_without_an_end_is_cut_off(run, monkeypatch):
    monkeypatch.setattr("arkalia_operator.runtime.loop.LONGEST_RECONCILE_SECONDS", 0.05)
    reconciler = Scripted()
    reconciler.gate.clear()
    queue = run(reconciler)

    queue.add(LUNA)

    await until(lambda: reconciler.told)


async def test_a_closed_queue_lets_running_reconciles_finish(run):
    reconciler = Scripted()
    reconciler.gate.clear()
    queue = run(reconciler)
    queue.add(LUNA)
    await until(lambda: queue.is_busy and not len(queue))

    queue.close()
    queue.add(SOL)
    reconciler.gate.set()
    await asyncio.wait_for(queue.drained(), 5)

    assert reconciler.done == [LUNA]


async def test_reconciles_that_fail_are_counted_as_errors(run):
    errors = metrics.RECONCILE_ERRORS.labels(metrics.NAME)._value
    before = errors.get()
    reconciler = Scripted(UnavailableError(503, "", "away"), ZeroDivisionError(), SUCCESS)
    queue = run(reconciler)

    queue.add(LUNA)
    await until(lambda: len(reconciler.done) == 3)

    assert errors.get() - before == 2
    assert metrics.MOST_WORKERS.labels(metrics.NAME)._value.get() == 2
