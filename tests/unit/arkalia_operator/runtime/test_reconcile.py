"""One reconcile against a model of the API server: what it does when news is late."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from aiohttp import web

from arkalia_contract.labels import PART_OF
from arkalia_operator import catalogue
from arkalia_operator.cluster.api_keys import ApiKeys
from arkalia_operator.cluster.bundles import Bundles
from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.cluster.drifts import Drifts
from arkalia_operator.cluster.events import Recorder
from arkalia_operator.cluster.execute import Executor
from arkalia_operator.cluster.looks import TROUBLED_SECONDS
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.certificates import Lifetimes
from arkalia_operator.desired.kinds import SERVICE as SERVICE_KIND
from arkalia_operator.desired.kinds import SERVICE_ACCOUNT
from arkalia_operator.desired.resolve import Defaults
from arkalia_operator.desired.trust import Issuer
from arkalia_operator.planning.permissions import Right
from arkalia_operator.planning.plan import plan
from arkalia_operator.runtime.actions import Actions
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.identity import Identity
from arkalia_operator.runtime.reconcile import Reconciler
from arkalia_operator.runtime.resolver import Resolver
from arkalia_operator.runtime.resources import Resources
from builders import an_upgrade
from model_api_server import respond, session_for, until

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIFETIMES = Lifetimes()
ISSUER = Issuer("https://issuer", '{"keys":[]}')
LUNA = SystemKey("ns", "luna")
SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems/luna"
ACTION = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliaactions/approve"
SERVICE = "/api/v1/namespaces/ns/services/luna-helloria"
ACCOUNT = "/api/v1/namespaces/ns/serviceaccounts/luna-helloria"


@pytest.fixture
async def reconciler(server):
    async with session_for(server) as session:
        client, store, resources = Client(session), Store(), Resources()
        yield Reconciler(
            resources=resources,
            store=store,
            client=client,
            executor=Executor(client, store),
            recorder=Recorder(client),
            identity=Identity(
                Certificates(client, LIFETIMES), LIFETIMES, lambda: ISSUER, lambda: NOW
            ),
            data=DataServices(Credentials(client), LIFETIMES.spread_seconds, lambda: NOW),
            bundles=Bundles(client),
            api_keys=ApiKeys(client),
            served=frozenset,
            resolver=Resolver(resources, catalogue.load(), Defaults("0.1.0", "localhost/arkalia")),
            upgrades=an_upgrade(),
            actions=Actions(client, resources),
        )


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
    off = {name: {"enabled": False} for name in catalogue.load()["0.1.0"] if name != "helloria"}
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
    reconciler.resources.systems.put(await server.put(SYSTEM, {"spec": {}}))
    for _ in range(3):
        await reconciler.reconcile(LUNA)
        reconciler.resources.systems.put(server.objects[SYSTEM])
    server.seen.clear()
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


async def test_who_starts_anew_plans_a_settled_system_once(settled, plans):
    settled.rest()

    for _ in range(3):
        await settled.reconcile(LUNA)

    assert len(plans) == 1


async def test_system_is_looked_at_again_when_a_fight_about_it_has_rested(server, settled):
    settled.executor.drifts = Drifts(rest_seconds=5)
    for _ in range(6):
        await changed_by_a_robot(server, settled)
        found = await settled.reconcile(LUNA)

    assert is_open(server)
    assert 0 < found.after <= 5
