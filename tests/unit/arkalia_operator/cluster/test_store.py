from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_contract import labels
from arkalia_operator.cluster.observe import observe
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    PERSISTENT_VOLUME_CLAIM,
    POD,
)
from arkalia_operator.planning.observed import Accepted, ObjectKey

LUNA = SystemKey("ns", "luna")


def an_object(version, name="a", system="luna", uid="u1", namespace="ns", **fields):
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": uid,
        "resourceVersion": str(version),
        "labels": {labels.SYSTEM: system} if system else {},
        **fields.pop("metadata", {}),
    }
    return {"metadata": metadata, **fields}


def a_deployment(version, generation=1, ready=0, metadata=None):
    return an_object(
        version,
        metadata={"generation": generation, **(metadata or {})},
        spec={"replicas": 2},
        status={"readyReplicas": ready},
    )


def the_child(store, kind=CONFIG_MAP, name="a"):
    return observe(store, LUNA, frozenset()).children.get(ObjectKey(kind.name, "ns", name))


def test_the_store_wakes_the_system_of_a_new_object():
    store = Store()

    assert store.put(CONFIG_MAP, an_object(1)) == (LUNA,)
    assert the_child(store).uid == "u1"


def test_the_store_wakes_nobody_for_news_that_it_has():
    store = Store()
    store.put(CONFIG_MAP, an_object(5, data={"a": "new"}))

    assert store.put(CONFIG_MAP, an_object(5, data={"a": "new"})) == ()
    assert store.put(CONFIG_MAP, an_object(4, data={"a": "old"})) == ()
    assert the_child(store).resource_version == "5"


def test_the_store_wakes_nobody_when_only_the_version_moves():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, data={"a": "b"}))

    assert store.put(CONFIG_MAP, an_object(2, data={"a": "b"})) == ()
    assert the_child(store).resource_version == "2"


def test_the_store_keeps_one_key_for_an_object_however_often_it_changes():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, data={"a": "b"}))
    first = the_child(store).key

    store.put(CONFIG_MAP, an_object(2, data={"a": "c"}))

    assert the_child(store).key is first
    assert [key is first for key in observe(store, LUNA, frozenset()).children] == [True]


def test_the_store_wakes_the_system_when_a_rollout_moves():
    store = Store()
    store.put(DEPLOYMENT, a_deployment(1, ready=0))

    assert store.put(DEPLOYMENT, a_deployment(2, ready=1)) == (LUNA,)
    assert the_child(store, DEPLOYMENT).rollout.ready == 1


def test_the_store_wakes_the_system_when_a_label_changes_without_a_generation():
    store = Store()
    store.put(DEPLOYMENT, a_deployment(1))
    owned = {"f:metadata": {"f:labels": {"f:x": {}}}}
    managed = [{"manager": "arkalia-operator", "operation": "Apply", "fieldsV1": owned}]
    edited = {"labels": {labels.SYSTEM: "luna", "x": "y"}, "managedFields": managed}

    assert store.put(DEPLOYMENT, a_deployment(2, metadata=edited)) == (LUNA,)


def test_an_object_that_moves_to_another_system_wakes_both():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, system="luna"))

    assert set(store.put(CONFIG_MAP, an_object(2, system="sol"))) == {LUNA, SystemKey("ns", "sol")}
    assert the_child(store) is None


def test_an_object_that_loses_its_label_is_nobodys():
    store = Store()
    store.put(CONFIG_MAP, an_object(1))

    assert store.put(CONFIG_MAP, an_object(2, system=None)) == (LUNA,)
    assert len(store) == 0


def test_a_late_event_does_not_bring_back_what_was_deleted():
    store = Store()
    store.put(CONFIG_MAP, an_object(1))

    store.gone(CONFIG_MAP, an_object(3))

    assert store.put(CONFIG_MAP, an_object(2)) == ()
    assert the_child(store) is None


def test_an_object_made_anew_is_not_taken_away_by_the_late_end_of_the_old_one():
    store = Store()
    store.put(CONFIG_MAP, an_object(9, uid="u2"))

    assert store.gone(CONFIG_MAP, an_object(5, uid="u1")) == ()
    assert the_child(store).uid == "u2"


def test_an_object_that_left_the_selection_may_come_back():
    store = Store()
    store.put(CONFIG_MAP, an_object(1))
    store.gone(CONFIG_MAP, an_object(2))

    assert store.put(CONFIG_MAP, an_object(3)) == (LUNA,)


def test_what_we_deleted_is_gone_although_its_last_event_comes_later():
    store = Store()
    store.put(CONFIG_MAP, an_object(1))

    store.deleted(ObjectKey("ConfigMap", "ns", "a"), "u1")

    assert store.put(CONFIG_MAP, an_object(2)) == ()
    assert store.put(CONFIG_MAP, an_object(3, uid="u2")) == (LUNA,)


def test_our_deletion_does_not_take_away_an_object_made_anew():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, uid="u2"))

    assert store.deleted(ObjectKey("ConfigMap", "ns", "a"), "u1") == ()
    assert the_child(store) is not None


def test_a_complete_list_ends_what_it_does_not_hold():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, name="a"))
    store.put(CONFIG_MAP, an_object(2, name="b"))

    assert store.retain(CONFIG_MAP, None, {("ns", "a")}, 10) == (LUNA,)
    assert the_child(store, name="b") is None
    assert the_child(store, name="a") is not None


def test_a_complete_list_does_not_end_what_is_newer():
    store = Store()
    store.put(CONFIG_MAP, an_object(11))

    assert store.retain(CONFIG_MAP, None, set(), 10) == ()
    assert the_child(store) is not None


def test_a_list_of_one_namespace_says_nothing_about_others():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, namespace="other"))

    assert store.retain(CONFIG_MAP, "ns", set(), 10) == ()
    assert len(store) == 1


def test_a_kind_that_is_dropped_wakes_every_system_that_had_it():
    store = Store()
    store.put(CONFIG_MAP, an_object(5))

    assert store.drop(CONFIG_MAP) == (LUNA,)
    assert store.put(CONFIG_MAP, an_object(1)) == (LUNA,)


def test_what_was_accepted_is_remembered_as_long_as_the_object():
    store, key = Store(), ObjectKey("ConfigMap", "ns", "a")
    store.put(CONFIG_MAP, an_object(1))

    store.accept(LUNA, key, Accepted(b"sent", b"held"))
    before = observe(store, LUNA, frozenset()).accepted
    store.gone(CONFIG_MAP, an_object(2))

    assert before == {key: Accepted(b"sent", b"held")}
    assert observe(store, LUNA, frozenset()).accepted == {}


def test_digest_that_was_sent_and_is_held_is_remembered_once():
    store, key = Store(), ObjectKey("ConfigMap", "ns", "a")
    store.put(CONFIG_MAP, an_object(1))
    known = the_child(store).fingerprint

    store.accept(LUNA, key, Accepted(bytes(bytearray(known)), bytes(bytearray(known)), 3))

    accepted = observe(store, LUNA, frozenset()).accepted[key]
    assert accepted.sent is accepted.held is known
    assert accepted == Accepted(known, known, 3)


@pytest.mark.parametrize(
    "later", [a_deployment(2, metadata={"name": "b"}), a_deployment(9, ready=2)]
)
def test_what_was_observed_stays_as_it_was(later):
    store = Store()
    store.put(DEPLOYMENT, a_deployment(1))
    before = observe(store, LUNA, frozenset())
    seen = dict(before.children)

    store.put(DEPLOYMENT, later)
    store.gone(DEPLOYMENT, a_deployment(10))

    assert before.children == seen


def test_pods_are_told_by_what_explains_them():
    store = Store()
    pod = an_object(1, status={"conditions": [{"type": "Ready", "status": "True"}]})

    store.put(POD, pod)
    again = deepcopy(pod)
    again["metadata"]["resourceVersion"] = "2"

    assert store.put(POD, again) == ()
    assert [each.ready for each in observe(store, LUNA, frozenset()).pods] == [True]


def test_the_store_keeps_nothing_of_a_system_whose_objects_are_gone():
    store = Store()
    store.put(CONFIG_MAP, an_object(1))
    store.put(POD, an_object(2, status={}))

    store.gone(CONFIG_MAP, an_object(3))
    store.gone(POD, an_object(4, status={}))

    assert list(store.systems()) == []


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "delete"])), min_size=1, max_size=20
)


@given(steps=STEPS, data=st.data())
def test_the_store_ends_up_equal_to_the_cluster_in_whatever_order_news_comes(steps, data):
    cluster, events = {}, []
    for version, (name, what) in enumerate(steps, start=1):
        if what == "put":
            uid = cluster[name]["metadata"]["uid"] if name in cluster else f"u{version}"
            cluster[name] = an_object(version, name, uid=uid, data={"v": str(version)})
            events.append((CONFIG_MAP, "put", cluster[name]))
        elif name in cluster:
            uid = cluster.pop(name)["metadata"]["uid"]
            events.append((CONFIG_MAP, "gone", an_object(version, name, uid=uid)))
    kept = data.draw(st.lists(st.sampled_from(events), max_size=40)) if events else []
    shuffled = data.draw(st.permutations(kept))
    store = Store()

    for kind, what, live in shuffled:
        getattr(store, what)(kind, live)
    for live in cluster.values():
        store.put(CONFIG_MAP, live)
    store.retain(CONFIG_MAP, None, {("ns", name) for name in cluster}, len(steps))

    held = {
        key.name: record.resource_version
        for key, record in observe(store, LUNA, frozenset()).children.items()
    }
    assert held == {name: live["metadata"]["resourceVersion"] for name, live in cluster.items()}


@pytest.mark.parametrize(
    ("kind", "before", "after", "told"),
    [
        (
            JOB, {}, {"conditions": [{"type": "Complete", "status": "True"}]},
            lambda child: child.job.succeeded,
        ),
        (
            PERSISTENT_VOLUME_CLAIM, {"phase": "Pending"}, {"phase": "Bound"},
            lambda child: child.claim.phase == "Bound",
        ),
    ],
    ids=["Job", "PersistentVolumeClaim"],
)  # fmt: skip
def test_the_store_wakes_the_system_when_what_its_objects_wait_for_goes_on(
    kind, before, after, told
):
    store = Store()
    generation = {"generation": 1}
    store.put(kind, an_object(1, metadata=generation, spec={}, status=before))

    assert store.put(kind, an_object(2, metadata=generation, spec={}, status=after)) == (LUNA,)
    assert told(the_child(store, kind))


def test_the_store_keeps_what_an_object_without_a_status_was():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, data={}))

    assert store.put(CONFIG_MAP, an_object(2, data={})) == ()
    assert the_child(store).resource_version == "2"


A = ObjectKey("ConfigMap", "ns", "a")
OWNER = {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem", "name": "luna", "uid": "s1"}
OWNED = {"ownerReferences": [OWNER]}


def an_accepted():
    """A store that knows a child, of which the API server has what was wanted."""
    store = Store()
    store.put(CONFIG_MAP, an_object(1, metadata=OWNED))
    store.accept(LUNA, A, Accepted(b"x", b"x"))
    return store


@pytest.mark.parametrize(
    "end",
    [
        lambda store: store.gone(CONFIG_MAP, an_object(3)),
        lambda store: store.retain(CONFIG_MAP, None, set(), 10),
    ],
    ids=["watch", "list"],
)
def test_end_of_an_accepted_child_is_a_loss_until_it_is_back(end):
    store = an_accepted()

    end(store)
    lost = store.losses.of(A)
    store.put(CONFIG_MAP, an_object(20, uid="u2", metadata=OWNED))

    assert (lost.uid, lost.owner_uid) == ("u1", "s1")
    assert store.losses.of(A) is None


def test_end_of_what_was_never_accepted_is_no_loss():
    store = Store()
    store.put(CONFIG_MAP, an_object(1, metadata=OWNED))
    store.put(POD, an_object(1, metadata=OWNED))

    store.gone(CONFIG_MAP, an_object(3))
    store.gone(POD, an_object(3))
    store.gone(JOB, an_object(3))

    assert len(store.losses) == 0


def test_end_of_what_we_give_up_is_no_loss_whoever_tells_of_it_first():
    store = an_accepted()

    store.give_up(A)
    store.give_up(ObjectKey("Job", "ns", "unknown"))
    store.gone(CONFIG_MAP, an_object(3))

    assert len(store.losses) == 0


def test_kind_that_is_not_served_any_more_is_no_loss():
    store = an_accepted()

    store.drop(CONFIG_MAP)

    assert len(store.losses) == 0


def test_who_believes_only_what_objects_say_has_lost_nothing():
    store = an_accepted()
    store.gone(CONFIG_MAP, an_object(3))

    store.forget_accepted()

    assert len(store.losses) == 0
