"""What `make up` promises beside the operator: names, measurements and volumes that work."""

import json

import pytest

from arkalia_operator.desired.kinds import POD
from cluster.kinds import CLAIM, NODE, NODE_METRICS, STORAGE_CLASS, Ref
from cluster.kube import Kube
from cluster.visitors import output_of, visitor
from cluster.waiting import eventually

DEFAULT = "storageclass.kubernetes.io/is-default-class"
RESOLVE_AND_STORE = """
import json, pathlib, socket
names = ["kubernetes.default", "kubernetes.default.svc.cluster.local"]
found = {name: socket.getaddrinfo(name, 443)[0][4][0] for name in names}
pathlib.Path("/data/written").write_text("by a pod without rights")
print(json.dumps({"names": found, "stored": pathlib.Path("/data/written").read_text()}))
"""


@pytest.fixture(scope="module")
def visit(kube, operator, namespace, service_image):
    """What a restricted pod with a claimed volume found out."""
    claim = Ref(CLAIM, namespace, "data")
    kube.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": claim.name, "namespace": namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Mi"}},
            },
        }
    )
    pod = visitor(Ref(POD, namespace, "visitor"), service_image, RESOLVE_AND_STORE)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim.name}}
    pod["spec"]["volumes"] = [volume]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    return json.loads(output_of(kube, pod))


@pytest.fixture(scope="module")
def service_image(kube: Kube, operator):
    """An image with Python that is on every node: the operator's."""
    return operator.pod()["spec"]["containers"][0]["image"]


def test_pod_resolves_the_names_of_services(visit, kube):
    address = kube.http.get("/api/v1/namespaces/default/services/kubernetes").json()

    assert set(visit["names"].values()) == {address["spec"]["clusterIP"]}


def test_restricted_pod_writes_into_a_volume_of_the_default_storage_class(visit, kube, namespace):
    claim = kube.require(Ref(CLAIM, namespace, "data"))

    assert visit["stored"] == "by a pod without rights"
    assert claim["status"]["phase"] == "Bound"
    assert claim["spec"]["storageClassName"] in default_classes(kube)


def test_one_storage_class_is_the_default(kube):
    assert len(default_classes(kube)) == 1


def test_every_node_is_measured(kube):
    nodes = {node["metadata"]["name"] for node in kube.find(NODE)}

    measured = eventually(lambda: measurements(kube, nodes))

    assert all(usage["cpu"] and usage["memory"] for usage in measured.values())


def default_classes(kube):
    return [
        each["metadata"]["name"]
        for each in kube.find(STORAGE_CLASS)
        if each["metadata"].get("annotations", {}).get(DEFAULT) == "true"
    ]


def measurements(kube, nodes):
    """What each node uses. Raises AssertionError while one is missing."""
    found = {each["metadata"]["name"]: each["usage"] for each in kube.find(NODE_METRICS)}
    assert found.keys() == nodes, f"measured are {sorted(found)}"
    return found
