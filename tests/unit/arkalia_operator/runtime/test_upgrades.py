"""The upgrade of the operator, let into one system after the other."""

import asyncio

import pytest

from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.runtime import upgrades
from arkalia_operator.runtime.resources import Resources
from builders import a_system, an_upgrade

READY = {"type": "Ready", "status": "True", "reason": "SystemReady", "message": "",
         "observedGeneration": 1, "lastTransitionTime": "2026-11-25T11:00:00Z"}  # fmt: skip
LUNA = SystemKey("arkalia", "luna")
READY_SINCE = upgrades.ready_since


def body(name="luna", version=1, spec=None, **changes):
    status = {"conditions": [READY], "changes": {"held": 1} | changes}
    metadata = {"name": name, "namespace": "arkalia", "uid": f"uid-of-{name}", "generation": 1,
                "resourceVersion": str(version)}  # fmt: skip
    return {"metadata": metadata, "spec": spec or {}, "status": status}


@pytest.fixture
def resources():
    found = Resources()
    for name in ("luna", "sol"):
        found.systems.put(body(name))
    return found


def test_policy_of_a_system_is_its_own_before_the_operators():
    found = an_upgrade("Waves")

    assert found.policy_of(a_system()) == "Waves"
    assert found.policy_of(a_system(changes={"rollout": {"upgrades": "AtOnce"}})) == "AtOnce"


def test_one_system_is_due_first(resources):
    assert an_upgrade("Waves").due(resources) == [LUNA]


def test_no_system_is_due_where_upgrades_are_held(resources):
    assert an_upgrade("Hold").due(resources) == []


def test_system_that_is_not_understood_or_deleted_is_never_due(resources):
    ending = body("luna", version=2)
    ending["metadata"]["deletionTimestamp"] = "2026-11-25T11:00:00Z"
    resources.systems.put(ending)
    resources.systems.put(body("sol", version=2, spec={"environment": 7}))

    assert an_upgrade("Waves").due(resources) == []


def test_next_systems_are_due_once_the_first_one_is_done(resources):
    found = an_upgrade("Waves")
    resources.systems.put(body("luna", version=2, held=0, released=found.operator))

    assert found.due(resources) == [SystemKey("arkalia", "sol")]


def test_grant_is_taken_once_and_told_in_status():
    found, system = an_upgrade("Waves"), ArkaliaSystem.from_body(body())
    found.granted.add(LUNA)

    assert found.take_grant(LUNA, system).changes.released == found.operator
    assert found.take_grant(LUNA, system) is None


@pytest.mark.parametrize(
    "now",
    [
        body(held=0),
        body(spec={"changes": {"rollout": {"upgrades": "Hold"}}}),
        body() | {"status": {"changes": {"held": 1}}},
    ],
    ids=["nothing is held", "the policy is another one", "it is not ready"],
)
def test_grant_is_not_taken_by_a_system_that_is_otherwise_by_then(now):
    found, system = an_upgrade("Waves"), ArkaliaSystem.from_body(now)
    found.granted.add(LUNA)

    assert found.take_grant(LUNA, system) is None
    assert found.granted == set()


def test_grants_are_forgotten_with_their_system_and_by_who_does_not_lead():
    found = an_upgrade("Waves")
    found.granted |= {LUNA, SystemKey("arkalia", "sol")}

    found.forget(LUNA)
    left = set(found.granted)
    found.rest()

    assert left == {SystemKey("arkalia", "sol")}
    assert found.granted == set()


async def test_systems_that_are_due_are_woken(resources, monkeypatch):
    monkeypatch.setattr(upgrades, "LOOK_SECONDS", 0.0)
    found, woken = an_upgrade("Waves"), asyncio.Queue()

    task = asyncio.create_task(found.run(resources, woken.put_nowait))

    assert await asyncio.wait_for(woken.get(), 5) == LUNA
    assert found.granted == {LUNA}
    task.cancel()


async def test_what_nobody_foresaw_keeps_no_later_system_waiting(resources, monkeypatch, caplog):
    monkeypatch.setattr(upgrades, "LOOK_SECONDS", 0.0)
    found, woken = an_upgrade("Waves"), asyncio.Queue()
    answers = iter([ZeroDivisionError("unforeseen")])

    def ready_since(system):
        for error in answers:
            raise error
        return READY_SINCE(system)

    monkeypatch.setattr(upgrades, "ready_since", ready_since)
    task = asyncio.create_task(found.run(resources, woken.put_nowait))

    assert await asyncio.wait_for(woken.get(), 5) == LUNA
    assert "unforeseen" in caplog.text
    task.cancel()
