"""What was decided waits to be told, up to a bound, and is counted when it is lost."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from arkalia_helloria.access import auditing
from arkalia_helloria.access.auditing import Audit, Decided
from arkalia_helloria.access.measures import Measures
from arkalia_runtime.calls.errors import UnavailableError
from unit.arkalia_runtime.serving import PATIENCE_SECONDS

AWAY = UnavailableError("security", "It is away.")


def decided(route="a"):
    return Decided("u", "k", route, "GET", allowed=True, reason="")


class Answer:
    def __init__(self, status):
        self.status_code, self.is_success = status, status < 300


class Security:
    """What the gateway calls: it answers what it is told to, and keeps what it took."""

    def __init__(self):
        self.answers, self.taken, self.disliked, self.holds = [], [], [], None
        self.calls = 0

    def to(self, _):
        return self

    async def request(self, *_, json, **__):
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else 204
        if self.holds is not None:
            await self.holds.wait()
        if any(each["route"] in self.disliked for each in json):
            answer = 422
        if answer == 0:
            raise AWAY
        if answer < 300:
            self.taken += json
        return Answer(answer)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def audit(registry):
    return Audit(Measures(registry), most=2)


def lost(registry):
    return registry.get_sample_value("arkalia_access_lost_judgements_total")


async def test_alike_decisions_are_told_as_one_with_the_last_client(audit):
    security = Security()
    for client in ("a", "b"):
        audit.note(decided(), client)
    await audit.tell(security)

    [told] = security.taken
    assert (told["count"], told["client"], told["route"]) == (2, "b", "a")


@pytest.mark.parametrize("answer", [0, 401, 404, 429, 500])
async def test_what_is_not_taken_is_told_again(audit, answer):
    security = Security()
    security.answers = [answer]
    audit.note(decided(), "a")
    await audit.tell(security)
    audit.note(decided(), "b")
    await audit.tell(security)

    assert [each["count"] for each in security.taken] == [2]


async def test_judgement_that_is_refused_keeps_no_other_from_being_told(registry, caplog):
    audit, security = Audit(Measures(registry)), Security()
    security.disliked = ["7", "11"]
    for number in range(20):
        audit.note(decided(str(number)), "x", 2)
    await audit.tell(security)

    assert {each["route"] for each in security.taken} == {
        str(each) for each in range(20) if each not in (7, 11)
    }
    assert len(security.taken) == 18
    assert lost(registry) == 4
    assert "Judgements are lost: security refuses them." in caplog.text
    assert registry.get_sample_value("arkalia_access_untold_judgements") == 0


async def test_many_that_are_refused_are_found_in_turns_with_one_line_each(registry, caplog):
    audit, security = Audit(Measures(registry)), Security()
    security.disliked = [str(number) for number in range(300)]
    for number in range(310):
        audit.note(decided(str(number)), "x")
    turns = []
    while registry.get_sample_value("arkalia_access_untold_judgements"):
        before = security.calls
        await audit.tell(security)
        turns.append(security.calls - before)

    assert max(turns) <= auditing.MOST_CALLS
    assert len(turns) < 30
    assert (len(security.taken), lost(registry)) == (10, 300)
    assert caplog.text.count("Judgements are lost") <= len(turns)


async def test_what_comes_while_it_is_told_waits_for_the_next_turn(audit, registry):
    class Busy(Security):
        async def request(self, *_, json, **__):
            audit.note(decided(), "x")
            return await super().request(json=json)

    security = Busy()
    audit.note(decided(), "x")
    await audit.tell(security)

    assert security.calls == 1
    assert registry.get_sample_value("arkalia_access_untold_judgements") == 1


async def test_any_success_counts_as_told(audit):
    security = Security()
    security.answers = [200]
    audit.note(decided(), "x")
    await audit.tell(security)
    await audit.tell(security)

    assert len(security.taken) == 1


async def test_what_is_on_its_way_when_telling_is_interrupted_is_told_again(audit):
    security = Security()
    security.holds = asyncio.Event()
    audit.note(decided(), "a", 3)
    telling = asyncio.create_task(audit.tell(security))
    await asyncio.sleep(0)
    audit.note(decided(), "b")
    telling.cancel()
    await asyncio.wait([telling])
    security.holds = None
    await audit.end(security)

    assert [each["count"] for each in security.taken] == [4]


async def test_text_that_is_too_long_is_cut_but_the_user_is_told_whole(audit):
    security = Security()
    long = "openid:" + "%D0%90" * 255
    audit.note(Decided(long, "k", "a" * 300, "GET", allowed=False, reason="r" * 300), "x")
    await audit.tell(security)

    [told] = security.taken
    assert (told["user"], len(told["route"]), len(told["reason"])) == (long, 255, 255)


async def test_last_time_of_telling_has_an_end(audit, registry, monkeypatch, caplog):
    monkeypatch.setattr(auditing, "END_SECONDS", 0.05)
    security = Security()
    security.holds = asyncio.Event()
    audit.note(decided(), "a", 3)
    await asyncio.wait_for(audit.end(security), PATIENCE_SECONDS)

    assert lost(registry) == 3
    assert "Judgements are lost: the gateway ends." in caplog.text


async def test_beyond_the_bound_requests_are_counted_as_lost(audit, registry, caplog):
    for route in ("a", "b", "c", "c", "a"):
        audit.note(decided(route), "x")

    assert lost(registry) == 2
    assert registry.get_sample_value("arkalia_access_untold_judgements") == 2
    assert caplog.text.count("Judgements are lost: 2 wait already.") == 1


async def test_each_time_that_no_more_can_wait_is_logged_once(audit, caplog):
    for _ in range(2):
        for route in ("a", "b", "c"):
            audit.note(decided(route), "x")
        await audit.tell(Security())

    assert caplog.text.count("Judgements are lost: 2 wait already.") == 2


async def test_what_cannot_be_told_at_the_end_is_counted_as_lost(audit, registry):
    security = Security()
    security.answers = [0]
    audit.note(decided(), "a", 5)
    await audit.end(security)

    assert lost(registry) == 5


async def test_much_is_told_in_several_parts(registry):
    audit, security = Audit(Measures(registry)), Security()
    for number in range(2500):
        audit.note(decided(str(number)), "x")
    await audit.tell(security)

    assert len(security.taken) == 2500
