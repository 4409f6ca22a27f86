"""A volume that no StorageClass makes is told with the field to write, and heals when one appears."""

import pytest

from arkalia_operator.desired.kinds import PERSISTENT_VOLUME_CLAIM
from cluster.happenings import warned
from cluster.kinds import STORAGE_CLASS, Ref
from cluster.systems import System, off_except
from cluster.waiting import eventually

pytestmark = pytest.mark.alone

DEFAULT = "storageclass.kubernetes.io/is-default-class"
FIELD = "spec.data.postgresql.storage.storageClassName"


@pytest.fixture(scope="module")
def without_default(kube):
    """The cluster's StorageClass is not its default any more; gives what makes it so again."""
    [found] = kube.find(STORAGE_CLASS)
    ref = Ref(STORAGE_CLASS, "", found["metadata"]["name"])

    def mark(value):
        kube.patch(ref, {"metadata": {"annotations": {DEFAULT: value}}})

    mark("false")
    yield lambda: mark("true")
    mark("true")


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, without_default):
    """A system whose modules need a volume."""
    modules = off_except("nyxalia")
    return System(kube, namespace, "luna").declare(modules=modules, deletionPolicy="Delete")


def test_missing_storage_class_is_told_with_the_field_to_write(luna):
    ready = eventually(lambda: luna.expect("Ready", "False", "StorageClassMissing"))

    assert "PersistentVolumeClaim luna-postgresql names no StorageClass" in ready["message"]
    assert FIELD in ready["message"]
    assert FIELD in eventually(lambda: warned(luna, "StorageClassMissing"))


def test_system_is_ready_when_there_is_a_default_again(luna, without_default):
    without_default()

    luna.ready()

    [claim] = luna.children(PERSISTENT_VOLUME_CLAIM)
    assert claim["status"]["phase"] == "Bound"
