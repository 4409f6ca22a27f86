"""What somebody else changed, told by a reconcile against a model of the API server."""

from copy import deepcopy

import pytest

from arkalia_contract.labels import PART_OF
from arkalia_operator.cluster.drifts import Drifts
from arkalia_operator.desired.kinds import SERVICE_ACCOUNT
from model_api_server import respond, session_for
from unit.arkalia_operator.runtime.reconciling import BUILT_IN, LUNA, SYSTEM, a_reconciler, settle

ACCOUNT = "/api/v1/namespaces/ns/serviceaccounts/luna-helloria"


@pytest.fixture
async def settled(server):
    """A system of which nothing is left to do for now."""
    async with session_for(server) as session:
        found = a_reconciler(session, BUILT_IN)
        await settle(server, found)
        yield found


async def changed_by_a_robot(server, reconciler):
    """A robot has taken a field of the ServiceAccount over."""
    live = deepcopy(server.objects[ACCOUNT])
    ours = live["metadata"]["managedFields"][0]
    del ours["fieldsV1"]["f:automountServiceAccountToken"]
    fields = {"f:automountServiceAccountToken": {}}
    theirs = {"manager": "robot", "operation": "Update", "fieldsV1": fields}
    live["metadata"]["managedFields"] = [ours, theirs]
    live["automountServiceAccountToken"] = True
    reconciler.store.put(SERVICE_ACCOUNT, await server.put(ACCOUNT, live))


async def removed_by_a_robot(server, reconciler):
    """A robot has removed a label of the ServiceAccount."""
    live = deepcopy(server.objects[ACCOUNT])
    [ours] = live["metadata"]["managedFields"]
    del ours["fieldsV1"]["f:metadata"]["f:labels"][f"f:{PART_OF}"]
    del live["metadata"]["labels"][PART_OF]
    other = {"manager": "robot", "operation": "Update", "fieldsV1": {"f:data": {}}}
    live["metadata"]["managedFields"].append(other)
    reconciler.store.put(SERVICE_ACCOUNT, await server.put(ACCOUNT, live))


def is_open(server):
    return server.objects[ACCOUNT]["automountServiceAccountToken"]


REPAIRED = (
    "ServiceAccount luna-helloria: automountServiceAccountToken was changed by robot from false to "
    "true, and was changed back"
)


@pytest.fixture
def told(settled, monkeypatch):
    """The messages of the Events that were announced."""
    found = []
    monkeypatch.setattr(
        settled.recorder, "announce", lambda _, announcement: found.append(announcement.message)
    )
    return found


async def test_change_by_somebody_else_is_told_after_a_restart_too(server, settled, told):
    settled.rest()
    await settled.reconcile(LUNA)

    await changed_by_a_robot(server, settled)
    await settled.reconcile(LUNA)

    assert not is_open(server)
    assert told == [REPAIRED]


async def test_what_somebody_else_removed_is_told_after_a_restart_too(server, settled, told):
    settled.rest()
    await settled.reconcile(LUNA)

    await removed_by_a_robot(server, settled)
    await settled.reconcile(LUNA)

    field = f'metadata.labels.{PART_OF} was changed by robot from "arkalia" to nothing'
    assert told == [f"ServiceAccount luna-helloria: {field}, and was changed back"]


async def test_change_by_somebody_else_while_no_operator_ran_is_told(server, settled, told):
    settled.rest()

    await changed_by_a_robot(server, settled)
    await settled.reconcile(LUNA)

    assert told == [REPAIRED]


async def test_change_while_the_system_was_paused_is_told_when_it_goes_on(server, settled, told):
    settled.rest()
    pause = {"changes": {"pause": True}}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=pause))
    await changed_by_a_robot(server, settled)
    await settled.reconcile(LUNA)
    before = list(told)

    settled.resources.systems.put(await server.edit(SYSTEM, spec={}))
    await settled.reconcile(LUNA)

    assert REPAIRED not in before
    assert REPAIRED in told


async def deleted(server, reconciler):
    """Somebody has deleted the ServiceAccount."""
    live = server.objects[ACCOUNT]
    await server.remove(ACCOUNT)
    reconciler.store.gone(SERVICE_ACCOUNT, live)


RECREATED = "ServiceAccount luna-helloria was deleted, and was created again"


@pytest.mark.parametrize("policy", ["Repair", "Report"])
async def test_deletion_by_somebody_else_is_told_once(server, settled, told, policy):
    changes = {"changes": {"driftPolicy": policy}}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=changes))
    await settled.reconcile(LUNA)

    await deleted(server, settled)
    for _ in range(3):
        await settled.reconcile(LUNA)

    assert told == [RECREATED]
    assert ACCOUNT in server.objects


async def test_deletion_is_told_to_who_found_the_object_right(server, settled, told):
    settled.rest()
    await settled.reconcile(LUNA)

    await deleted(server, settled)
    await settled.reconcile(LUNA)

    assert told == [RECREATED]


async def test_who_starts_knows_of_no_deletion(server, settled, told):
    await deleted(server, settled)
    settled.rest()

    await settled.reconcile(LUNA)

    assert ACCOUNT in server.objects
    assert told == []


async def test_deletion_while_the_system_was_paused_is_told_when_it_goes_on(server, settled, told):
    pause = {"changes": {"pause": True}}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=pause))
    await deleted(server, settled)
    await settled.reconcile(LUNA)
    before = list(told)

    settled.resources.systems.put(await server.edit(SYSTEM, spec={}))
    await settled.reconcile(LUNA)

    assert RECREATED not in before
    assert RECREATED in told


async def test_module_that_was_switched_off_and_comes_back_was_not_deleted(server, settled, told):
    off = {"modules": {"helloria": {"enabled": False}}}
    await deleted(server, settled)  # at the same time
    for spec in (off, {}):
        settled.resources.systems.put(await server.edit(SYSTEM, spec=spec))
        await settled.reconcile(LUNA)

    assert ACCOUNT in server.objects
    assert RECREATED not in told


async def test_what_the_operator_itself_deletes_was_not_deleted_by_somebody(server, settled, told):
    off = {"modules": {"helloria": {"enabled": False}}}
    live = server.objects[ACCOUNT]
    settled.resources.systems.put(await server.edit(SYSTEM, spec=off))
    await settled.reconcile(LUNA)
    settled.store.gone(SERVICE_ACCOUNT, live)
    gone = ACCOUNT not in server.objects

    settled.resources.systems.put(await server.edit(SYSTEM, spec={}))
    await settled.reconcile(LUNA)

    assert gone
    assert ACCOUNT in server.objects
    assert RECREATED not in told


@pytest.mark.parametrize("looks", [1, 2])
async def test_what_a_finalizer_held_after_our_deletion_was_not_deleted_by_somebody(
    server, settled, told, looks
):
    """The operator has just started, and the object is wanted again before it ends."""
    settled.rest()
    ending = deepcopy(server.objects[ACCOUNT])
    ending["metadata"]["deletionTimestamp"] = "2026-11-20T12:00:00Z"
    ending["metadata"]["resourceVersion"] = str(server.version + 1)
    server.script("DELETE", ACCOUNT, respond(200, ending))
    off = {"modules": {"helloria": {"enabled": False}}}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=off))
    for _ in range(looks):
        await settled.reconcile(LUNA)

    settled.resources.systems.put(await server.edit(SYSTEM, spec={}))
    await server.remove(ACCOUNT)
    settled.store.gone(SERVICE_ACCOUNT, ending)
    await settled.reconcile(LUNA)

    assert ACCOUNT in server.objects
    assert RECREATED not in told


async def test_another_system_of_the_same_name_has_lost_nothing(server, settled, told):
    another = await server.edit(SYSTEM, metadata={"uid": "another"})
    await deleted(server, settled)
    settled.resources.systems.put(another)

    await settled.reconcile(LUNA)

    assert ACCOUNT in server.objects
    assert RECREATED not in told


async def test_system_is_looked_at_again_when_a_fight_about_it_has_rested(server, settled):
    settled.executor.drifts = Drifts(rest_seconds=5)
    for _ in range(6):
        await changed_by_a_robot(server, settled)
        found = await settled.reconcile(LUNA)

    assert is_open(server)
    assert 0 < found.after <= 5
