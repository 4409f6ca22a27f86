import asyncio
import json
from copy import deepcopy

import pytest

from arkalia_contract import labels
from arkalia_operator import logs, metrics
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.execute import Executor
from arkalia_operator.cluster.observe import observe
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.kinds import BY_NAME, CONFIG_MAP
from arkalia_operator.planning.actions import Apply, Delete, Plan
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.ownership import fingerprint
from model_api_server import refused_after, respond, session_for, until

LUNA = SystemKey("ns", "luna")
OWNER = {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem", "name": "luna", "uid": "s1"}


def a_manifest(kind="ConfigMap", name="a", module="helloria", **body):
    return {
        "apiVersion": BY_NAME[kind].api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "ns",
            "labels": {labels.SYSTEM: "luna", labels.MODULE: module},
            "ownerReferences": [OWNER],
        },
        **body,
    }


def an_apply(manifest, creates=True, why="missing"):
    metadata = manifest["metadata"]
    key = ObjectKey(manifest["kind"], metadata["namespace"], metadata["name"])
    return Apply(key, manifest, fingerprint(manifest), creates, why)


def path_of(manifest):
    kind, metadata = BY_NAME[manifest["kind"]], manifest["metadata"]
    return f"{kind.path}/namespaces/ns/{kind.plural}/{metadata['name']}"


@pytest.fixture
def store():
    return Store()


@pytest.fixture
async def executor(server, store):
    async with session_for(server) as session:
        yield Executor(Client(session), store)


async def test_a_plan_is_carried_out_and_known_before_any_watch_tells(server, store, executor):
    manifest = a_manifest(data={"k": "v"})

    failures = await executor.execute(LUNA, Plan((an_apply(manifest),)))

    observed = observe(store, LUNA, frozenset())
    key = ObjectKey("ConfigMap", "ns", "a")
    assert failures == ()
    assert observed.children[key].fingerprint == fingerprint(manifest)
    assert observed.accepted[key].sent == fingerprint(manifest)
    assert server.objects[path_of(manifest)]["data"] == {"k": "v"}


async def test_pods_start_after_what_they_read_and_before_what_acts_on_them(server, executor):
    kinds = ["Deployment", "HorizontalPodAutoscaler", "ConfigMap", "ServiceAccount"]
    plan = Plan(tuple(an_apply(a_manifest(kind, spec={"a": 1})) for kind in kinds))

    await executor.execute(LUNA, plan)

    asked = [each.path.split("/")[-2] for each in server.writes()]
    assert set(asked[:2]) == {"configmaps", "serviceaccounts"}
    assert asked[2:] == ["deployments", "horizontalpodautoscalers"]


async def test_pods_do_not_start_when_what_they_read_was_refused(server, executor):
    server.script("PATCH", "configmaps/a", respond(403, {"message": "quota"}))
    plan = Plan(
        (
            an_apply(a_manifest("ConfigMap")),
            an_apply(a_manifest("Deployment", spec={"a": 1})),
            an_apply(a_manifest("Deployment", "b", module="zeroia", spec={"a": 1})),
        )
    )

    (failure,) = await executor.execute(LUNA, plan)

    assert (failure.message, failure.permanent) == ("quota", True)
    assert [each.path.rsplit("/", 1)[1] for each in server.requests("PATCH", "deployments")] == [
        "b"
    ]


async def test_no_module_waits_for_another(server, executor):
    released = asyncio.Event()
    server.script("PATCH", "configmaps/slow", refused_after(released))
    slow = a_manifest(name="slow", module="zeroia")
    both = (slow, a_manifest(), a_manifest("Deployment", spec={"a": 1}))

    async with asyncio.TaskGroup() as group:
        group.create_task(executor.execute(LUNA, Plan(tuple(map(an_apply, both)))))
        await until(lambda: server.requests("PATCH", "deployments/a"))
        released.set()


async def test_pods_of_every_module_wait_for_what_the_whole_system_has(server, executor):
    released = asyncio.Event()
    server.script("PATCH", "configmaps/trust", refused_after(released))
    trust = a_manifest(name="trust")
    trust["metadata"]["labels"] = {labels.SYSTEM: "luna"}
    both = (trust, a_manifest(), a_manifest("Deployment", spec={"a": 1}))

    async with asyncio.TaskGroup() as group:
        group.create_task(executor.execute(LUNA, Plan(tuple(map(an_apply, both)))))
        await until(lambda: server.objects.get(path_of(both[1])))
        assert server.requests("PATCH", "deployments") == []
        released.set()

    assert len(server.requests("PATCH", "deployments")) == 1


@pytest.mark.parametrize(
    ("kind", "why", "sent"),
    [
        ("Deployment", "missing", False),
        ("Deployment", "changed", False),
        ("Deployment", "drifted", True),
        ("HorizontalPodAutoscaler", "missing", False),
        ("HorizontalPodAutoscaler", "changed", True),
        ("HorizontalPodAutoscaler", "drifted", True),
    ],
)
async def test_what_runs_is_repaired_although_another_object_of_its_module_is_refused(
    server, executor, kind, why, sent
):
    server.script("PATCH", "configmaps/a", respond(422, {"message": "wrong"}))
    later = an_apply(a_manifest(kind, spec={"a": 1}), creates=why == "missing", why=why)

    (failure,) = await executor.execute(LUNA, Plan((an_apply(a_manifest()), later)))

    assert failure.key.kind == "ConfigMap"
    assert bool(server.requests("PATCH", BY_NAME[kind].plural)) is sent


async def test_refused_object_of_a_data_service_stops_that_service_alone(server, executor):
    server.script("PATCH", "persistentvolumeclaims/a", respond(403, {"message": "quota"}))
    of_queue = {labels.DATA: "redis-queue"}
    claim, server_set = (
        a_manifest(kind, module="", spec={"a": 1})
        for kind in ("PersistentVolumeClaim", "StatefulSet")
    )
    for each in (claim, server_set):
        each["metadata"]["labels"] = {labels.SYSTEM: "luna", **of_queue}
    deployment = a_manifest("Deployment", spec={"a": 1})

    await executor.execute(LUNA, Plan(tuple(map(an_apply, (claim, server_set, deployment)))))

    assert server.requests("PATCH", "statefulsets") == []
    assert len(server.requests("PATCH", "deployments")) == 1


async def test_refused_object_of_the_whole_system_stops_every_module(server, executor):
    server.script("PATCH", "configmaps/a", respond(403, {"message": "quota"}))
    trust = a_manifest()
    trust["metadata"]["labels"] = {labels.SYSTEM: "luna"}

    await executor.execute(
        LUNA, Plan((an_apply(trust), an_apply(a_manifest("Deployment", spec={"a": 1}))))
    )

    assert server.requests("PATCH", "deployments") == []


async def test_an_object_of_somebody_else_is_not_taken_over(server, store, executor):
    foreign = await server.put(path_of(a_manifest()), {"data": {"theirs": "1"}})

    (failure,) = await executor.execute(LUNA, Plan((an_apply(a_manifest(data={"k": "v"})),)))

    assert "does not belong to this system" in failure.message
    assert failure.permanent
    assert server.objects[path_of(a_manifest())] == foreign
    assert len(store) == 0


async def test_an_object_of_another_system_is_named_as_such(server, executor):
    other = {"labels": {labels.SYSTEM: "luna-a"}, "ownerReferences": [OWNER | {"uid": "s2"}]}
    await server.put(path_of(a_manifest(name="luna-a-b")), {"metadata": other})

    (failure,) = await executor.execute(LUNA, Plan((an_apply(a_manifest(name="luna-a-b")),)))

    assert failure.permanent
    assert failure.message == (
        "ConfigMap luna-a-b exists already and belongs to ArkaliaSystem luna-a, so it is left "
        "alone: delete or rename it, or give the system or the module another name"
    )


@pytest.mark.parametrize(("lineage", "refused_for_good"), [("s0", []), ("another", [True])])
async def test_data_of_which_an_answer_was_lost_are_known_by_their_lineage(
    server, executor, lineage, refused_for_good
):
    manifest = a_manifest("PersistentVolumeClaim", spec={"resources": {}})
    del manifest["metadata"]["ownerReferences"]
    manifest["metadata"]["labels"][labels.LINEAGE] = "s0"
    there = deepcopy(manifest)
    there["metadata"]["labels"][labels.LINEAGE] = lineage
    await server.put(path_of(manifest), there)

    failures = await executor.execute(LUNA, Plan((an_apply(manifest),)))

    assert [each.permanent for each in failures] == refused_for_good


async def test_an_object_of_the_system_that_lost_its_label_is_taken_back(server, executor):
    manifest = a_manifest(data={"k": "v"})
    await server.put(path_of(manifest), {"metadata": {"ownerReferences": [OWNER]}})

    failures = await executor.execute(LUNA, Plan((an_apply(manifest),)))

    assert failures == ()
    assert server.objects[path_of(manifest)]["metadata"]["labels"][labels.SYSTEM] == "luna"


async def test_what_was_refused_for_good_is_not_sent_again_at_once(server, executor):
    server.script("PATCH", "configmaps/a", respond(422, {"message": "wrong"}))
    plan = Plan((an_apply(a_manifest()),))

    first = await executor.execute(LUNA, plan)
    second = await executor.execute(LUNA, plan)

    assert first == second
    assert len(server.writes()) == 1


async def test_what_others_put_into_a_keyed_list_is_replaced_when_it_clashes_with_ours(
    server, executor
):
    manifest = a_manifest("Service", spec={"ports": [{"name": "http", "port": 8000}]})
    await server.put(path_of(manifest), {"spec": {"ports": [{"name": "http", "port": 81}]}})
    server.script("PATCH", "services/a", respond(422, {"message": "two ports of one name"}))

    failures = await executor.execute(
        LUNA, Plan((an_apply(manifest, creates=False, why="drifted"),))
    )

    kinds = [each.headers["Content-Type"] for each in server.writes()]
    assert failures == ()
    assert kinds == [
        "application/apply-patch+yaml",
        "application/merge-patch+json",
        "application/apply-patch+yaml",
        "application/merge-patch+json",
    ]
    assert server.objects[path_of(manifest)]["spec"] == manifest["spec"]
    assert owners(server.objects[path_of(manifest)]) == [("arkalia-operator", "Apply")]


def owners(live):
    return [(each["manager"], each["operation"]) for each in live["metadata"]["managedFields"]]


@pytest.fixture
def impatient(executor, monkeypatch):
    """An executor that hardly tries again."""

    async def once(request, deadline=0.1):
        return await type(executor._client).send(executor._client, request, deadline)

    monkeypatch.setattr(executor._client, "send", once)
    return executor


async def test_a_server_that_is_away_is_no_permanent_failure(server, impatient):
    server.script("PATCH", "configmaps/a", respond(503), times=1000)

    (failure,) = await impatient.execute(LUNA, Plan((an_apply(a_manifest()),)))

    assert not failure.permanent


async def deleted(server, store, executor, uid=None):
    live = await server.put(path_of(a_manifest()), {"metadata": a_manifest()["metadata"]})
    store.put(CONFIG_MAP, live)
    key = ObjectKey("ConfigMap", "ns", "a")
    return await executor.execute(
        LUNA, Plan(deletes=(Delete(key, uid or live["metadata"]["uid"]),))
    )


async def test_a_deletion_is_known_at_once(server, store, executor):
    failures = await deleted(server, store, executor)

    assert failures == ()
    assert server.objects == {}
    assert len(store) == 0


async def test_a_deletion_of_what_is_gone_already_is_a_success(server, store, executor):
    server.script("DELETE", "configmaps", respond(404))

    assert await deleted(server, store, executor) == ()
    assert len(store) == 0


async def test_a_deletion_spares_an_object_made_anew(server, store, executor):
    assert await deleted(server, store, executor, uid="another") == ()
    assert len(server.objects) == 1


async def test_a_deletion_that_a_finalizer_holds_up_is_seen_as_such(server, store, executor):
    metadata = {**a_manifest()["metadata"], "uid": "u", "resourceVersion": "9999"}
    metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    server.script("DELETE", "configmaps", respond(200, {"metadata": metadata}))

    await deleted(server, store, executor, uid="u")

    (record,) = observe(store, LUNA, frozenset()).children.values()
    assert record.deleting


async def test_object_that_ends_because_of_us_is_no_loss_although_a_finalizer_held_it(
    server, store, executor
):
    (live,) = await kept(server, store, executor)
    held = {"metadata": live["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    held["metadata"]["resourceVersion"] = str(server.version + 1)
    server.script("DELETE", "configmaps", respond(200, held))

    await executor.execute(LUNA, Plan(deletes=(Delete(KEY, live["metadata"]["uid"]),)))
    store.gone(CONFIG_MAP, held)

    assert len(store.losses) == 0


KEY = ObjectKey("ConfigMap", "ns", "a")


async def kept(server, store, executor):
    """An object that was applied, and of which the operator knows that it is right."""
    await executor.execute(LUNA, Plan((an_apply(a_manifest()),)))
    assert KEY in store.shelf(LUNA).accepted
    return tuple(server.objects.values())


async def test_object_that_somebody_deleted_is_told_once_it_is_there_again(server, store, executor):
    (live,) = await kept(server, store, executor)
    before = recreated()
    await server.remove(path_of(live | a_manifest()))
    store.gone(CONFIG_MAP, live)

    server.script("PATCH", "configmaps/a", respond(403, {"message": "not yet"}))
    await executor.execute(LUNA, Plan((an_apply(a_manifest()),)))
    untold = executor.drifts.take(LUNA).recreated
    executor.refusals.forget(KEY)
    await executor.execute(LUNA, Plan((an_apply(a_manifest()),)))

    assert untold == ()
    assert executor.drifts.take(LUNA).recreated == (KEY,)
    assert executor.drifts.take(LUNA).recreated == ()
    assert recreated() == before + 1


def recreated():
    return metrics.DRIFTS.labels("ConfigMap", "recreated")._value.get()


async def test_object_that_lost_its_label_was_not_deleted(server, store, executor):
    """A watch with a selector tells of its end all the same."""
    (live,) = await kept(server, store, executor)
    store.gone(CONFIG_MAP, live)

    await executor.execute(LUNA, Plan((an_apply(a_manifest()),)))

    assert executor.drifts.take(LUNA).recreated == ()


async def test_a_refused_deletion_is_a_failure(server, store, executor):
    server.script("DELETE", "configmaps", respond(403, {"message": "not allowed"}))

    (failure,) = await deleted(server, store, executor)

    assert (failure.message, failure.permanent) == ("not allowed", True)


async def test_an_apply_that_changes_nothing_is_counted_as_such(server, executor):
    manifest = a_manifest(data={"k": "v"})
    counted = metrics.NOOP_APPLIES.labels("ConfigMap")._value
    before = counted.get()

    await executor.execute(LUNA, Plan((an_apply(manifest),)))
    after_create = counted.get()
    await executor.execute(LUNA, Plan((an_apply(manifest, creates=False, why="changed"),)))

    assert (after_create - before, counted.get() - before) == (0, 1)


def taken_over(server, manifest, **spec):
    """Somebody has changed fields of the object, which are theirs from now on."""
    path = path_of(manifest)
    live = deepcopy(server.objects[path])
    ours = live["metadata"]["managedFields"][0]
    for name in spec:
        del ours["fieldsV1"]["f:spec"][f"f:{name}"]
    theirs = {"f:spec": {f"f:{name}": {} for name in spec}}
    entry = {"manager": "robot", "operation": "Update", "fieldsV1": theirs}
    live["metadata"]["managedFields"] = [ours, entry]
    live["spec"] |= spec
    return server.put(path, live)


@pytest.fixture
async def drifting(server, executor):
    """A Service that was applied, and then changed by a robot."""
    manifest = a_manifest("Service", spec={"port": 1, "type": "x"})
    await executor.execute(LUNA, Plan((an_apply(manifest),)))
    await taken_over(server, manifest, port=2)
    server.seen.clear()
    return manifest


async def test_what_somebody_changed_is_changed_back_and_told(server, executor, drifting):
    plan = Plan((an_apply(drifting, creates=False, why="drifted"),))

    assert await executor.execute(LUNA, plan) == ()

    (told,) = executor.drifts.take(LUNA).repaired
    assert str(told) == "Service a: spec.port was changed by robot from 1 to 2"
    assert server.objects[path_of(drifting)]["spec"]["port"] == 1
    assert len(server.writes()) == 1


async def test_what_somebody_changed_is_left_where_it_shall_only_be_told(
    server, executor, drifting
):
    plan = Plan((an_apply(drifting, creates=False, why="drifted"),), repairs=False)

    for _ in range(3):
        assert await executor.execute(LUNA, plan) == ()

    (left,) = executor.drifts.left(LUNA)
    assert "spec.port was changed by robot" in str(left)
    assert server.objects[path_of(drifting)]["spec"]["port"] == 2
    assert server.writes() == []


@pytest.mark.parametrize("why", ["drifted", "changed"])
async def test_what_was_only_told_is_changed_back_once_that_is_asked_for(
    server, executor, store, drifting, why
):
    store.put(BY_NAME["Service"], server.objects[path_of(drifting)])
    if why == "changed":  # as the next operator sees it
        store.forget_accepted()
    action = an_apply(drifting, creates=False, why=why)
    await executor.execute(LUNA, Plan((action,), repairs=False))
    left = executor.drifts.left(LUNA)

    await executor.execute(LUNA, Plan((action,)))

    (told,) = executor.drifts.take(LUNA).repaired
    assert told.fields == left[0].fields
    assert server.objects[path_of(drifting)]["spec"]["port"] == 1


async def test_change_of_status_alone_is_no_reason_to_look_at_what_is_left(
    server, executor, store, drifting
):
    plan = Plan((an_apply(drifting, creates=False, why="drifted"),), repairs=False)
    await executor.execute(LUNA, plan)
    server.seen.clear()

    live = await server.edit(path_of(drifting), status={"loadBalancer": {}})
    store.put(BY_NAME["Service"], live)
    await executor.execute(LUNA, plan)

    assert server.requests("GET") == []
    assert executor.drifts.left(LUNA)


async def test_after_a_restart_drift_is_still_told_from_a_wish(server, executor, store, drifting):
    store.put(BY_NAME["Service"], server.objects[path_of(drifting)])
    store.forget_accepted()
    left = Plan((an_apply(drifting, creates=False, why="changed"),), repairs=False)
    wish = a_manifest("Service", spec={"port": 1, "type": "y"})

    await executor.execute(LUNA, left)
    before = list(server.writes())
    await executor.execute(
        LUNA, Plan((an_apply(wish, creates=False, why="changed"),), repairs=False)
    )

    assert before == []
    assert server.objects[path_of(drifting)]["spec"] == {"port": 1, "type": "y"}


async def test_what_cannot_be_looked_at_is_repaired_all_the_same(server, executor, drifting):
    server.script("GET", "services", respond(403, {"message": "no"}))

    await executor.execute(LUNA, Plan((an_apply(drifting, creates=False, why="drifted"),)))

    assert server.objects[path_of(drifting)]["spec"]["port"] == 1


async def test_repair_that_an_admission_webhook_keeps_from_being_done_is_no_fight(
    server, impatient, drifting
):
    down = {"message": "failed calling webhook: connection refused", "reason": "InternalError"}
    server.script("PATCH", "services/a", respond(500, down), times=1000)
    plan = Plan((an_apply(drifting, creates=False, why="drifted"),))

    failures = [await impatient.execute(LUNA, plan) for _ in range(8)]

    assert all(failures)
    assert impatient.drifts.left(LUNA) == ()
    assert impatient.drifts.take(LUNA).repaired == ()


async def test_a_fight_about_a_field_ends(server, executor, drifting):
    plan = Plan((an_apply(drifting, creates=False, why="drifted"),))

    for _ in range(9):
        await executor.execute(LUNA, plan)
        if server.objects[path_of(drifting)]["spec"]["port"] == 1:
            await taken_over(server, drifting, port=2)

    (left,) = executor.drifts.left(LUNA)
    assert left.contended
    assert len(server.writes()) == 5


async def test_every_line_about_an_object_of_a_module_names_the_module(executor, caplog):
    caplog.set_level("INFO")
    told = []
    caplog.handler.addFilter(
        lambda record: told.append(logs.JsonFormatter().format(record)) or True
    )
    manifest = a_manifest()
    key = ObjectKey("ConfigMap", "ns", "a")
    await executor.execute(LUNA, Plan((an_apply(manifest),)))

    await executor.execute(LUNA, Plan(deletes=(Delete(key, "", module="helloria"),)))

    found = [json.loads(each) for each in told]
    assert [(each["message"].split()[0], each["module"]) for each in found] == [
        ("Applied", "helloria"),
        ("Deleted", "helloria"),
    ]
