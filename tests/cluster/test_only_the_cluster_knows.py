"""What no schema can judge ends in a condition that says what to do, and in an Event.

Images that cannot be pulled, quotas, nodes, versions and modules are told of in
`tests/cluster/test_wrong_image.py`, `tests/cluster/test_pods_that_cannot_run.py` and
`tests/cluster/test_misunderstood_spec.py`; a missing StorageClass in
`tests/cluster/test_no_storage_class.py`.
"""

import pytest

from arkalia_operator.desired import kinds
from cluster import data_servers
from cluster.happenings import warned
from cluster.kinds import Ref
from cluster.kube import RefusedError
from cluster.namespaces import named, restricted
from cluster.systems import System, off_except, uids
from cluster.visitors import visitor
from cluster.waiting import eventually

LIMIT_RANGE = kinds.Kind("v1", "LimitRange", "limitranges")
POLICY = kinds.Kind(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    "validatingadmissionpolicies",
)
BINDING = kinds.Kind(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
)
REFUSED = "pods of this namespace have no variable FORBIDDEN: leave it out"


def variable(**source):
    """A podTemplate in which helloria has a variable from somewhere else."""
    env = [{"name": "WORD", "valueFrom": source}]
    return {"podTemplate": {"spec": {"containers": [{"name": "helloria", "env": env}]}}}


CAUSES = {
    "limit_range": (
        {"resources": {"limits": {"memory": "2Gi"}}},
        ("PodCannotBeCreated", "maximum memory usage per Container is 1Gi, but limit is 2Gi"),
    ),
    "admission_policy": (
        {"env": {"FORBIDDEN": "yes"}},
        ("PodCannotBeCreated", REFUSED),
    ),
    "missing_secret_of_a_pod": (
        variable(secretKeyRef={"name": "nobody", "key": "word"}),
        ("ContainerCannotStart", 'secret "nobody" not found'),
    ),
    "missing_key_of_a_pod": (
        variable(configMapKeyRef={"name": "kube-root-ca.crt", "key": "word"}),
        ("ContainerCannotStart", "couldn't find key word in ConfigMap"),
    ),
    "pod_security": (
        {"podTemplate": {"spec": {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}}},
        ("InvalidSpec", "spec.modules.helloria.podTemplate.spec.volumes[0].hostPath: volumes are"),
    ),
}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A Ready system of one pod, in a namespace with a LimitRange and an admission policy."""
    modules = off_except("helloria") | {"helloria": {"replicas": 1}}
    system = System(kube, namespace, "luna").declare(modules=modules).ready()
    limits = [{"type": "Container", "max": {"memory": "1Gi"}}]
    rules = [LIMIT_RANGE, Ref(POLICY, "", namespace), Ref(BINDING, "", namespace)]
    post(kube, LIMIT_RANGE, namespace, {"name": "small"}, limits=limits)
    post(kube, POLICY, "", {"name": namespace}, **policy())
    post(kube, BINDING, "", {"name": namespace}, **binding(namespace))
    eventually(lambda: is_in_force(kube, namespace))
    yield system
    for ref in rules[1:]:
        kube.delete(ref)


def post(kube, kind, namespace, metadata, **spec):
    """Create an object of a kind that no other story touches."""
    home = kind.path + (f"/namespaces/{namespace}" if namespace else "")
    head = {"apiVersion": kind.api_version, "kind": kind.name}
    answer = kube.http.post(
        f"{home}/{kind.plural}", json={**head, "metadata": metadata, "spec": spec}
    )
    assert answer.is_success, answer.text


def is_in_force(kube, namespace):
    """The API server learns of a policy some seconds after it took it."""
    pod = visitor(Ref(kinds.POD, namespace, "tried"), "example.com/any", "")
    pod["spec"]["containers"][0]["env"] = [{"name": "FORBIDDEN", "value": "yes"}]
    path = f"/api/v1/namespaces/{namespace}/pods"
    answer = kube.http.post(path, params={"dryRun": "All"}, json=pod)
    assert REFUSED in answer.text, answer.text


def policy():
    named = "c.env.all(e, e.name != 'FORBIDDEN')"
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["pods"],
                }
            ]
        },
        "validations": [
            {
                "expression": f"object.spec.containers.all(c, !has(c.env) || {named})",
                "message": REFUSED,
            }
        ],
    }


def binding(namespace):
    label = {"kubernetes.io/metadata.name": namespace}
    return {
        "policyName": namespace,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": label}},
    }


@pytest.mark.parametrize(("settings", "told"), CAUSES.values(), ids=CAUSES.keys())
def test_cause_is_told_with_an_event_and_costs_no_pod(luna, settings, told):
    reason, words = told
    before = uids(luna.pods())

    luna.change(modules={"helloria": settings})

    ready = eventually(lambda: luna.expect("Ready", "False", reason))
    assert words in ready["message"]
    luna.expect("Stalled", "True", reason)
    eventually(lambda: in_event(luna, reason, words))
    assert before <= uids(luna.pods())
    luna.change(modules={"helloria": dict.fromkeys(settings)})
    luna.ready()


def in_event(system, reason, words):
    message = warned(system, reason)
    assert words in message, message


def test_missing_secret_and_missing_keys_of_external_data_are_told(kube, operator, namespace):
    external = {"mode": "external", "secret": {"name": "named"}}
    modules = off_except("globalstate")
    roles = {role: {"secret": {"name": "named"}} for role in ("queue", "cache")}
    data = {"postgresql": external, "redis": {"mode": "external", **roles}}
    nova = System(kube, namespace, "nova").declare(modules=modules, data=data)

    ready = eventually(lambda: nova.expect("Ready", "False", "SecretMissing"))

    assert "Secret named does not exist: create it with the keys host, port" in ready["message"]
    eventually(lambda: in_event(nova, "SecretMissing", "Secret named does not exist"))
    assert nova.of_modules(kinds.POD) == []
    kube.create(data_servers.secret(Ref(kinds.SECRET, namespace, "named"), {"host": "db"}))
    told = eventually(lambda: nova.expect("DataReady", "False", "SecretInvalid"))
    assert "key password is missing or empty" in told["message"]
    eventually(lambda: in_event(nova, "SecretInvalid", "key port is missing"))
    kube.delete(nova.ref)


def test_cert_manager_that_is_not_there_is_told(kube, operator, namespace):
    tls = {"mode": "certManager", "issuerRef": {"name": "corporate"}}
    nova = System(kube, namespace, "stella")
    nova.declare(modules=off_except("helloria"), security={"tls": tls})

    told = eventually(lambda: nova.expect("IdentityReady", "False", "CannotIssue"))

    assert "install cert-manager, or write spec.security.tls.mode: builtin" in told["message"]
    eventually(lambda: in_event(nova, "CannotIssue", "install cert-manager"))
    kube.delete(nova.ref)


def test_several_mistakes_are_told_at_once(kube, operator, namespace):
    nova = System(kube, namespace, "vega")
    nova.declare(version="9.9.9", modules={**off_except(), "hellorya": {}})

    told = eventually(lambda: nova.expect("Accepted", "False", "VersionNotSupported"))

    assert "spec.version 9.9.9 is not known to this operator: write one of " in told["message"]
    assert "spec.modules.hellorya: no built-in module" in told["message"]
    assert "did you mean helloria?" in told["message"]
    eventually(lambda: in_event(nova, "VersionNotSupported", "hellorya"))
    kube.delete(nova.ref)


def test_namespace_that_ends_takes_no_system(kube, operator):
    own = named("that-ends")
    kube.create(restricted(own))
    held = {"name": "held", "namespace": own.name, "finalizers": ["arkalia.io/story"]}
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    kube.delete(own)
    try:
        with pytest.raises(RefusedError, match="because it is being terminated"):
            System(kube, own.name, "luna").declare()
    finally:
        kube.patch(Ref(kinds.CONFIG_MAP, own.name, "held"), {"metadata": {"finalizers": None}})
