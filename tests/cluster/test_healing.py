"""What somebody kills, deletes or changes comes back, and each repair is one write."""

from copy import deepcopy

import pytest

from arkalia_operator.desired import kinds
from cluster.kinds import Ref
from cluster.kube import STRATEGIC
from cluster.systems import MODULE_KINDS, System, off_except, uids
from cluster.waiting import eventually

CONTAINER = "helloria"


def container(**fields):
    """A change of the gateway's container, as a strategic merge patch."""
    return {"spec": {"template": {"spec": {"containers": [{"name": CONTAINER, **fields}]}}}}


EDITS = {
    "label_removed": (
        kinds.SERVICE,
        {"metadata": {"labels": {"app.kubernetes.io/part-of": None}}},
    ),
    "owner_removed": (
        kinds.CONFIG_MAP,
        {"metadata": {"ownerReferences": [{"$patch": "replace"}]}},
    ),
    "settings_changed": (kinds.CONFIG_MAP, {"data": {"settings.toml": "log_level = 'DEBUG'"}}),
    "port_lost_its_target": (
        kinds.SERVICE,
        {"spec": {"ports": [{"port": 8000, "targetPort": 81}]}},
    ),
    "selector_changed": (kinds.SERVICE, {"spec": {"selector": {"arkalia.io/module": "other"}}}),
    "token_mounted": (kinds.SERVICE_ACCOUNT, {"automountServiceAccountToken": True}),
    "variable_changed": (
        kinds.DEPLOYMENT,
        container(env=[{"name": "ARKALIA_ENV", "value": "changed"}]),
    ),
    "memory_limit_changed": (
        kinds.DEPLOYMENT,
        container(resources={"limits": {"memory": "300Mi"}}),
    ),
    "probe_changed": (kinds.DEPLOYMENT, container(readinessProbe={"periodSeconds": 9})),
    "autoscaler_maximum_changed": (kinds.HORIZONTAL_POD_AUTOSCALER, {"spec": {"maxReplicas": 9}}),
    "budget_changed": (kinds.POD_DISRUPTION_BUDGET, {"spec": {"maxUnavailable": 0}}),
    "policy_opened": (kinds.NETWORK_POLICY, {"spec": {"egress": [{}]}}),
}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system with an object of every kind: a budget takes two certain pods."""
    scaling = {"minReplicas": 2, "maxReplicas": 2}
    modules = off_except("helloria") | {"helloria": {"scaling": scaling}}
    return System(kube, namespace, "luna").declare(modules=modules).ready()


def test_system_has_an_object_of_every_kind(luna):
    assert {child["kind"] for child in luna.of_modules()} == {kind.name for kind in MODULE_KINDS}


@pytest.mark.parametrize("kind", MODULE_KINDS, ids=lambda kind: kind.name)
def test_deleted_child_comes_back(luna, kube, kind):
    ref = luna.child(kind)
    before = kube.require(ref)

    kube.delete(ref)

    after = eventually(lambda: another(kube, ref, before))
    assert wanted_part(after) == wanted_part(before)
    luna.ready()


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_edited_child_comes_back_with_one_write(luna, kube, audit, processed, edit):
    kind, change = edit
    ref = luna.child(kind)
    before = wanted_part(kube.require(ref))
    mark = audit.mark()

    edited = kube.patch(ref, change, STRATEGIC)

    assert wanted_part(edited) != before
    eventually(lambda: same(kube, ref, before))
    processed()
    address = f"{kind.plural} {ref.namespace}/{ref.name}"
    writes = [str(each) for each in audit.since(mark)]
    assert [each for each in writes if address in each] == [f"patch {address} (200)"]


def test_service_comes_back_when_an_editor_put_another_port_of_that_name_into_it(luna, kube):
    """Apply alone cannot: it keeps what others add to a list, and two ports share a name."""
    ref = luna.child(kinds.SERVICE)
    before = wanted_part(kube.require(ref))
    other = {"spec": {"ports": [{"$patch": "replace"}, {"name": "https", "port": 81}]}}

    edited = kube.patch(ref, other, STRATEGIC)

    assert [port["port"] for port in edited["spec"]["ports"]] == [81]
    eventually(lambda: same(kube, ref, before))
    luna.ready()


def test_killed_pod_is_replaced_and_the_operator_only_watches(luna, kube, audit):
    luna.ready()
    before = eventually(lambda: pods(luna, 2))
    mark = audit.mark()

    kube.delete(Ref.of(before[0]), gracePeriodSeconds=0)

    eventually(lambda: replaced(luna, before[0]))
    luna.ready()
    written = {each.resource for each in audit.since(mark, luna.namespace)}
    assert written <= {"arkaliasystems/status"}


def another(kube, ref, before):
    """The object that took the place of *before*."""
    now = kube.require(ref)
    assert now["metadata"]["uid"] != before["metadata"]["uid"], f"{ref} is the old one"
    return now


def same(kube, ref, wanted):
    now = wanted_part(kube.require(ref))
    assert now == wanted


def pods(system, count):
    """The gateway's pods, once there are *count*, all ready."""
    found = system.pods()
    ready = [pod for pod in found if is_ready(pod)]
    assert len(found) == len(ready) == count, f"{len(ready)} of {len(found)} pods are ready"
    return found


def replaced(system, gone):
    """Two ready pods, and *gone* is none of them."""
    assert gone["metadata"]["uid"] not in uids(pods(system, 2))


def is_ready(pod):
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def wanted_part(body):
    """An object without what the API server and the controllers write."""
    part = deepcopy(body)
    part.pop("status", None)
    metadata = part["metadata"]
    for field in ("uid", "creationTimestamp", "resourceVersion", "generation", "managedFields"):
        metadata.pop(field, None)
    metadata.pop("annotations", None)
    for field in ("clusterIP", "clusterIPs", "replicas"):
        part.get("spec", {}).pop(field, None)
    return part
