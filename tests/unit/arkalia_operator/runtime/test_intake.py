import pytest

from arkalia_operator.cluster.kinds import ACTION
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime.intake import Intake, OwnResources
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.resources import Resources
from arkalia_operator.runtime.selector import Selector


def a_body(name, version=1, **spec):
    metadata = {
        "namespace": "ns", "name": name, "uid": name, "generation": 1,
        "resourceVersion": str(version),
    }  # fmt: skip
    return {"metadata": metadata, "spec": spec}


@pytest.fixture
def queue():
    return Queue()


@pytest.fixture
def intake(queue):
    return Intake(Resources(), queue)


async def waiting(queue):
    found = []
    while len(queue):
        found.append(await queue.get())
        queue.done(found[-1])
    return found


async def test_a_changed_system_is_looked_at(intake, queue):
    intake.system(a_body("luna", 1))
    intake.system(a_body("luna", 1))

    assert await waiting(queue) == [SystemKey("ns", "luna")]


async def test_a_system_that_ended_is_looked_at_once_more(intake, queue):
    intake.system(a_body("luna"))
    await waiting(queue)

    intake.system_gone(("ns", "luna"), 2)

    assert await waiting(queue) == [SystemKey("ns", "luna")]


async def test_a_changed_module_wakes_the_systems_that_list_it(intake, queue):
    intake.system(a_body("luna", modules={"mine": {}}))
    intake.system(a_body("sol"))
    await waiting(queue)

    intake.module(a_body("mine"))
    after_change = await waiting(queue)
    intake.module_gone(("ns", "mine"), 9)

    assert after_change == [SystemKey("ns", "luna")]
    assert await waiting(queue) == [SystemKey("ns", "luna")]


async def test_everything_is_looked_at_when_something_concerns_all(intake, queue):
    intake.system(a_body("luna"))
    intake.system(a_body("sol"))
    await waiting(queue)

    intake.everything()

    assert len(await waiting(queue)) == 2


async def test_a_system_that_is_not_selected_any_more_is_gone_for_us(queue):
    resources = Resources(Selector.parse("tier=gold"))
    intake = Intake(resources, queue)
    intake.system(labelled(a_body("luna", 1), tier="gold"))
    intake.system(labelled(a_body("sol", 1), tier="iron"))
    assert await waiting(queue) == [SystemKey("ns", "luna")]

    intake.system(labelled(a_body("luna", 2), tier="iron"))

    assert await waiting(queue) == [SystemKey("ns", "luna")]
    assert len(resources.systems) == 0


async def test_an_old_answer_does_not_bring_a_given_away_system_back(queue):
    resources = Resources(Selector.parse("tier=gold"))
    resources.systems.put(labelled(a_body("luna", 3), tier="iron"))
    resources.systems.put(labelled(a_body("luna", 4), tier="gold"))
    resources.systems.put(labelled(a_body("luna", 6), tier="iron"))

    assert not resources.systems.put(labelled(a_body("luna", 5), tier="gold"))
    assert resources.systems.put(labelled(a_body("luna", 7), tier="gold"))


def labelled(body, **labels):
    return {**body, "metadata": {**body["metadata"], "labels": labels}}


async def test_an_informer_keeps_actions_and_wakes_their_systems(intake, queue):
    resources = Resources()
    own = OwnResources(resources, Intake(resources, queue))
    body = a_body("approve", 3, system="luna", kind="ApprovePlan", approvedBy="me")

    own.put(ACTION, body)
    known = len(resources.actions)
    own.retain(ACTION, None, set(), 4)

    assert (known, len(resources.actions)) == (1, 0)
    assert await waiting(queue) == [SystemKey("ns", "luna")]
