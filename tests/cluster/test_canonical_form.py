"""What the operator writes comes back as it was written: else it would write for ever.

Everything that can be rendered is applied to the real API server, read back, and what the operator
owns of it compared with what was sent. It is an API server of the story's own, without nodes and
without an operator (`cluster.stand_ins`).
"""

from functools import partial

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from applied_objects import fields_v1
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.cluster.client import BUILT_IN, encoded
from arkalia_operator.desired import desired_state, kinds
from arkalia_operator.planning.ownership import FIELD_MANAGER, fingerprint, owned
from builders import a_component, a_module, modules_with
from cluster.development import definitions
from cluster.kinds import SYSTEM, Ref
from cluster.kube import APPLY, Kube, RefusedError
from cluster.systems import System
from cluster.waiting import eventually
from random_specs import AVAILABLE, SPECS

MONITORING = (kinds.SERVICE_MONITOR, kinds.PROMETHEUS_RULE)
GATEWAYS = (kinds.HTTP_ROUTE, kinds.BACKEND_TLS_POLICY)
MISTYPED = (
    (kinds.CONFIG_MAP, "somewhere"),
    (kinds.SERVICE_ACCOUNT, "somewhere"),
    (kinds.SECRET, "somewhere"),
    (kinds.SERVICE, "spec"),
    (kinds.PERSISTENT_VOLUME_CLAIM, "spec"),
    (kinds.NETWORK_POLICY, "spec"),
    (kinds.INGRESS, "spec"),
    (kinds.STATEFUL_SET, "spec"),
    (kinds.DEPLOYMENT, "spec"),
    (kinds.JOB, "spec"),
    (kinds.POD_DISRUPTION_BUDGET, "spec"),
    (kinds.HORIZONTAL_POD_AUTOSCALER, "spec"),
)
"""Built-in kinds, and where in each a mistyped field is put."""

ODD_TEMPLATE = {
    "metadata": {"labels": {"team": ""}, "annotations": {"example.com/note": ""}},
    "spec": {
        "hostNetwork": False,
        "shareProcessNamespace": False,
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
        "initContainers": [{"name": "z", "image": "z:1"}, {"name": "a", "image": "a:1"}],
        "containers": [
            {
                "name": "alpha",
                "stdin": False,
                "args": [],
                "workingDir": "",
                "env": [
                    {"name": "EMPTY", "value": ""},
                    {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                    {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                ],
                "resources": {"limits": {"cpu": 2, "memory": "2048Mi"}},
                "volumeMounts": [{"name": "all", "mountPath": "/all", "readOnly": False}],
            },
            {
                "name": "proxy",
                "image": "proxy:1",
                "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}],
                "resources": {},
                "livenessProbe": {"tcpSocket": {"port": 53}},
                "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
            },
        ],
        "volumes": [
            {"name": "scratch", "emptyDir": {"sizeLimit": "1.5Gi"}},
            {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1024Mi"}},
            {"name": "none", "emptyDir": {}},
            {
                "name": "all",
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "token"}},
                        {"downwardAPI": {"items": [
                            {"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                        {"secret": {"name": "s", "optional": True}},
                    ]
                },
            },
            {
                "name": "claimed",
                "ephemeral": {"volumeClaimTemplate": {"spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1024Mi"}}}}},
            },
        ],
    },
}  # fmt: skip

ODD_PLACEMENT = {
    "nodeSelector": {"gpu": ""},
    "tolerations": [
        {"key": "", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
        {"key": "gpu", "value": ""},
    ],
    "affinity": {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": {"matchExpressions": [
                    {"key": "gpu", "operator": "Exists", "values": []}]}},
            ]
        },
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "zone", "namespaces": [], "labelSelector": {"matchLabels": {}}},
            ]
        },
    },
}  # fmt: skip

MODULE = a_module(
    components=[
        a_component(replicas=2),
        a_component("worker"),
        a_component("clock", singleton=True),
    ],
    public=True,
    routes=[{"path": "/"}],
    monitoring={
        "rules": [{"record": "r", "expr": "1", "labels": {}}, {"alert": "A", "expr": "up == 0"}],
        "dashboard": {"title": "$(module)", "panels": []},
    },
)

SITUATIONS = {
    "nothing said": {},
    "scaled": {"modules": {"alpha": {"scaling": {"minReplicas": 2, "maxReplicas": 9}}}},
    "no pods": {"modules": {"alpha": {"replicas": 0}}},
    "odd quantities": {
        "modules": {
            "alpha": {
                "resources": {
                    "requests": {"cpu": "0.50", "memory": "1.500Gi", "ephemeral-storage": "1e6"},
                    "limits": {"cpu": "1.500", "memory": "2048Mi", "ephemeral-storage": "+2048k"},
                }
            }
        }
    },
    "empty variable": {"modules": {"alpha": {"env": {"EMPTY": "", "FULL": "$(EMPTY)"}}}},
    "odd characters": {
        "modules": {"alpha": {"env": {"ODD": "\x07\x7f\x85\u2028\ufffe😀"}, "config": {"odd": "\x9f\u2029"}}}
    },
    "big config": {"modules": {"alpha": {"config": {"lines": ["x" * 1000] * 500}}}},
    "odd placement": {"placement": ODD_PLACEMENT},
    "podTemplate": {"modules": {"alpha": {"podTemplate": ODD_TEMPLATE}}},
    "init containers the other way round": {
        "modules": {"alpha": {"podTemplate": {"spec": {"initContainers": [
            {"name": "a", "image": "a:1"}, {"name": "z", "image": "z:1"}]}}}}
    },
    "images": {
        "images": {
            "pullSecrets": ["b", "a"],
            "pullPolicy": "Never",
            "digests": {"alpha": f"sha256:{'0' * 64}"},
        }
    },
    "world outside": {
        "network": {
            "proxy": {"http": "http://proxy:3128", "noProxy": ["10.0.0.0/8"]},
            "caBundle": {"configMap": "corporate"},
            "trustedProxies": ["10.0.0.0/8"],
        },
        "monitoring": {"tracing": {"endpoint": "http://collector:4318"}},
    },
    "ingress": {
        "exposure": {
            "host": "a.example.com",
            "ingress": {
                "className": "c",
                "annotations": {"a": "", "b.example.com/c": "d"},
                "tls": {"secretName": "s"},
            },
        }
    },
    "peers": {
        "security": {
            "networkPolicies": {
                "ingressFrom": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": []}}],
                "monitoringFrom": [{"namespaceSelector": {"matchLabels": {}}, "podSelector": {}}],
                "egressTo": [{"podSelector": {"matchExpressions": [
                    {"key": "a", "operator": "Exists", "values": []}]}}],
            }
        }
    },
}  # fmt: skip
"""Each is applied over the one before it, so what it does not say any more has to go, too."""


class Writer:
    """Writes as the operator, on behalf of a system that it leaves alone."""

    def __init__(self, kube: Kube, body):
        self.kube = kube
        self.body = body

    def render(self, spec, available):
        metadata = self.body["metadata"]
        system = ArkaliaSystem.from_body({"metadata": metadata, "spec": spec})
        return desired_state(system, available).manifests

    def written(self, manifest):
        """The object as it is stored, after *manifest* was applied. Raises RefusedError."""
        ref = Ref.of(manifest)
        answer = self.kube.http.patch(
            ref.path,
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            headers={"Content-Type": APPLY},
            content=encoded(manifest),
        )
        if answer.is_error:
            raise RefusedError(answer.status_code, answer.json()["message"])
        return self.kube.require(ref)


@pytest.fixture(scope="module")
def writer(own, own_namespace):
    """A system that no operator looks after."""
    System(own, own_namespace, "luna").declare()
    return Writer(own, own.require(Ref(SYSTEM, own_namespace, "luna")))


def differences(sent, back, place=""):
    """Where what came back is not what was sent; what says nothing may be said in any way."""
    if isinstance(sent, dict) and isinstance(back, dict):
        for name in sorted(sent.keys() | back.keys()):
            if (name in sent) != (name in back):
                yield f"{place}.{name}: {'lost' if name in sent else 'added'}"
            else:
                yield from differences(sent[name], back[name], f"{place}.{name}")
    elif isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        for index, (one, other) in enumerate(zip(sent, back, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif (sent or None) != (back or None):
        yield f"{place}: {sent!r} became {back!r}"


def body_of(manifest):
    """*manifest* without its identity, which is not owned."""
    body = {name: each for name, each in manifest.items() if name not in ("apiVersion", "kind")}
    metadata = body["metadata"]
    body["metadata"] = {name: metadata[name] for name in ("labels", "ownerReferences")}
    return body


def changed(manifest, live):
    """What the API server made of *manifest* otherwise than it was written."""
    if fingerprint(owned(live)) == fingerprint(manifest):
        return []
    found = list(differences(body_of(manifest), owned(live)))
    return [f"{Ref.of(manifest)}: {each}" for each in found or ["the order of a list"]]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_object_comes_back_as_it_was_written(situation, writer):
    manifests = [
        each
        for each in writer.render(SITUATIONS[situation], modules_with(MODULE))
        if not kinds.BY_NAME[each["kind"]].optional
    ]

    found = [line for each in manifests for line in changed(each, writer.written(each))]

    assert found == []
    assert {"Deployment", "NetworkPolicy", "Service"} <= {each["kind"] for each in manifests}


def test_monitoring_object_comes_back_as_it_was_written(writer, monitoring):
    manifests = [
        each
        for each in writer.render({"monitoring": {"labels": {"a": ""}}}, modules_with(MODULE))
        if kinds.BY_NAME[each["kind"]] in MONITORING
    ]

    found = [line for each in manifests for line in changed(each, writer.written(each))]

    assert found == []
    assert len(manifests) == len(MONITORING)


def test_route_comes_back_as_it_was_written(writer, gateway_api):
    parents = [{"name": "edge"}, {"name": "b", "namespace": "c", "sectionName": "d", "port": 443}]
    spec = {"exposure": {"host": "a.example.com", "gateway": {"parentRefs": parents}}}
    door = a_module("alpha", public=True, components=[a_component(scheme="HTTPS")])
    manifests = [
        each
        for each in writer.render(spec, modules_with(door))
        if kinds.BY_NAME[each["kind"]] in GATEWAYS
    ]

    found = [line for each in manifests for line in changed(each, writer.written(each))]

    assert found == []
    assert len(manifests) == len(GATEWAYS)


@pytest.fixture
def monitoring(own):
    """The kinds of the Prometheus operator, as its own release has them."""
    yield from served(own, "prometheus-operator", MONITORING)


@pytest.fixture
def gateway_api(own):
    """The kinds of the Gateway API, as its own release has them."""
    yield from served(own, "gateway-api", GATEWAYS)


def served(kube, release, wanted_kinds):
    """Let the API server serve the kinds of a *release* of others, for a while."""
    folder = definitions(release)
    names = [f"{kind.api_version.partition('/')[0]}_{kind.plural}.yaml" for kind in wanted_kinds]
    files = [folder / each for each in names]
    wanted = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    for definition in wanted:
        kube.apply(definition)
    for definition in wanted:
        eventually(partial(kube.established, Ref.of(definition)))
    yield
    for definition in wanted:
        kube.delete(Ref.of(definition))


@settings(
    max_examples=4,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(SPECS, AVAILABLE)
def test_anything_that_the_api_server_takes_comes_back_as_it_was_written(writer, spec, available):
    found = []
    for manifest in writer.render(spec | {"version": "0.1.0"}, available):
        if not kinds.BY_NAME[manifest["kind"]].optional:
            found += written_or_refused(writer, manifest)

    assert found == []


def written_or_refused(writer, manifest):
    """A random podTemplate may ask for what no pod can have, and a random range may leave out what is
    not in it; both are reasons in status."""
    try:
        return changed(manifest, writer.written(manifest))
    except RefusedError as refusal:
        text = f"{Ref.of(manifest)}: {refusal}"
        meaningless = manifest["kind"] == "Deployment" or "strict subset of `cidr`" in text
        return [] if refusal.status == 422 and meaningless else [text]


def test_model_of_server_side_apply_records_the_same_owners(writer):
    for manifest in writer.render({}, modules_with(MODULE)):
        if kinds.BY_NAME[manifest["kind"]].optional:
            continue
        [entry] = [
            each
            for each in writer.written(manifest)["metadata"]["managedFields"]
            if each["manager"] == FIELD_MANAGER
        ]

        assert fields_v1(body_of(manifest)) == entry["fieldsV1"], manifest["kind"]


@pytest.mark.parametrize(("kind", "at"), MISTYPED, ids=lambda each: getattr(each, "name", each))
def test_mistyped_field_of_a_built_in_kind_is_refused_without_strict_validation(
    own, own_namespace, kind, at
):
    """The operator does not ask for strict validation there: it would double what an apply costs."""
    metadata = {"name": "mistyped", "namespace": own_namespace}
    manifest = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    ignoring = {"fieldManager": "story", "fieldValidation": "Ignore", "dryRun": "All"}

    answer = own.http.patch(
        Ref(kind, own_namespace, "mistyped").path,
        params=ignoring,
        headers={"Content-Type": APPLY},
        json={**manifest, at: {"mistyped": "1"}},
    )

    assert "field not declared in schema" in answer.json()["message"]


def test_every_version_that_needs_no_strict_validation_was_tried():
    assert {kind.api_version for kind, _ in MISTYPED} == BUILT_IN
