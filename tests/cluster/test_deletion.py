"""A deleted system takes everything along, whichever way it is deleted; its namespace ends."""

import pytest

from arkalia_operator.desired import kinds
from cluster.namespaces import named, restricted
from cluster.systems import CHILD_KINDS, System, off_except, uids
from cluster.waiting import eventually

SECONDS = 60
"""Pods drain for some seconds and may take 30 to end; the garbage collector follows."""


@pytest.mark.parametrize("propagation", ["Foreground", "Background"])
def test_deleted_system_leaves_nothing_behind(kube, operator, namespace, audit, propagation):
    system = System(kube, namespace, propagation.lower())
    system.declare(modules=off_except("helloria")).ready()
    mark = audit.mark()

    kube.delete(system.ref, propagation)

    eventually(lambda: nothing(system), SECONDS)
    assert kube.get(system.ref) is None
    named_alike = [
        str(each)
        for each in audit.since(mark, namespace)
        if each.name.startswith(system.name) and not each.resource.endswith("/status")
    ]
    assert named_alike == []


def test_system_that_is_applied_again_while_it_is_still_going_is_ready(kube, operator, namespace):
    system = System(kube, namespace, "again")
    system.declare(modules=off_except("helloria")).ready()
    before = uids(system.children())

    kube.delete(system.ref)
    system.declare(modules=off_except("helloria"))

    system.ready()
    assert not uids(system.children()) & before


def test_namespace_with_a_system_ends_when_it_is_deleted(kube, operator):
    ref = named("ending_namespace")
    kube.create(restricted(ref))
    System(kube, ref.name, "luna").declare(modules=off_except("helloria")).ready()

    kube.delete(ref)

    eventually(lambda: ended(kube, ref), SECONDS)


def nothing(system):
    left = system.children(*CHILD_KINDS, kinds.POD)
    names = [f"{child['kind']} {child['metadata']['name']}" for child in left]
    assert not names, f"still there: {names}"


def ended(kube, ref):
    found = kube.get(ref)
    assert found is None, f"{ref} is still there: {(found or {}).get('status')}"
