"""What others put into a system's objects is theirs: it stays, and costs no write, also at a restart.

An API server without nodes (`cluster.stand_ins`) on which a MutatingAdmissionPolicy puts a sidecar
into every Deployment, as a mesh does, while controllers of others write beside the operator
(`cluster.foreigners`). The audit log of this API server holds Events too: none is written either.
"""

import pytest

from arkalia_operator.desired import kinds
from cluster.audit import AuditLog
from cluster.foreigners import at_work
from cluster.happenings import told
from cluster.kube import Kube
from cluster.replaceable import USER, replaceable
from cluster.stand_ins import cluster
from cluster.systems import System, off_except
from cluster.waiting import eventually

NAMESPACE = "injected"
MODULES = off_except("helloria") | {"helloria": {"scaling": {"minReplicas": 2, "maxReplicas": 4}}}
HEAD = {"apiVersion": "admissionregistration.k8s.io/v1"}
RECONCILES = "controller_runtime_reconcile_total"
ENOUGH = 5
"""Reconciles of a new operator: controllers of others ask for them by what they write."""
DEPLOYMENTS = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}
SIDECAR = """
Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [
  Object.spec.template.spec.containers{name: "mesh", image: "mesh.example.com/proxy:1"}
]}}}}
"""
MIRROR = """
object.spec.template.spec.containers[0].image.startsWith("mirror.example.com/") ? [] : [JSONPatch{
  op: "replace", path: "/spec/template/spec/containers/0/image",
  value: "mirror.example.com/" + object.spec.template.spec.containers[0].image
}]
"""
MUTATIONS = {
    "mesh": {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": SIDECAR}},
    "mirror": {"patchType": "JSONPatch", "jsonPatch": {"expression": MIRROR}},
}
NAMESPACES = {"mesh": NAMESPACE, "mirror": "mirrored"}


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """The API server without nodes, with the policies in force."""
    kube = Kube(str(plane.kubeconfig("person")))
    for name, namespace in NAMESPACES.items():
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        impose(kube, name)
    yield kube
    kube.close()


def impose(kube, name):
    """Have the API server change every Deployment of the namespace that *name* is for."""
    path = "/apis/admissionregistration.k8s.io/v1"
    rules = {"matchConstraints": {"resourceRules": [DEPLOYMENTS]}, "mutations": [MUTATIONS[name]]}
    spec = {**rules, "reinvocationPolicy": "Never", "failurePolicy": "Fail"}
    selector = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACES[name]}}
    binding = {"policyName": name, "matchResources": {"namespaceSelector": selector}}
    for plural, kind, body in (
        ("mutatingadmissionpolicies", "MutatingAdmissionPolicy", spec),
        ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", binding),
    ):
        made = {**HEAD, "kind": kind, "metadata": {"name": name}, "spec": body}
        answer = kube.http.post(f"{path}/{plural}", json=made)
        assert answer.is_success, answer.text
    eventually(lambda: is_in_force(kube, NAMESPACES[name]))


def is_in_force(kube, namespace):
    """Raises AssertionError while the API server makes a Deployment as it is asked to."""
    labels = {"app": "probe"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    asked = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": "probe"},
        "spec": {"selector": {"matchLabels": labels}, "template": pod},
    }
    path = kinds.DEPLOYMENT.path + f"/namespaces/{namespace}/deployments"
    answer = kube.http.post(path, params={"dryRun": "All"}, json=asked)
    assert answer.is_success, answer.text
    images = [each["image"] for each in containers(answer.json())]
    assert images != ["b"], "the policy is not in force yet"


def containers(deployment):
    return deployment["spec"]["template"]["spec"]["containers"]


@pytest.fixture(scope="module")
def process(plane, own):
    with replaceable(plane) as process:
        yield process


@pytest.fixture(scope="module")
def trail(plane):
    """What the operator wrote."""
    return AuditLog(plane.audit, USER)


@pytest.fixture(scope="module")
def luna(own, process):
    """A Ready system with a sidecar of somebody else's in every Deployment, and its Event too."""
    system = System(own, NAMESPACE, "luna").declare(modules=MODULES).ready()
    eventually(lambda: is_told(system))
    return system


@pytest.fixture(scope="module")
def sol(own, process):
    """A Ready system whose images others replace."""
    return System(own, NAMESPACES["mirror"], "sol").declare(modules=MODULES).ready()


def is_told(system):
    """Raises AssertionError until an Event says that *system* is ready: it comes after the status."""
    assert told(system, "SystemReady")


def has_looked(process):
    """Raises AssertionError until this operator has reconciled often enough."""
    figures = process.figures().items()
    done = sum(value for name, value in figures if name.startswith(RECONCILES))
    assert done >= ENOUGH, f"{done} reconciles"


def test_sidecar_that_a_policy_injects_stays_and_costs_no_write(luna, process, trail):
    deployment = luna.kube.require(luna.child(kinds.DEPLOYMENT))
    mark = trail.mark()

    with at_work(luna.kube, luna) as work:
        eventually(work.by_everybody)

    assert [str(each) for each in trail.since(mark, NAMESPACE)] == []
    assert "mesh" in [each["name"] for each in containers(deployment)]


def test_operator_that_starts_anew_writes_nothing_beside_them(luna, process, trail):
    before = luna.kube.require(luna.ref)["status"]
    mark = trail.mark()

    with at_work(luna.kube, luna) as work:
        for _ in range(2):
            process.replace()
            eventually(lambda: has_looked(process))
        eventually(work.by_everybody)

    assert [str(each) for each in trail.since(mark, NAMESPACE)] == []
    assert luna.kube.require(luna.ref)["status"] == before


def test_what_others_wrote_is_still_there(luna):
    settings = luna.kube.require(luna.child(kinds.CONFIG_MAP))
    account = luna.kube.require(luna.child(kinds.SERVICE_ACCOUNT))
    service = luna.kube.require(luna.child(kinds.SERVICE))

    assert {"injected.crt", "settings.toml"} <= settings["data"].keys()
    assert account["imagePullSecrets"]
    assert "policy.example.com/seen" in service["metadata"]["labels"]


def test_change_of_the_spec_leaves_what_others_added(luna):
    luna.change(environment="staging")

    luna.ready()
    deployment = luna.kube.require(luna.child(kinds.DEPLOYMENT))
    assert [each["name"] for each in containers(deployment)] == ["helloria", "mesh"]
    assert "injected.crt" in luna.kube.require(luna.child(kinds.CONFIG_MAP))["data"]


def test_image_that_a_policy_replaces_is_no_drift(sol, trail):
    deployment = sol.kube.require(sol.child(kinds.DEPLOYMENT))
    mark = trail.mark()

    with at_work(sol.kube, sol) as work:
        eventually(work.by_everybody)

    assert containers(deployment)[0]["image"].startswith("mirror.example.com/")
    assert [str(each) for each in trail.since(mark, sol.namespace)] == []


def test_operator_that_starts_anew_asks_once_for_an_image_that_is_replaced(sol, process, trail):
    ref = sol.child(kinds.DEPLOYMENT)
    before, mark = sol.kube.require(ref)["spec"], trail.mark()

    process.replace()

    with at_work(sol.kube, sol) as work:
        eventually(lambda: has_looked(process))
        eventually(work.by_everybody)
    written = [str(each) for each in trail.since(mark, sol.namespace)]
    assert written == [f"patch deployments {ref.namespace}/{ref.name} (200)"]
    assert sol.kube.require(ref)["spec"] == before
