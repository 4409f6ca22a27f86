import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.lease import Lease, LeaseKey, Terms, steady
from arkalia_operator.errors import ApiError
from model_api_server import cut, respond, running, session_for, until

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/arkalia"
PLACE = LeaseKey("ops", "arkalia")
TERMS = Terms(8)


@pytest.fixture
async def session(server):
    async with session_for(server) as session:
        yield session


@pytest.fixture
async def client(session):
    return Client(session)


@pytest.fixture
def member(client, clock):
    """A process that may hold the lease."""
    return lambda name: Lease(client, PLACE, name, TERMS, clock)


def spec(server):
    return server.objects[PATH]["spec"]


async def test_who_comes_first_holds_it(server, member):
    one, two = member("one"), member("two")

    assert await one.attempt()
    assert not await two.attempt()

    assert one.remaining() == 8
    assert two.remaining() == 0
    assert two.holder == "one"
    assert spec(server)["holderIdentity"] == "one"
    assert spec(server)["leaseDurationSeconds"] == 8
    assert spec(server)["leaseTransitions"] == 0


async def test_a_renewal_is_one_request_and_keeps_when_it_was_taken(server, member):
    one = member("one")
    await one.attempt()
    taken = spec(server)["acquireTime"]
    server.seen.clear()

    assert await one.attempt()

    assert [each.verb for each in server.seen] == ["PUT"]
    assert spec(server)["acquireTime"] == taken
    assert spec(server)["leaseTransitions"] == 0


async def test_what_others_wrote_into_its_metadata_stays(server, member):
    one = member("one")
    await one.attempt()
    body = server.objects[PATH]
    await server.edit(PATH, metadata={**body["metadata"], "labels": {"team": "a"}})

    assert await one.attempt()

    assert server.objects[PATH]["metadata"]["labels"] == {"team": "a"}


async def test_one_that_waits_takes_it_when_no_renewal_was_seen_for_the_whole_time(
    server, member, clock
):
    one, two = member("one"), member("two")
    await one.attempt()
    clock.now = 3
    await two.attempt()  # begins to measure now, whatever the record says

    clock.now = 11
    too_early = await two.attempt()
    clock.now = 11.1

    assert not too_early
    assert await two.attempt()
    assert spec(server)["holderIdentity"] == "two"
    assert spec(server)["leaseTransitions"] == 1


async def test_a_renewal_that_was_seen_counts_from_then(member, clock):
    one, two = member("one"), member("two")
    await one.attempt()
    await two.attempt()
    clock.now = 4
    await asyncio.sleep(0.001)  # another time in the record
    await one.attempt()
    clock.now = 7
    await two.attempt()

    clock.now = 14

    assert not await two.attempt()


async def test_the_longer_of_two_lease_times_is_waited_for(client, clock):
    patient = Lease(client, PLACE, "patient", Terms(60), clock)
    hasty = Lease(client, PLACE, "hasty", Terms(4), clock)
    await patient.attempt()
    await hasty.attempt()

    clock.now = 59

    assert not await hasty.attempt()


async def test_a_holder_stops_before_anybody_else_may_begin(member, clock):
    one = member("one")
    await one.attempt()

    clock.now = 4.9
    before = one.remaining()
    clock.now = 5.0

    assert before == pytest.approx(3.1)
    assert one.remaining() == 0


async def test_a_holder_counts_from_before_it_asked(server, member, clock):
    one = member("one")
    await one.attempt()

    async def slow(request):
        clock.now += 2
        return await server._put(request)

    server.script("PUT", "leases", slow)
    await one.attempt()

    assert one.remaining() == 6


async def test_a_holder_that_was_replaced_learns_it_from_its_next_renewal(member, clock):
    one, two = member("one"), member("two")
    await one.attempt()
    await two.attempt()
    clock.now = 9
    await two.attempt()
    clock.now = 4.0  # as if the clock of the first had stood still

    assert one.remaining() > 0
    assert not await one.attempt()
    assert one.remaining() == 0
    assert one.holder == "two"


async def test_an_answer_that_was_lost_does_not_cost_the_lease(server, member):
    one = member("one")
    await one.attempt()

    async def done_and_cut(request):
        await server._put(request)
        return await cut(request)

    server.script("PUT", "leases", done_and_cut)

    assert await one.attempt()
    assert spec(server)["leaseTransitions"] == 0


async def test_a_late_answer_is_taken_though_the_same_was_asked_once_more(server, session):
    terms = Terms(6)
    one = Lease(Client(session, patience=60.0), PLACE, "one", terms)
    await one.attempt()
    never = asyncio.Event()

    async def late(request):
        await until(lambda: len(server.requests("PUT")) == 2)
        return await server._put(request)

    async def hanging(request):
        await never.wait()
        return await cut(request)

    server.script("PUT", "leases", late)
    server.script("PUT", "leases", hanging)

    assert await one.attempt()
    assert one.holder == "one"
    never.set()


async def test_a_request_that_is_lost_is_asked_once_more_in_time(server, session):
    one = Lease(Client(session, patience=60.0), PLACE, "one", Terms(2))
    await one.attempt()
    never = asyncio.Event()

    async def hanging(request):
        await never.wait()
        return await cut(request)

    server.script("PUT", "leases", hanging)

    assert await one.attempt()
    assert len(server.requests("PUT")) == 2
    never.set()


async def test_a_request_that_nobody_answers_is_given_up(server, session):
    terms = Terms(0.8)
    one = Lease(Client(session, patience=terms.patience_seconds), PLACE, "one", terms)
    await one.attempt()
    server.script("PUT", "leases", respond(503), times=5)

    with pytest.raises(ApiError):
        await one.attempt()


async def test_a_released_lease_is_free_at_once(server, member):
    one, two = member("one"), member("two")
    await one.attempt()
    await two.attempt()

    await one.release()

    assert one.remaining() == 0
    assert await two.attempt()
    assert spec(server)["holderIdentity"] == "two"


async def test_who_does_not_hold_it_releases_nothing(server, member):
    one, two = member("one"), member("two")
    await one.attempt()
    await two.attempt()
    server.seen.clear()

    await two.release()

    assert server.seen == []


async def test_who_was_replaced_cannot_release_what_is_not_its_own(server, member, clock):
    one, two = member("one"), member("two")
    await one.attempt()
    await two.attempt()
    clock.now = 9
    await two.attempt()
    clock.now = 4

    with pytest.raises(ApiError):
        await one.release()

    assert spec(server)["holderIdentity"] == "two"


async def test_a_refusal_is_raised_and_nothing_is_held(server, member):
    server.script("GET", "leases", respond(403, {"message": "leases is forbidden"}))
    one = member("one")

    with pytest.raises(ApiError, match="forbidden"):
        await one.attempt()

    assert one.remaining() == 0


async def test_of_two_that_make_it_at_once_one_holds_it(server, member):
    async def made_by_another(request):
        body = json.loads(await request.read())
        await server.put(PATH, {**body, "spec": {**body["spec"], "holderIdentity": "two"}})
        return await server._post(request)

    server.script("POST", "leases", made_by_another)
    one = member("one")

    assert not await one.attempt()
    assert one.holder == "two"


def test_the_clock_goes_on_while_the_machine_sleeps():
    assert steady() <= steady()


ACTS = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three"]), st.sampled_from(["attempt", "release"])),
    min_size=1,
    max_size=30,
)
PAUSES = st.lists(st.floats(0, 12), min_size=30, max_size=30)


@given(ACTS, PAUSES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_there_are_never_two_that_may_write(acts, pauses):
    """Whoever tries or resigns when, and however long nobody does anything."""
    asyncio.run(_play(acts, pauses))


async def _play(acts, pauses):
    now = [0.0]
    async with running() as server, session_for(server) as session:
        client = Client(session)
        leases = {
            name: Lease(client, PLACE, name, TERMS, lambda: now[0])
            for name in ("one", "two", "three")
        }
        for (name, act), pause in zip(acts, pauses, strict=False):
            now[0] += pause
            await getattr(leases[name], act)()
            writers = [each for each in leases.values() if each.remaining() > 0]
            assert len(writers) <= 1


async def test_age_of_a_lease_counts_from_its_last_renewal(member, clock):
    one, two = member("one"), member("two")
    before = one.age()
    await one.attempt()
    await two.attempt()
    clock.now = 3
    held = one.age()

    await one.release()

    assert (before, held, one.age(), two.age()) == (None, 3, None, None)
