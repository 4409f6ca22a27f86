"""What somebody else changed, told by a reconcile against a model of the API server."""

from copy import deepcopy

import pytest

from arkalia_contract.labels import PART_OF
from arkalia_operator.cluster.drifts import Drifts
from arkalia_operator.desired.kinds import SERVICE_ACCOUNT
from model_api_server import session_for
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


async def test_system_is_looked_at_again_when_a_fight_about_it_has_rested(server, settled):
    settled.executor.drifts = Drifts(rest_seconds=5)
    for _ in range(6):
        await changed_by_a_robot(server, settled)
        found = await settled.reconcile(LUNA)

    assert is_open(server)
    assert 0 < found.after <= 5
