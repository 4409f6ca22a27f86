"""A way in from outside follows the spec, the Gateway API follows its CRDs, and their words are told.

The story does what an ingress controller and a Gateway do: they write into status. None of them runs
here, and the definitions are those of the Gateway API's own release. They come and go, so the API
server is one of the story's own, without nodes (`cluster.stand_ins`).
"""

import pytest
import yaml

from arkalia_operator.desired import kinds
from cluster.development import definitions
from cluster.kinds import DEFINITION, Ref
from cluster.kube import MERGE
from cluster.systems import System, off_except
from cluster.waiting import eventually

GATEWAY_API = (kinds.HTTP_ROUTE, kinds.BACKEND_TLS_POLICY)
GROUP = "gateway.networking.k8s.io"
WAYS_IN = (kinds.INGRESS, *GATEWAY_API)
SECONDS = 30
HOST = "ai.example.com"
EXPOSURE = {
    "host": HOST,
    "ingress": {"className": "public", "annotations": {"example.com/backend": "https"}},
    "gateway": {"parentRefs": [{"name": "public", "namespace": "gateways"}]},
}


def definition_of(kind):
    path = definitions("gateway-api") / f"{GROUP}_{kind.plural}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def luna(own, own_operator, own_namespace):
    """A system with both ways in, on a cluster without the Gateway API."""
    return System(own, own_namespace, "luna").declare(
        modules=off_except("helloria"), exposure=EXPOSURE
    )


@pytest.fixture(scope="module")
def served(own, luna):
    """The Gateway API is installed."""
    for kind in GATEWAY_API:
        own.apply(definition_of(kind))
    yield
    for kind in GATEWAY_API:
        ref = Ref(DEFINITION, "", f"{kind.plural}.{GROUP}")
        if own.get(ref):
            own.delete(ref)


def way_in(system, kind):
    return Ref(kind, system.namespace, system.name)


def say(system, kind, **status):
    """Write *status* as a controller of somebody else does."""
    answer = system.kube.http.patch(
        f"{way_in(system, kind).path}/status",
        headers={"Content-Type": MERGE},
        json={"status": status},
    )
    answer.raise_for_status()


def gateway_says(system, status, reason, message):
    route = system.kube.require(way_in(system, kinds.HTTP_ROUTE))
    condition = {
        "type": "Accepted",
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": route["metadata"]["generation"],
        "lastTransitionTime": "2026-11-25T12:00:00Z",
    }
    [parent] = route["spec"]["parentRefs"]
    said = {"parentRef": parent, "controllerName": f"{GROUP}/story", "conditions": [condition]}
    say(system, kinds.HTTP_ROUTE, parents=[said])


def test_gateway_api_that_is_not_installed_is_asked_for_and_the_ingress_is_there(luna, own):
    found = eventually(lambda: luna.expect("ExposureReady", "False", "KindNotServed"))

    assert "install the Gateway API" in found["message"]
    ingress = eventually(lambda: own.require(way_in(luna, kinds.INGRESS)), SECONDS)
    [rule] = ingress["spec"]["rules"]
    [path] = rule["http"]["paths"]
    assert path["backend"]["service"]["name"] == "luna-helloria"
    assert ingress["metadata"]["annotations"] == {"example.com/backend": "https"}


def test_route_and_trust_follow_when_the_gateway_api_is_served(luna, own, served):
    route, policy = eventually(
        lambda: [own.require(way_in(luna, kind)) for kind in GATEWAY_API], SECONDS
    )

    [rule] = route["spec"]["rules"]
    assert [each["name"] for each in rule["backendRefs"]] == ["luna-helloria"]
    [trusted] = policy["spec"]["validation"]["caCertificateRefs"]
    assert "ca.crt" in own.require(Ref(kinds.CONFIG_MAP, luna.namespace, trusted["name"]))["data"]


def test_system_is_ready_while_controllers_say_nothing(luna, served):
    luna.ready()

    luna.expect("ExposureReady", "Unknown", "ExposurePending")


def test_way_in_that_controllers_have_taken_is_told(luna, served):
    say(luna, kinds.INGRESS, loadBalancer={"ingress": [{"ip": "203.0.113.9"}]})
    gateway_says(luna, "True", "Accepted", "")

    found = eventually(lambda: luna.expect("ExposureReady", "True", "Exposed"), SECONDS)

    assert found["message"] == f"{HOST} leads to helloria, at 203.0.113.9."


def test_refusal_of_a_gateway_is_told_in_its_words_and_heals(luna, served):
    gateway_says(luna, "False", "NotAllowedByListeners", "no routes of this namespace")

    found = eventually(lambda: luna.expect("Ready", "False", "ExposureRefused"), SECONDS)
    assert "public: NotAllowedByListeners: no routes of this namespace" in found["message"]
    gateway_says(luna, "True", "Accepted", "")

    luna.ready(SECONDS)


def test_way_in_follows_the_spec(luna, own, served):
    luna.change(exposure={"host": "chat.example.com"})

    def followed():
        ingress = own.require(way_in(luna, kinds.INGRESS))
        route = own.require(way_in(luna, kinds.HTTP_ROUTE))
        assert ingress["spec"]["rules"][0]["host"] == "chat.example.com"
        assert route["spec"]["hostnames"] == ["chat.example.com"]

    eventually(followed, SECONDS)


def test_way_in_that_somebody_deletes_comes_back(luna, own, served):
    before = own.require(way_in(luna, kinds.INGRESS))

    own.delete(way_in(luna, kinds.INGRESS))

    def anew():
        now = own.require(way_in(luna, kinds.INGRESS))
        assert now["metadata"]["uid"] != before["metadata"]["uid"]

    eventually(anew, SECONDS)


def test_way_in_that_is_not_wanted_any_more_is_gone(luna, own, served):
    luna.change(exposure=None)

    def gone():
        left = [kind.name for kind in WAYS_IN if own.get(way_in(luna, kind))]
        assert left == []

    eventually(gone, SECONDS)
    eventually(lambda: luna.expect("ExposureReady", "True", "NotExposed"), SECONDS)
