"""A deleted system takes everything along, whichever way it is deleted; its namespace ends."""

import pytest

from arkalia_operator.desired import kinds
from arkalia_operator.planning.records import owner_uid
from cluster.namespaces import named, restricted
from cluster.systems import CHILD_KINDS, GATEWAY, System
from cluster.waiting import eventually


@pytest.mark.parametrize("propagation", ["Foreground", "Background"])
def test_deleted_system_leaves_nothing_behind(kube, namespace, audit, processed, propagation):
    system = System(kube, namespace, propagation.lower())
    system.declare(modules=GATEWAY).ready()
    mark = audit.mark()

    kube.delete(system.ref, propagation)

    processed()
    eventually(lambda: nothing(system))
    assert kube.get(system.ref) is None
    assert made_anew(audit.since(mark, namespace), system) == []


def test_system_that_is_applied_again_while_it_is_still_going_is_ready(kube, operator, namespace):
    system = System(kube, namespace, "again")
    system.declare(modules=GATEWAY).ready()

    kube.delete(system.ref)
    system.declare(modules=GATEWAY)

    system.ready()
    # What the garbage collector has not come to yet is taken over, and so it stays.
    uid = kube.require(system.ref)["metadata"]["uid"]
    assert {owner_uid(each["metadata"]) for each in system.children()} == {uid}


def test_namespace_with_a_system_ends_when_it_is_deleted(kube, operator):
    ref = named("ending_namespace")
    kube.create(restricted(ref))
    System(kube, ref.name, "luna").declare(modules=GATEWAY).ready()

    kube.delete(ref)

    eventually(lambda: ended(kube, ref))


def made_anew(written, system):
    """The writes to the system's children: their end is no reason to create them again."""
    children = [each for each in written if "/" not in each.resource]
    return [str(each) for each in children if each.name.startswith(system.name)]


def nothing(system):
    left = system.children(*CHILD_KINDS, kinds.POD)
    names = [f"{child['kind']} {child['metadata']['name']}" for child in left]
    assert not names, f"still there: {names}"


def ended(kube, ref):
    found = kube.get(ref)
    assert found is None, f"{ref} is still there: {(found or {}).get('status')}"
