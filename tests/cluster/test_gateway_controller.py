"""A real Gateway before the edge: Traefik serves the HTTPRoute, and trusts by the BackendTLSPolicy.

The Gateway API comes and goes for everybody, so the story needs the cluster to itself.
"""

import secrets
from contextlib import contextmanager
from functools import partial

import pytest
import yaml

from arkalia_operator.desired.kinds import HTTP_ROUTE
from cluster import reach, shown_outside
from cluster.development import definitions
from cluster.kinds import DEFINITION, Ref
from cluster.systems import GATEWAY, System
from cluster.traefik import ISSUER, TOLD_OUTSIDE, address_here, traefik
from cluster.waiting import eventually

pytestmark = [pytest.mark.alone, pytest.mark.soak]

HOST = "ai.example.com"
SHOWN = "ai-example-com"
GATEWAYS = "gateway.networking.k8s.io/v1"
PAGE = "/docs"
ADDRESS = "127.0.0.3"


@pytest.fixture(scope="module")
def served(kube):
    """The Gateway API, as the release has it that Traefik is made for."""
    files = sorted(definitions("gateway-api-of-traefik").glob("gateway.*.yaml"))
    read = (each for file in files for each in yaml.safe_load_all(file.read_text("utf-8")))
    wanted = [each for each in read if each and each["kind"] == DEFINITION.name]
    refs = [Ref.of(each) for each in wanted]
    try:
        for each in wanted:
            kube.apply(each)
        for ref in refs:
            eventually(partial(kube.established, ref))
        yield
    finally:
        for ref in refs:
            kube.delete(ref)


@pytest.fixture(scope="module")
def certificate(kube, namespace, tmp_path_factory):
    """That of the name outside; its PEM."""
    data, pem = shown_outside.new(tmp_path_factory.mktemp("certificate"), HOST)
    kube.apply(shown_outside.secret(namespace, SHOWN, data))
    return pem


@contextmanager
def gateway_class(kube, name):
    """A class of Gateways that Traefik serves."""
    head = {"apiVersion": GATEWAYS, "kind": "GatewayClass", "metadata": {"name": name}}
    collection = f"/apis/{GATEWAYS}/gatewayclasses"
    kube.http.post(collection, json={**head, "spec": {"controllerName": ISSUER}}).raise_for_status()
    try:
        yield
    finally:
        kube.http.delete(f"{collection}/{name}")


@pytest.fixture(scope="module")
def controller(kube, namespace, served, certificate, tmp_path_factory):
    """Traefik, and a Gateway of it, called `public`."""
    if not reach.has_route(kube):
        pytest.skip("only a machine with a route into the cluster can be its Gateway")
    name = f"story-{secrets.token_hex(2)}"
    options = (
        f"providers.kubernetesgateway.namespaces={namespace}",
        f"providers.kubernetesgateway.statusaddress.ip={TOLD_OUTSIDE}",
    )
    with (
        gateway_class(kube, name),
        traefik(tmp_path_factory.mktemp("traefik"), *options) as running,
    ):
        shown = {"mode": "Terminate", "certificateRefs": [{"name": SHOWN}]}
        listener = {"name": "https", "protocol": "HTTPS", "port": running.port, "tls": shown}
        body = {
            "apiVersion": GATEWAYS,
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": namespace},
            "spec": {"gatewayClassName": name, "listeners": [listener]},
        }
        inside = f"/apis/{GATEWAYS}/namespaces/{namespace}/gateways"
        kube.http.post(inside, json=body).raise_for_status()
        yield running


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, controller):
    """A system of the gateway alone behind an edge, exposed by that Gateway."""
    exposure = {
        "host": HOST,
        "gateway": {"parentRefs": [{"name": "public"}]},
        "edge": {"enabled": True},
    }
    network = {"trustedProxies": [f"{address_here(kube)}/32"]}
    system = System(kube, namespace, "luna")
    return system.declare(modules=GATEWAY, network=network, exposure=exposure).ready()


def test_gateway_leads_to_the_edge_and_trusts_it_by_the_policy(luna, controller, certificate):
    eventually(lambda: luna.expect("ExposureReady", "True", "Exposed"))

    with controller.client(ADDRESS, HOST, certificate) as client:
        answer = eventually(lambda: found(client.get(PAGE)))

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    eventually(lambda: seen(luna))
    [parent] = luna.kube.require(Ref(HTTP_ROUTE, luna.namespace, luna.name))["status"]["parents"]
    assert parent["controllerName"] == ISSUER


def found(answer):
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    return answer


def seen(luna):
    assert luna.asked_by(PAGE) == {ADDRESS}
