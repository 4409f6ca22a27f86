"""A volume grows where its StorageClass allows it; what it cannot become is told, and costs nothing.

The development cluster's own class does not let volumes grow.
"""

import pytest

from arkalia_operator.desired import kinds
from cluster.kinds import STORAGE_CLASS, Ref
from cluster.kube import RefusedError
from cluster.systems import System, off_except
from cluster.waiting import eventually

READY_SECONDS = 180
"""A database starts, is prepared, and a schema moves."""
TOLD_SECONDS = 60


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system with a volume of one gibibyte."""
    modules = off_except("nyxalia")
    system = System(kube, namespace, "luna").declare(modules=modules, data=size("1Gi"))
    return system.ready(READY_SECONDS)


def size(quantity):
    return {"postgresql": {"storage": {"size": quantity}}}


def claim(system):
    return system.kube.require(
        Ref(kinds.PERSISTENT_VOLUME_CLAIM, system.namespace, "luna-postgresql")
    )


def test_volume_that_cannot_grow_is_told_and_its_server_serves_on(luna):
    before = [each["metadata"]["uid"] for each in luna.children(kinds.POD)]

    luna.change(data=size("2Gi"))

    found = eventually(
        lambda: luna.expect("DataReady", "False", "VolumeCannotChange"), TOLD_SECONDS
    )
    assert "luna-postgresql" in found["message"]
    assert "must support resize" in found["message"]
    luna.expect("ModulesReady", "True")
    running = [each["metadata"]["uid"] for each in luna.children(kinds.POD)]
    assert set(before) <= set(running)


def test_spec_of_a_volume_that_could_not_grow_may_go_back(luna):
    luna.change(data=size("1Gi"))

    luna.ready(TOLD_SECONDS)


def test_smaller_volume_is_refused_with_what_to_write(luna):
    with pytest.raises(RefusedError, match="a volume never shrinks: write the present size"):
        luna.change(data=size("512Mi"))


def test_volume_asks_for_more_once_its_class_allows_it(luna, kube):
    name = claim(luna)["spec"]["storageClassName"]
    ref = Ref(STORAGE_CLASS, "", name)
    kube.patch(ref, {"allowVolumeExpansion": True})
    try:
        luna.change(data=size("2Gi"))
        eventually(lambda: asks_for(luna, "2Gi"), TOLD_SECONDS)

        # The driver of the development cluster enlarges nothing: it stays at what it has.
        found = eventually(lambda: luna.expect("DataReady", "Unknown", "VolumeGrows"), TOLD_SECONDS)
    finally:
        kube.patch(ref, {"allowVolumeExpansion": None})
    assert "grows from 1Gi to 2Gi" in found["message"]


def asks_for(system, quantity):
    found = claim(system)["spec"]["resources"]["requests"]["storage"]
    assert found == quantity, found
