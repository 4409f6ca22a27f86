"""A question's whole way, while what it stands on is gone, slow, or started anew.

Every service is a process, and so are PostgreSQL, Redis and the model server. After each of these
stories everything works again with the processes that were not hurt, and all is there that a client
was told is kept or on record.
"""

import asyncio
import signal
import time
from contextlib import ExitStack, asynccontextmanager

import aiohttp
import pytest

from arkalia_model.chains import SHORT
from faults.talk import CHAT, CONVERSATIONS, ENDLESS, a_talk
from model_servers import STOPPED_SECONDS
from unit.arkalia_assistantia.test_backends import slots

WAYS = ("gone", "slow")
ME = "/api/auth/me"
HEALING_SECONDS = 120
LEFT_SECONDS = 1.0
"""Until a model whose client has left is idle. It takes 10 ms; the machine may be busy."""
LONG = {"most_tokens": 1000}


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    with a_talk(tmp_path_factory.mktemp("talk")) as running:
        yield running


@pytest.fixture
async def client(talk):
    async with talk.client() as opened:
        await until(lambda: is_whole(opened))
        yield opened


async def until(look):
    """Look again and again, until there is no AssertionError any more; its result."""
    deadline = time.monotonic() + HEALING_SECONDS
    while True:
        try:
            return await look()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


async def is_whole(client):
    """Every part of an answer is there."""
    answer = await client.chat()
    assert answer.status == 200, answer.text
    told = answer.told
    assert told["answer"] == SHORT
    assert told["validation"]["status"] == "validated", told["validation"]
    assert told["kept"]["status"] == "kept", told["kept"]
    assert told["recorded"], told
    assert "Arkalia-Limits" not in answer.headers
    assert (await client.conversations()).status == 200


@pytest.fixture
def heals(talk, client):
    """`heals(*victims)`: what is done to them in the block is over after it, and nothing is lost."""

    def unharmed(victims):
        return {name: pid for name, pid in talk.pids.items() if name not in victims}

    @asynccontextmanager
    async def healing(*victims):
        before = unharmed(victims)
        yield
        await until(lambda: is_whole(client))
        assert unharmed(victims) == before
        assert talk.lost() == []
        await until(lambda: everything_is_judged(talk))

    return healing


async def everything_is_judged(talk):
    """Each request that was let in is in the record of decisions."""
    assert talk.judged() >= talk.ledger.asked


@pytest.fixture
def hurt(talk, heals):
    """`hurt(way, *victims)`: they are gone, or slow, during the block; and everything heals."""

    @asynccontextmanager
    async def hurting(way, *victims):
        async with heals(*victims):
            with ExitStack() as stack:
                for victim in victims:
                    stack.enter_context(talk.hurt(victim, way))
                yield

    return hurting


async def asked_both_ways(client):
    """What is told of an answer that came whole, and of one that came as a stream."""
    whole, stream = await asyncio.gather(client.chat(), client.stream())
    assert (whole.status, stream.status, stream.event) == (200, 200, "end"), (
        whole.text + stream.text
    )
    assert whole.told["answer"] == SHORT
    return whole.told, stream.told


def problem_of(answer, status):
    """The problem document of an *answer* that is one."""
    assert (answer.status, answer.is_problem) == (status, True), answer.text
    return answer.told


@pytest.mark.parametrize("way", WAYS)
async def test_without_redis_all_is_answered_and_limits_say_that_they_are_local(client, hurt, way):
    async def is_local():
        answer = await client.chat()
        assert answer.status == 200
        assert answer.headers.get("Arkalia-Limits") == "local"

    async with hurt(way, "redis"):
        await until(is_local)
        told = await asked_both_ways(client)
        page = await client.conversations()

    assert [each["kept"]["status"] for each in told] == ["kept", "kept"]
    assert page.status == 200


@pytest.mark.parametrize("way", WAYS)
async def test_without_postgresql_a_chat_says_that_it_is_not_kept(client, hurt, way):
    async with hurt(way, "postgresql"):
        told = await asked_both_ways(client)
        page, login = await asyncio.gather(client.conversations(), client.login())

    assert [each["kept"]["status"] for each in told] == ["unavailable", "unavailable"]
    assert [each["recorded"] for each in told] == [False, False]
    assert [each["validation"]["status"] for each in told] == ["validated", "validated"]
    assert "database" in problem_of(page, 503)["detail"]
    assert "database" in problem_of(login, 503)["detail"]


async def everything_is_told(client):
    """Seconds until both answers were there, kept, on record and validated."""
    start = time.monotonic()
    told = await asked_both_ways(client)
    seconds = time.monotonic() - start
    assert [each["kept"]["status"] for each in told] == ["kept", "kept"]
    assert [each["recorded"] for each in told] == [True, True]
    assert [each["validation"]["status"] for each in told] == ["validated", "validated"]
    return seconds


@pytest.mark.parametrize(("victim", "seconds"), [("postgresql", 0.05), ("redis", 0.1)])
async def test_data_service_that_is_late_costs_time_and_nothing_else(
    talk, client, heals, victim, seconds
):
    door = getattr(talk, victim).door

    async def everything_is_told_late():
        await everything_is_told(client)
        assert door.passed_late > 0, "nobody had to ask it: what was leased before was enough"

    async with heals():
        with door.late(seconds):
            await until(everything_is_told_late)
            page = await client.conversations()

    assert page.status == 200


async def test_model_that_stutters_is_waited_for(talk, client, heals):
    async with heals():
        with talk.model.stuttering():
            lasted = await until(lambda: everything_is_told(client))

    assert lasted > STOPPED_SECONDS


@pytest.mark.parametrize("way", WAYS)
async def test_without_sandozia_an_answer_says_that_nobody_validates(client, hurt, way):
    async with hurt(way, "sandozia"):
        told = await asked_both_ways(client)
        page = await client.conversations()

    assert [each["validation"]["status"] for each in told] == ["unavailable", "unavailable"]
    assert all("sandozia" in each["validation"]["detail"] for each in told)
    assert [each["kept"]["status"] for each in told] == ["kept", "kept"]
    assert page.status == 200


@pytest.mark.parametrize("way", WAYS)
async def test_without_its_model_server_a_chat_says_which_one_is_gone(client, hurt, way):
    async with hurt(way, "model"):
        answers = await asyncio.gather(client.chat(), client.stream())
        page = await client.conversations()

    for answer in answers:
        problem = problem_of(answer, 503)
        assert problem["code"] == "model_unavailable"
        assert "main" in problem["detail"]
        assert int(answer.headers["Retry-After"]) >= 1
    assert page.status == 200


@pytest.mark.parametrize("way", WAYS)
async def test_without_security_who_is_known_goes_on(client, hurt, way):
    async with hurt(way, "security"):
        told = await asked_both_ways(client)
        page = await client.conversations()
        login = await client.login()

    assert [each["kept"]["status"] for each in told] == ["kept", "kept"]
    assert page.status == 200
    assert problem_of(login, 503)["callee"] == "security"


async def test_without_assistantia_its_routes_say_who_is_gone_and_others_answer(client, hurt):
    async with hurt("gone", "assistantia"):
        chat, page = await client.chat(), await client.conversations()
        myself = await client.ask("GET", ME)

    for answer in (chat, page):
        assert problem_of(answer, 503)["callee"] == "assistantia"
        assert answer.headers["Retry-After"] == "1"
    assert myself.status == 200


VICTIMS = {
    "redis": {200},
    "postgresql": {200},
    "sandozia": {200},
    "security": {200},
    "model": {200, 502, 503},
    "assistantia": {200, 502, 503},
}
"""By what is started anew: what answers may be meanwhile."""
PAUSE_SECONDS = 0.25
"""Two who ask so often stay below the limit of a caller, however quickly they are answered."""


@pytest.mark.parametrize("victim", VICTIMS)
async def test_whatever_is_started_anew_loses_nothing_that_was_answered(
    talk, client, heals, victim
):
    statuses, streams, goes_on = set(), set(), True

    async def chatting():
        while goes_on:
            statuses.add((await client.chat()).status)
            await asyncio.sleep(PAUSE_SECONDS)

    async def streaming():
        while goes_on:
            try:
                answer = await client.stream()
                streams.add(answer.event if answer.status == 200 else answer.status)
            except aiohttp.ClientPayloadError:  # broken off: half an answer is no whole one
                streams.add("broken")
            await asyncio.sleep(PAUSE_SECONDS)

    async with heals(victim), asyncio.TaskGroup() as tasks:
        tasks.create_task(chatting())
        tasks.create_task(streaming())
        await asyncio.to_thread(talk.restart, victim)
        await until(lambda: is_whole(client))
        goes_on = False

    assert statuses <= VICTIMS[victim]
    if VICTIMS[victim] == {200}:
        assert streams == {"end"}
    else:
        assert streams <= {"end", "problem", "broken", 502, 503}


@asynccontextmanager
async def an_open_stream(client):
    """A stream of which the first word has come, and `rest()` for all that follows."""
    body = {"message": ENDLESS, "stream": True, **LONG}
    async with client.asking("POST", CHAT, body) as answer:
        assert answer.status == 200
        await answer.content.readline()

        async def rest():
            return (await answer.content.read()).decode()

        yield rest


async def test_open_stream_comes_to_its_end_whatever_is_lost_beside_it(talk, client, hurt):
    async with an_open_stream(client) as rest:
        talk.model.tell(signal.SIGSTOP)  # so that it is still open then
        async with hurt("gone", "redis", "postgresql", "sandozia", "security"):
            talk.model.tell(signal.SIGCONT)
            text = await rest()

    name, told = text.strip().split("\n\n")[-1].split("\n")
    assert text.count("event: word") > 100
    assert name == "event: end"
    assert '"recorded":false' in told


async def test_stream_whose_model_dies_ends_with_a_problem(talk, client, heals):
    async with heals("model"), an_open_stream(client) as rest:
        talk.restart("model")
        text = await rest()

    last = text.strip().split("\n\n")[-1]
    assert last.startswith("event: problem")
    assert '"model_broken"' in last


async def test_stream_whose_pod_dies_is_broken_off_and_does_not_look_whole(talk, client, heals):
    async with heals("assistantia"), an_open_stream(client) as rest:
        talk.restart("assistantia")
        with pytest.raises(aiohttp.ClientPayloadError):
            await rest()


@pytest.mark.parametrize("stream", [True, False])
async def test_client_that_leaves_the_gateway_stops_the_model(talk, client, stream):
    body = {"message": ENDLESS, "stream": stream}

    async def is_at_work():
        assert await slots(talk.model) == 1

    async def is_idle():
        assert await slots(talk.model) == 0

    await until(is_idle)
    asking = asyncio.create_task(client.ask("POST", CHAT, body))
    await until(is_at_work)
    asking.cancel()
    start = time.monotonic()
    while await slots(talk.model):
        assert time.monotonic() < start + LEFT_SECONDS
        await asyncio.sleep(0.002)


async def test_deadline_of_a_client_ends_its_request(client, hurt):
    async with hurt("slow", "model"):
        late = await client.ask("POST", CHAT, {"message": "Hello"}, X_Request_Timeout="1")
        page = await client.ask("GET", CONVERSATIONS)

    assert late.status in (503, 504)
    assert late.is_problem
    assert page.status == 200
