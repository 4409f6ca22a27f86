import asyncio
import contextlib

import pytest

from arkalia_operator import metrics
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.lease import Lease, LeaseKey, Terms
from arkalia_operator.runtime.election import Election, StillLeadingError
from model_api_server import respond, session_for, until

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/arkalia"
TERMS = Terms(0.8)


class Candidate:
    """A process that takes part, and counts when it leads."""

    def __init__(self, session, name):
        lease = Lease(Client(session), LeaseKey("ops", "arkalia"), name, TERMS)
        self.election = Election(lease, name)
        self.name = name
        self.leads = False
        self.terms = 0
        self.task = asyncio.create_task(self.election.run(self._lead))

    async def _lead(self):
        self.leads = True
        self.terms += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.leads = False

    @property
    def shown(self):
        return metrics.LEADER.labels(self.name)._value.get()


@pytest.fixture
async def session(server):
    async with session_for(server) as session:
        yield session


@pytest.fixture
async def candidate(session):
    made = []

    def make(name):
        made.append(Candidate(session, name))
        return made[-1]

    yield make
    for each in made:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in made), return_exceptions=True)


async def test_one_whose_work_does_not_end_leads_no_second_time(session, server, monkeypatch):
    monkeypatch.setattr("arkalia_operator.runtime.supervision.FAREWELL_SECONDS", 0.05)
    lease = Lease(Client(session), LeaseKey("ops", "arkalia"), "stubborn", TERMS)
    done = asyncio.Event()

    async def lead():
        while not done.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await done.wait()

    running = asyncio.create_task(Election(lease, "stubborn").run(lead))
    await until(lambda: PATH in server.objects)
    spec = server.objects[PATH]["spec"]
    await server.edit(PATH, spec={**spec, "holderIdentity": "somebody"})

    with pytest.raises(StillLeadingError):
        await asyncio.wait_for(running, 10)
    done.set()


async def test_one_leads_and_keeps_on_leading(candidate):
    one = candidate("one")
    await until(lambda: one.leads)
    two = candidate("two")

    await asyncio.sleep(1.2)

    assert (one.leads, one.terms, one.shown) == (True, 1, 1)
    assert (two.leads, two.shown) == (False, 0)


async def test_another_leads_at_once_when_one_resigns(candidate):
    one = candidate("one")
    await until(lambda: one.leads)
    two = candidate("two")
    await asyncio.sleep(0.2)

    await one.election.resign()

    await until(lambda: two.leads and not one.leads)
    await asyncio.sleep(0.4)
    assert (one.terms, one.shown, two.shown) == (1, 0, 1)


async def test_another_leads_when_one_is_gone_without_a_word(candidate):
    one = candidate("one")
    await until(lambda: one.leads)
    two = candidate("two")
    one.task.cancel()

    await until(lambda: two.leads)


async def test_one_that_cannot_renew_stops_and_leads_again_when_it_can(candidate, server, caplog):
    one = candidate("one")
    await until(lambda: one.leads)

    server.script("PUT", "leases", respond(500, {"message": "etcd is away"}), times=12)

    await until(lambda: not one.leads)
    assert one.shown == 0
    assert "etcd is away" in caplog.text
    await until(lambda: one.leads, 10)
    assert one.terms >= 2


async def test_one_whose_renewal_had_no_answer_asks_once_more_and_goes_on(session, server):
    terms = Terms(2.0)
    client = Client(session, patience=terms.patience_seconds)
    election = Election(Lease(client, LeaseKey("ops", "arkalia"), "one", terms), "one")
    led = []

    async def lead():
        led.append(1)
        await asyncio.Event().wait()

    async def silent(_):
        await asyncio.sleep(5)

    running = asyncio.create_task(election.run(lead))
    await until(lambda: led)
    server.script("PUT", "leases", silent)
    await asyncio.sleep(terms.lease_seconds)

    assert led == [1]
    running.cancel()


async def test_time_that_a_try_took_is_no_time_to_wait_again(monkeypatch):
    pauses, sleep = [], asyncio.sleep

    class Slow:
        """A lease whose renewal takes a moment and fails, twice."""

        identity, holder, terms = "one", "", Terms(80.0)

        def __init__(self):
            self.answers = [True, False, False]

        def remaining(self):
            return float(bool(self.answers))

        async def attempt(self):
            await sleep(0.01)
            return self.answers.pop(0)

    async def paused(seconds):
        pauses.extend([seconds] if seconds > 1 else [])
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", paused)
    lease = Slow()
    running = asyncio.create_task(Election(lease, "one").run(asyncio.Event().wait))
    await until(lambda: not lease.answers)
    running.cancel()

    assert pauses[0] == lease.terms.renew_seconds
    assert 0 < pauses[1] < lease.terms.retry_seconds


def test_second_try_of_a_holder_that_had_no_answer_begins_before_its_deadline():
    terms = Terms(8.0)

    second = terms.renew_seconds + max(terms.answer_seconds, terms.retry_seconds)

    assert second + terms.lease_seconds / 8 < terms.deadline_seconds


async def test_one_that_was_replaced_stops(candidate, server):
    one = candidate("one")
    await until(lambda: one.leads)
    spec = server.objects[PATH]["spec"]

    await server.edit(PATH, spec={**spec, "holderIdentity": "somebody"})

    await until(lambda: not one.leads)


async def test_a_lease_that_cannot_be_given_back_only_costs_time(candidate, server, caplog):
    one = candidate("one")
    await until(lambda: one.leads)
    server.script("PUT", "leases", respond(500), times=50)

    await one.election.resign()

    await until(lambda: not one.leads)
    assert "it expires" in caplog.text


async def test_what_ends_the_work_of_the_leader_is_raised(session):
    async def broken():
        message = "unforeseen"
        raise ZeroDivisionError(message)

    lease = Lease(Client(session), LeaseKey("ops", "arkalia"), "one", TERMS)

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(Election(lease, "one").run(broken), 5)


async def test_it_says_when_it_last_asked(candidate):
    one = candidate("one")
    await until(lambda: one.leads)
    first = one.election.alive_at

    await until(lambda: one.election.alive_at > first)


async def test_age_of_the_lease_is_shown_by_who_leads(candidate):
    one = candidate("one")
    await until(lambda: one.leads)
    two = candidate("two")
    await until(lambda: two.election.alive_at)

    for each in (one, two):
        each.election.measure()

    ages = [metrics.LEASE_AGE.labels(name)._value.get() for name in ("one", "two")]
    assert 0 < ages[0] < TERMS.lease_seconds
    assert ages[1] == 0
