"""One reconcile against a model of the API server: what it does when news is late."""

import pytest
from aiohttp import web

from arkalia_operator.cluster.looks import TROUBLED_SECONDS
from arkalia_operator.cluster.store import SystemKey
from arkalia_operator.desired.kinds import SERVICE as SERVICE_KIND
from arkalia_operator.planning.permissions import Right
from arkalia_operator.planning.plan import plan
from model_api_server import respond, session_for, until
from unit.arkalia_operator.runtime.reconciling import BUILT_IN, LUNA, SYSTEM, a_reconciler, settle

ACTION = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliaactions/approve"
SERVICE = "/api/v1/namespaces/ns/services/luna-helloria"


@pytest.fixture
async def reconciler(server):
    async with session_for(server) as session:
        yield a_reconciler(session, BUILT_IN)


@pytest.fixture
async def converged(server, reconciler):
    """A system whose objects are all there, and then one of them is lost."""
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": {}}))
    await reconciler.reconcile(LUNA)
    reconciler.resources.systems.put(server.objects[SYSTEM])
    lost = server.objects.pop(SERVICE)
    (key,) = [
        each
        for each in reconciler.store.shelf(LUNA).children
        if each.kind == "Service" and each.name == "luna-helloria"
    ]
    reconciler.store.deleted(key, lost["metadata"]["uid"])
    server.seen.clear()
    return reconciler


async def test_nothing_is_made_for_a_new_system_that_is_gone_already(server, reconciler):
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": {}}))
    server.objects.pop(SYSTEM)

    await reconciler.reconcile(LUNA)

    assert server.writes() == []


async def test_what_is_certain_of_a_new_system_waits_for_no_certificate(server, reconciler):
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": {}}))
    there = []

    async def late(_):
        await until(lambda: SERVICE in server.objects)
        there.append(True)
        return web.json_response({}, status=500)

    server.script("PATCH", "/secrets/", late)
    await reconciler.reconcile(LUNA)

    assert there == [True]
    assert len(server.requests("PATCH", SERVICE)) == 1


async def test_nothing_of_a_new_system_is_applied_while_it_is_paused(server, reconciler):
    spec = {"changes": {"pause": True}}
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": spec}))

    await reconciler.reconcile(LUNA)

    assert [each.path for each in server.writes() if "/status" not in each.path] == []


@pytest.mark.parametrize(
    ("network", "seconds"),
    [({}, 1000), ({"caBundle": {"configMap": "corporate"}}, TROUBLED_SECONDS)],
)
async def test_only_who_names_objects_of_others_is_looked_at_for_them(
    server, reconciler, network, seconds
):
    reconciler.identity.longest_look = reconciler.data.longest_look = lambda: 1000.0
    off = {name: {"enabled": False} for name in BUILT_IN["0.1.0"] if name != "helloria"}
    spec = {"modules": off, "network": network}
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": spec}))

    await reconciler.reconcile(LUNA)
    reconciler.resources.systems.put(server.objects[SYSTEM])

    assert (await reconciler.reconcile(LUNA)).after == seconds


async def test_a_lost_object_is_made_anew(server, converged):
    await converged.reconcile(LUNA)

    assert SERVICE in server.objects


async def test_nothing_is_made_anew_for_a_system_that_is_gone_and_not_yet_known_to_be(
    server, converged
):
    del server.objects[SYSTEM]

    await converged.reconcile(LUNA)

    assert server.writes() == []


async def test_nothing_is_made_anew_for_a_system_that_was_replaced_by_one_of_its_name(
    server, converged
):
    server.objects[SYSTEM]["metadata"]["uid"] = "another"

    await converged.reconcile(LUNA)

    assert server.writes() == []


async def test_nothing_is_made_anew_for_a_system_that_is_being_deleted(server, converged):
    server.objects[SYSTEM]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    await converged.reconcile(LUNA)

    assert server.writes() == []


@pytest.fixture
async def settled(server, reconciler):
    """A system of which nothing is left to do for now, and how often it was planned since."""
    await settle(server, reconciler)
    return reconciler


@pytest.fixture
def plans(settled, monkeypatch):
    made = []

    def counted(*facts):
        made.append(plan(*facts))
        return made[-1]

    monkeypatch.setattr("arkalia_operator.runtime.reconcile.plan", counted)
    return made


async def test_a_settled_system_is_not_planned_again_while_all_is_the_same(settled, plans):
    first = await settled.reconcile(LUNA)
    second = await settled.reconcile(LUNA)

    assert plans == []
    assert first.result == second.result == "requeue_after"


async def approve(server, reconciler, plan="waits"):
    """Somebody approves *plan*."""
    spec = {"system": "luna", "kind": "ApprovePlan", "approvedBy": "ada"}
    body = {"spec": spec | {"approvePlan": {"hash": plan}}}
    reconciler.resources.actions.put(await server.put(ACTION, body))


def now_known(server, reconciler):
    reconciler.resources.systems.put(server.objects[SYSTEM])


async def test_approval_of_pods_that_are_held_is_answered_and_comes_to_an_end(server, settled):
    placement = {"nodeSelector": {"disk": "fast"}}
    spec = {"placement": placement, "changes": {"holdRollouts": True}}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=spec))
    await settled.reconcile(LUNA)
    now_known(server, settled)
    await approve(server, settled, server.objects[SYSTEM]["status"]["changes"]["hash"] or "held")

    for _ in range(3):
        outcome = await settled.reconcile(LUNA)
        now_known(server, settled)

    assert outcome.after > 0
    assert server.objects[ACTION]["status"]["phase"] == "Refused"


@pytest.mark.parametrize("status", [404, 409, 403])
async def test_approval_that_cannot_be_answered_fails_no_reconcile(server, settled, status):
    await approve(server, settled)
    server.script("PATCH", "arkaliaactions/approve/status", respond(status))

    outcome = await settled.reconcile(LUNA)

    assert outcome.result == "requeue_after"


async def test_who_does_not_reconcile_any_more_grants_nothing(settled):
    settled.upgrades.granted.add(LUNA)

    settled.rest()

    assert settled.upgrades.granted == set()


async def test_system_that_is_gone_is_granted_nothing(settled):
    gone = SystemKey("ns", "gone")
    settled.upgrades.granted.add(gone)

    await settled.reconcile(gone)

    assert settled.upgrades.granted == set()


async def test_approval_that_status_tells_already_is_not_carried_out_again(
    server, settled, monkeypatch
):
    monkeypatch.setattr("arkalia_operator.runtime.reconcile.plan_hash", lambda _: "waits")
    await approve(server, settled)

    first = await settled.reconcile(LUNA)
    now_known(server, settled)
    second = await settled.reconcile(LUNA)

    assert first.after == 0
    assert second.after > 0


async def test_nobody_asks_which_plan_waits_while_there_is_no_approval(
    server, settled, monkeypatch
):
    asked = []
    monkeypatch.setattr("arkalia_operator.runtime.reconcile.plan_hash", asked.append)
    settled.resources.systems.put(await server.edit(SYSTEM, spec={"logLevel": "DEBUG"}))

    await settled.reconcile(LUNA)

    assert asked == []


async def test_a_settled_system_is_planned_again_when_an_object_of_it_changes(
    server, settled, plans
):
    live = await server.edit(SERVICE, spec={"ports": []})
    settled.store.put(SERVICE_KIND, live)

    await settled.reconcile(LUNA)

    assert [each.key.name for found in plans for each in found.applies] == ["luna-helloria"]


async def test_a_settled_system_is_planned_again_when_it_changes(server, settled, plans):
    settled.resources.systems.put(await server.edit(SYSTEM, spec={"logLevel": "DEBUG"}))

    await settled.reconcile(LUNA)

    assert plans


async def test_a_settled_system_is_planned_again_when_rights_are_missing(settled, plans):
    settled.missing_rights = lambda _: (Right("services", "", "services", "patch"),)

    await settled.reconcile(LUNA)

    assert plans


async def test_nothing_new_is_applied_while_what_was_approved_cannot_be_read(server, settled):
    status = server.objects[SYSTEM]["status"] | {
        "approved": {"generation": 1, "spec": {"environment": 7}}
    }
    spec = {"changes": {"policy": "Approve"}, "deletionPolicy": "Delete"}
    settled.resources.systems.put(await server.edit(SYSTEM, spec=spec, status=status))

    await settled.reconcile(LUNA)

    assert {each.path for each in server.writes()} == {f"{SYSTEM}/status"}
    waits = {
        each["type"]: each["reason"] for each in server.objects[SYSTEM]["status"]["conditions"]
    }
    assert waits["ChangesApproved"] == "WaitingForApproval"


async def test_who_starts_anew_plans_a_settled_system_once(settled, plans):
    settled.rest()

    for _ in range(3):
        await settled.reconcile(LUNA)

    assert len(plans) == 1
