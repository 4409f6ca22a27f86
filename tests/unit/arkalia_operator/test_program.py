import asyncio
import os
import signal

import aiohttp
import pytest

from arkalia_operator import catalogue
from arkalia_operator import program as program_module
from arkalia_operator.errors import ResourcesNotServedError
from arkalia_operator.program import Program
from arkalia_operator.settings import Settings
from model_api_server import respond, session_for, until

SYSTEM = "/apis/arkalia.io/v1alpha1/namespaces/ns/arkaliasystems/luna"
SERVICE = "/api/v1/namespaces/ns/services/luna-helloria"
SERVED = ("helloria", "globalstate")
FEW = {
    "spec": {
        "modules": {
            name: {"enabled": False} for name in catalogue.load()["0.1.0"] if name not in SERVED
        }
    }
}
"""The gateway, with a cache, and the record, with a schema."""
SETTINGS = Settings(health_port=0, drain_seconds=5)


class Operator:
    """The whole operator, running against a model of the API server."""

    def __init__(self, session, settings=SETTINGS):
        self.program = Program(settings, session)
        self.task = asyncio.create_task(self.program.run())

    async def stop(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return await asyncio.wait_for(self.task, 20)


@pytest.fixture
async def session(server):
    async with session_for(server) as session:
        yield session


@pytest.fixture
async def start(session):
    started = []

    def begin(**settings):
        started.append(Operator(session, SETTINGS.model_copy(update=settings)))
        return started[-1]

    yield begin
    for each in started:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in started), return_exceptions=True)


def condition(server, name="Ready"):
    found = server.objects[SYSTEM].get("status", {}).get("conditions", [])
    return next((each for each in found if each["type"] == name), {})


async def controllers(server):
    """What the controllers and the kubelets of a cluster would do, for ever."""
    while True:
        for path, body in tuple(server.objects.items()):
            status = status_of(path.split("/")[-2], body)
            if status and body.get("status") != status:
                await server.edit(path, status=status)
        await asyncio.sleep(0.02)


def status_of(plural, body):
    """The status of an object for which everything is done; None where it has none."""
    if plural in {"deployments", "statefulsets"}:
        pods = dict.fromkeys(COUNTED, body["spec"].get("replicas", 1))
        return {"observedGeneration": body["metadata"]["generation"], **pods}
    return COMPLETE if plural == "jobs" else None


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
COUNTED = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


@pytest.fixture
async def ready(server):
    """A converged system, with everything around it at work."""
    task = asyncio.create_task(controllers(server))
    await server.put(SYSTEM, FEW)

    async def reached():
        await until(lambda: condition(server).get("status") == "True", 15)
        await asyncio.sleep(0.3)

    yield reached
    task.cancel()


async def test_a_system_is_built_told_and_ready(server, start):
    start()
    await server.put(SYSTEM, FEW)

    await until(lambda: SERVICE in server.objects, 15)
    await until(lambda: condition(server))
    before = condition(server)["status"]
    task = asyncio.create_task(controllers(server))

    await until(lambda: condition(server)["status"] == "True", 15)
    task.cancel()
    assert before == "Unknown"
    assert server.objects[SYSTEM]["status"]["observedGeneration"] == 1


async def test_a_restart_over_a_converged_system_writes_nothing(server, start, ready):
    operator = start()
    await ready()
    assert await operator.stop()
    server.seen.clear()

    again = start()
    await until(lambda: again.program._informers.is_synced, 15)
    await asyncio.sleep(1)

    assert server.writes() == []


async def test_a_deleted_child_comes_back_and_an_edited_one_is_repaired(server, start, ready):
    start()
    await ready()
    server.seen.clear()

    await server.remove(SERVICE)
    await until(lambda: SERVICE in server.objects)
    spec = server.objects[SERVICE]["spec"]
    await server.edit(SERVICE, spec={**spec, "selector": dict.fromkeys(spec["selector"], "x")})

    await until(lambda: server.objects[SERVICE]["spec"] == spec)
    await asyncio.sleep(0.3)
    assert len(server.requests("PATCH", "services")) == 2


async def test_a_spec_that_does_not_fit_is_told_in_the_status(server, start):
    start()

    await server.put(SYSTEM, {"spec": {"nonsense": 1}})

    await until(lambda: condition(server).get("reason") == "InvalidSpec", 15)
    assert condition(server, "Stalled")["status"] == "True"


async def test_a_system_that_is_being_deleted_is_left_alone(server, start):
    metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    await server.put(SYSTEM, {"metadata": metadata, "spec": {}})

    operator = start()
    await until(lambda: operator.program._informers.is_synced, 15)
    await asyncio.sleep(0.3)

    assert server.writes() == []


async def test_a_failure_of_the_operator_itself_is_told_in_the_status(server, start, monkeypatch):
    def broken(*_):
        message = "unforeseen"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("arkalia_operator.runtime.reconcile.rendered", broken)
    start()

    await server.put(SYSTEM, FEW)

    await until(lambda: condition(server).get("reason") == "OperatorFailed", 15)
    assert "ZeroDivisionError: unforeseen" in condition(server)["message"]


async def test_a_refused_object_is_told_and_tried_again(server, start):
    server.script("PATCH", "services/", respond(403, {"message": "exceeded quota"}))
    start()

    await server.put(SYSTEM, FEW)

    await until(lambda: "exceeded quota" in condition(server).get("message", ""), 15)
    await until(lambda: SERVICE in server.objects)


async def test_missing_crds_end_the_operator_with_a_clear_error(server, start):
    server.script("GET", "arkaliamodules", respond(404))

    operator = start()

    with pytest.raises(ResourcesNotServedError):
        await asyncio.wait_for(operator.task, 10)


async def test_the_operator_waits_for_an_api_server_that_is_not_there_yet(server, start, caplog):
    server.script("GET", "arkaliamodules", respond(403, {"message": "not yet"}), times=2)
    start()

    await server.put(SYSTEM, FEW)

    await until(lambda: SERVICE in server.objects, 15)
    assert "not yet" in caplog.text


async def test_a_signal_lets_running_reconciles_finish(server, start, caplog):
    finished = []

    async def slow(request):
        await asyncio.sleep(0.5)
        finished.append(request.path)
        return await respond(403)(request)

    server.script("PATCH", "serviceaccounts", slow)
    await server.put(SYSTEM, FEW)
    operator = start()
    await until(lambda: server.requests("PATCH", "serviceaccounts"), 15)

    assert await operator.stop()

    assert finished
    assert "unexpectedly" not in caplog.text


async def test_a_part_that_ends_unexpectedly_ends_the_operator(server, start, monkeypatch, caplog):
    async def broken(*_):
        message = "no clock"
        raise RuntimeError(message)

    monkeypatch.setattr(program_module, "resync", broken)

    operator = start()

    assert not await asyncio.wait_for(operator.task, 20)
    assert "The task 'resync' ended unexpectedly" in caplog.text


LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/arkalia-operator"


async def test_a_second_operator_knows_all_and_writes_and_tells_nothing(server, start, ready):
    start()
    await ready()
    second = start()
    await until(lambda: second.program._informers.is_synced, 15)
    server.seen.clear()

    await server.remove(SERVICE)
    await until(lambda: SERVICE in server.objects)
    await asyncio.sleep(0.5)

    written = [each.path.rsplit("/", 1)[1] for each in server.writes()]
    assert written == ["luna-helloria", "events"]  # the Service, and that it was deleted
    assert len(second.program._queue) == 0
    assert len(second.program._store) > 0


async def test_another_operator_leads_when_the_first_is_asked_to_stop(server, start, ready):
    first = start()
    await ready()
    second = start()
    await until(lambda: second.program._informers.is_synced, 15)
    holder = server.objects[LEASE]["spec"]["holderIdentity"]
    first.program._stopping.set()
    await asyncio.wait_for(first.task, 10)

    await until(lambda: server.objects[LEASE]["spec"].get("holderIdentity") not in (None, holder))
    await server.remove(SERVICE)

    await until(lambda: SERVICE in server.objects)


async def test_an_operator_that_lost_the_lease_writes_nothing_until_it_has_it_again(
    server, start, ready
):
    operator = start(lease_seconds=1)
    await ready()
    spec = server.objects[LEASE]["spec"]

    await server.edit(LEASE, spec={**spec, "holderIdentity": "somebody", "renewTime": "later"})
    await until(lambda: operator.program._queue._paused)
    server.seen.clear()
    await server.remove(SERVICE)
    await asyncio.sleep(0.3)

    assert server.writes() == []
    await until(lambda: SERVICE in server.objects, 10)


async def test_an_operator_without_an_election_asks_for_no_lease(server, start, ready):
    start(leader_election=False)

    await ready()

    assert LEASE not in server.objects


async def test_probes_tell_when_the_operator_is_ready(server, start, caplog):
    caplog.set_level("INFO")
    operator = start()
    await until(lambda: operator.program._informers.is_synced, 15)
    (said,) = [each.message for each in caplog.records if "served on port" in each.message]
    port = said.rsplit(" ", 1)[1].rstrip(".")

    async with aiohttp.ClientSession() as http:
        answers = [
            (await http.get(f"http://127.0.0.1:{port}/{path}")).status
            for path in ("livez", "readyz", "metrics")
        ]

    assert answers == [200, 200, 200]


ACTIONS = "/apis/arkalia.io/v1alpha1/arkaliaactions"
FORBIDDEN = respond(403, {"message": "arkalia may not list this"})


async def told_by(caplog, path):
    """What the probe *path* of the operator that runs says, with its status."""
    (said,) = [each.message for each in caplog.records if "served on port" in each.message]
    port = said.rsplit(" ", 1)[1].rstrip(".")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/{path}") as got,
    ):
        return got.status, await got.text()


async def test_operator_that_may_not_read_systems_names_the_rule_and_begins_once_it_may(
    server, start, caplog
):
    caplog.set_level("INFO")
    server.denied.add(("list", "arkaliasystems"))
    server.script("GET", "arkaliasystems", FORBIDDEN, times=10_000)
    await server.put(SYSTEM, FEW)
    operator = start()

    await until(operator.program._permissions.known.is_set, 15)
    not_ready = await told_by(caplog, "readyz")
    alive = await told_by(caplog, "livez")
    server.denied.clear()
    server.scripted.clear()

    await until(lambda: SERVICE in server.objects, 15)
    assert not_ready[0] == 500
    assert "resources: [arkaliasystems], verbs: [list]" in not_ready[1]
    assert alive[0] == 200
    assert (await told_by(caplog, "readyz"))[0] == 200


async def test_operator_that_may_not_read_actions_serves_systems_and_tells_them(
    server, start, caplog
):
    server.denied.update({("list", "arkaliaactions"), ("watch", "arkaliaactions")})
    for verb in ("GET", "WATCH"):
        server.script(verb, "arkaliaactions", FORBIDDEN, times=10_000)
    start()
    await server.put(SYSTEM, FEW)

    await until(lambda: SERVICE in server.objects, 15)
    await until(lambda: condition(server, "PermissionsReady").get("status") == "False", 15)

    assert (
        "arkaliaactions], verbs: [list, watch]" in condition(server, "PermissionsReady")["message"]
    )
    assert "kopf ended" not in caplog.text


async def test_right_that_is_refused_while_the_operator_runs_is_asked_for_soon_and_used_at_once(
    server, start, ready, monkeypatch
):
    monkeypatch.setattr("arkalia_operator.runtime.permissions.STEP_SECONDS", 0.1)
    for name in ("FIRST_SECONDS", "LONGEST_SECONDS"):
        monkeypatch.setattr(f"arkalia_operator.cluster.refusals.{name}", 600.0)
    start()
    await ready()
    server.denied.add(("create", "services"))
    server.script("PATCH", "services/", FORBIDDEN, times=10_000)

    await server.remove(SERVICE)

    await until(lambda: condition(server, "PermissionsReady").get("status") == "False", 15)
    message = condition(server, "PermissionsReady")["message"]
    server.denied.clear()
    server.scripted.clear()

    await until(lambda: SERVICE in server.objects, 15)
    assert "resources: [services], verbs: [create]" in message


async def test_liveness_tells_of_loop_watches_queue_and_lease(server, start, ready, caplog):
    caplog.set_level("INFO")
    start()
    await ready()

    status, text = await told_by(caplog, "livez")

    assert status == 200
    for word in ("s late)", "heard ", "s old)", "(leads, renewed "):
        assert word in text


async def test_operator_that_may_not_list_a_kind_of_every_system_tells_it_and_begins_once_it_may(
    server, start, monkeypatch
):
    monkeypatch.setattr("arkalia_operator.runtime.permissions.STEP_SECONDS", 0.2)
    server.denied.add(("list", "jobs"))
    server.script("GET", "/apis/batch/v1/jobs", FORBIDDEN, times=10_000)
    start()
    await server.put(SYSTEM, FEW)

    await until(lambda: condition(server, "PermissionsReady").get("status") == "False", 15)
    ready, message = condition(server), condition(server, "PermissionsReady")["message"]
    blind = set(server.objects)
    server.denied.clear()
    server.scripted.clear()

    await until(lambda: SERVICE in server.objects, 15)
    await until(lambda: condition(server, "PermissionsReady")["status"] == "True", 15)
    assert "resources: [jobs], verbs: [list]" in message
    assert (ready["status"], ready["reason"]) == ("Unknown", "PermissionsMissing")
    assert SERVICE not in blind
