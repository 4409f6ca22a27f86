"""Data outlives its module, its passwords and its system, and ends when it shall.

Two systems, since a change of passwords waits two minutes for the kubelets: it goes on in `sol`
while the other stories are told of `luna`.
"""

import base64

import pytest

from arkalia_contract import labels
from arkalia_operator.desired import kinds
from cluster import data_client, documents
from cluster.kinds import EVENT, NAMESPACE, VOLUME, Ref
from cluster.kube import RefusedError
from cluster.namespaces import named, restricted
from cluster.systems import CHILD_KINDS, System, off_except, uids
from cluster.waiting import eventually

KINDS = {
    each.name: each for each in (kinds.PERSISTENT_VOLUME_CLAIM, kinds.SECRET, kinds.CONFIG_MAP)
}
ENOUGH = 100
"""Connections: a busy node takes longer for them, and they are waited for."""
REFUSED = {"postgresql": "password authentication failed", "redis-queue": "AuthenticationError"}
ROTATION_SECONDS = 600
"""The old password ends two minutes after the next one was handed over."""


@pytest.fixture(scope="module")
def sol(kube, operator):
    """A system, in a namespace of its own, whose module connects to its data all the time."""
    own = named("passwords")
    kube.create(restricted(own))
    kube.apply(data_client.client(own.name))
    yield System(kube, own.name, "sol").declare(modules={**off_except(), data_client.NAME: {}})
    kube.delete(own)


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, sol):
    """A system with a document, while the passwords of the other one change."""
    system = System(kube, namespace, "luna").declare(modules=documents.MODULES)
    sol.ready()
    eventually(lambda: connected(sol))
    sol.change(data={"credentials": {"revision": 2}})
    system.ready()
    documents.write(system)
    return system


@pytest.fixture(scope="module")
def kept(luna):
    """What shall outlive luna, by kind and name."""
    return lasting(luna)


@pytest.fixture(scope="module")
def secret(luna, kube):
    """The Secret without which luna's database cannot be read, as a backup has it."""
    found = kube.require(secret_of(luna))
    metadata = {name: found["metadata"][name] for name in ("name", "namespace", "labels")}
    return {**found, "metadata": metadata}


def test_module_that_is_switched_off_and_on_again_has_its_data(luna, kept):
    luna.change(modules={"globalstate": {"enabled": False}})
    luna.ready()
    eventually(lambda: nothing(luna.pods("globalstate")))

    luna.change(modules={"globalstate": {"enabled": True}})
    luna.ready()

    assert documents.read(luna) == documents.WORD
    assert lasting(luna) == kept


def test_deleted_system_leaves_its_data_with_keys_and_credentials_alone(luna, kube, kept, secret):
    kube.delete(luna.ref)

    eventually(lambda: nothing(passing(luna)))
    assert kube.get(luna.ref) is None
    assert lasting(luna) == kept
    assert {kind for kind, _ in kept} == {"PersistentVolumeClaim", "Secret", "ConfigMap"}


def test_nothing_that_was_kept_is_deleted_before_its_system_was_named_a_second_time(
    luna, kube, kept
):
    for kind, name in kept:
        ref = Ref(KINDS[kind], luna.namespace, name)
        with pytest.raises(RefusedError, match=f"{name} .*{labels.DELETE_DATA}={luna.name}"):
            kube.delete(ref)
        kube.patch(ref, {"metadata": {"annotations": {labels.DELETE_DATA: "sol"}}})
        with pytest.raises(RefusedError, match=labels.DELETE_DATA):
            kube.delete(ref)

    assert lasting(luna) == kept


def test_data_without_its_credentials_is_refused_with_a_reason(luna, kube):
    let_go(kube, secret_of(luna), luna.name)

    luna.declare(modules=documents.MODULES)

    seen = eventually(lambda: luna.expect("DataReady", "False", "LineageMismatch"))
    assert "restore the Secret from a backup" in seen["message"]
    eventually(lambda: announced(luna, seen["message"]))
    assert luna.children(kinds.STATEFUL_SET) == []
    assert kube.get(secret_of(luna)) is None


def test_credentials_of_other_data_are_refused_with_a_reason(luna, kube, secret):
    marked = {**secret["metadata"]["labels"], labels.LINEAGE: "another"}
    kube.create({**secret, "metadata": {**secret["metadata"], "labels": marked}})

    eventually(lambda: told(luna, "Secret luna-postgresql of lineage another"))
    assert luna.children(kinds.STATEFUL_SET) == []


def test_new_system_of_the_name_takes_the_data_over_when_all_of_it_is_there(
    luna, kube, kept, secret
):
    let_go(kube, secret_of(luna), luna.name)
    kube.create(secret)

    luna.ready()

    assert documents.read(luna) == documents.WORD
    now = lasting(luna)
    assert now.keys() == kept.keys()
    assert [key for key in kept if now[key] != kept[key]] == [("Secret", "luna-postgresql")]
    assert password(kube.require(secret_of(luna))) == password(secret)


def test_data_ends_with_its_system_when_the_policy_says_delete(luna, kube):
    luna.change(deletionPolicy="Delete")
    luna.ready()
    assert volumes(kube, luna.namespace)

    kube.delete(luna.ref)

    eventually(lambda: nothing([*passing(luna), *lasting(luna)]))
    eventually(lambda: nothing(volumes(kube, luna.namespace)))


def test_no_connection_fails_while_passwords_change_and_the_old_ones_end(luna, sol):
    before = uids(sol.pods(data_client.NAME))

    eventually(lambda: shut_out(sol), ROTATION_SECONDS)
    counted = eventually(lambda: often(sol), ROTATION_SECONDS)

    assert {service: each["bad"] for service, each in counted.items() if each["bad"]} == {}
    assert uids(sol.pods(data_client.NAME)) == before
    eventually(lambda: sol.expect("DataReady", "True"))  # the next change may be under way


def test_namespace_with_data_to_keep_ends_when_it_is_deleted(sol, kube):
    assert lasting(sol)
    ref = Ref(NAMESPACE, "", sol.namespace)

    kube.delete(ref)

    eventually(lambda: nothing([each for each in [kube.get(ref)] if each]))
    eventually(lambda: nothing(volumes(kube, ref.name)))


def secret_of(system):
    return Ref(kinds.SECRET, system.namespace, f"{system.name}-postgresql")


def let_go(kube, ref, system):
    """Delete what was kept, with the word that takes it."""
    kube.patch(ref, {"metadata": {"annotations": {labels.DELETE_DATA: system}}})
    kube.delete(ref)


def password(secret):
    return base64.b64decode(secret["data"]["password"])


def everything(system):
    return system.children(*CHILD_KINDS, kinds.POD, kinds.SECRET)


def lasting(system):
    """Uid by kind and name of what belongs to the data, and not to the system."""
    return {
        (each["kind"], each["metadata"]["name"]): each["metadata"]["uid"]
        for each in everything(system)
        if labels.LINEAGE in each["metadata"]["labels"]
    }


def passing(system):
    """What must go with the system."""
    return [each for each in everything(system) if labels.LINEAGE not in each["metadata"]["labels"]]


def volumes(kube, namespace):
    """The volumes that hold data of the namespace."""
    found = kube.find(VOLUME)
    return [each for each in found if each["spec"]["claimRef"]["namespace"] == namespace]


def told(system, words):
    """Raises AssertionError until the refusal of the data says *words*."""
    seen = system.expect("DataReady", "False", "LineageMismatch")
    assert words in seen["message"], seen["message"]


def announced(system, message):
    """Raises AssertionError until an Event has told *message*."""
    said = [
        each["message"]
        for each in system.kube.find(EVENT, system.namespace)
        if each["involvedObject"]["name"] == system.name and each["reason"] == "LineageMismatch"
    ]
    assert any(each in message or message in each for each in said), f"Events say: {said}"


def connected(system):
    """Raises AssertionError until the client has reached everything."""
    counted = data_client.tally(system)
    assert all(each["good"] for each in counted.values()), counted


def shut_out(system):
    """What the client counted, once what it held first is refused everywhere."""
    counted = data_client.tally(system)
    for service, words in REFUSED.items():
        assert words in (counted[service]["first"] or ""), f"the old passwords hold: {counted}"
    return counted


def often(system):
    """What the client counted, once it is enough to tell that no connection fails."""
    counted = data_client.tally(system)
    assert min(each["good"] for each in counted.values()) > ENOUGH, f"too few: {counted}"
    return counted


def nothing(found):
    """Raises AssertionError while something is *found*."""
    names = [
        f"{each['kind']} {each['metadata']['name']}" if isinstance(each, dict) else str(each)
        for each in found
    ]
    assert not names, f"still there: {names}"
