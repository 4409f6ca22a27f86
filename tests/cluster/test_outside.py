"""What a module tells the world outside goes through the proxy, and trusts the company's authority.

A pod of the story is the proxy, another one the collector of traces, which shows a certificate that
only the company's authority vouches for.
"""

import base64
import json
from datetime import UTC, datetime

import pytest

from arkalia_operator.cluster import signing
from arkalia_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, POD, SERVICE
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.visitors import phase_is, visitor
from cluster.waiting import eventually

READY_SECONDS = 120
HEARD_SECONDS = 150
"""A pod rolls first, and the kubelet brings a new ConfigMap within a minute and a half."""
PORT = 4318
AWAY = "http://collector.example.com:4318"
CLIENT = "203.0.113.9"
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
"""Whatever stands between the story and the pods has an address in one of these."""
LISTENER = """
import base64, ssl, sys, tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print("heard", self.path, flush=True)
        self.send_response(200)
        self.end_headers()

server = ThreadingHTTPServer(("", int(sys.argv[1])), Listener)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with open("/dev/shm/pair", "wb") as file:
        file.write(base64.b64decode(sys.argv[2]))
    context.load_cert_chain("/dev/shm/pair")
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def authority():
    """The company's."""
    return signing.make_authority("corporate", "corporate", validity())


def validity():
    return signing.Validity(datetime.now(UTC), 3600.0)


@pytest.fixture(scope="module")
def proxy(kube, operator, namespace):
    """A pod that hears what is sent through it."""
    return listening(kube, operator, namespace, "proxy")


@pytest.fixture(scope="module")
def collector(kube, operator, namespace, authority):
    """A pod that takes traces over TLS, behind a Service."""
    name = f"collector.{namespace}.svc"
    pair = signing.sign(signing.authority(authority), [name], validity())
    both = base64.b64encode(pair.certificate + pair.private_key).decode()
    ref = listening(kube, operator, namespace, "collector", both)
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "collector", "namespace": namespace},
            "spec": {"selector": {"story": "collector"}, "ports": [{"port": PORT}]},
        }
    )
    assert kube.require(Ref(SERVICE, namespace, "collector"))
    return ref


@pytest.fixture(scope="module")
def luna(kube, namespace, proxy):
    """A system behind the proxy; the ConfigMap that it names does not exist yet."""
    address = kube.require(proxy)["status"]["podIP"]
    return System(kube, namespace, "luna").declare(
        modules=off_except("helloria"),
        network={
            "proxy": {"http": f"http://{address}:{PORT}"},
            "caBundle": {"configMap": "corporate"},
            "trustedProxies": PRIVATE,
        },
        monitoring={"tracing": {"endpoint": AWAY, "sampling": 1}},
    )


def listening(kube, operator, namespace, name, *arguments):
    """A pod that listens, once it runs."""
    ref = Ref(POD, namespace, name)
    image = operator.pod()["spec"]["containers"][0]["image"].replace("/operator:", "/helloria:")
    pod = visitor(ref, image, LISTENER, str(PORT), *arguments)
    pod["metadata"]["labels"] = {"story": name}
    kube.create(pod)
    eventually(lambda: phase_is(kube, ref, "Running"), READY_SECONDS)
    return ref


def heard(system, listener, line):
    """Ask the system for something, and see that the listener has heard of it."""
    assert system.reach().get("/status").status_code == 200
    log = system.kube.log(listener)
    assert line in log, f"{listener} heard {log!r}"


def test_config_map_that_is_missing_is_told_and_keeps_no_module_from_serving(luna):
    found = eventually(lambda: luna.expect("Accepted", "False", "ConfigMapMissing"), READY_SECONDS)

    assert "create it with certificates in its key ca.crt" in found["message"]
    eventually(lambda: luna.expect("ModulesReady", "True"), READY_SECONDS)


def test_traces_go_through_the_proxy(luna, proxy):
    eventually(lambda: heard(luna, proxy, f"heard {AWAY}/v1/traces"), HEARD_SECONDS)


def test_gateway_logs_the_client_that_a_trusted_proxy_names(luna):
    def logged():
        answer = luna.reach().get("/status", **{"X-Forwarded-For": CLIENT})
        assert answer.status_code == 200
        [pod] = luna.pods()
        lines = luna.kube.log(Ref.of(pod)).splitlines()
        clients = {json.loads(each).get("client") for each in lines if each.startswith("{")}
        assert CLIENT in clients, clients

    eventually(logged, READY_SECONDS)


def test_system_is_ready_when_the_config_map_is_made(luna, kube, authority):
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "corporate", "namespace": luna.namespace},
            "data": {"ca.crt": authority.certificate.decode()},
        }
    )

    luna.ready(READY_SECONDS)


def test_collector_is_trusted_by_the_companys_authority(luna, collector):
    endpoint = f"https://collector.{luna.namespace}.svc:{PORT}"
    luna.change(monitoring={"tracing": {"endpoint": endpoint}})

    luna.ready(READY_SECONDS)

    eventually(lambda: heard(luna, collector, "heard /v1/traces"), HEARD_SECONDS)


def test_certificates_that_are_replaced_restart_nothing(luna, kube, authority):
    before = [each["metadata"]["uid"] for each in luna.pods()]
    another = signing.make_authority("next", "next", validity())
    both = (another.certificate + authority.certificate).decode()

    kube.patch(Ref(CONFIG_MAP, luna.namespace, "corporate"), {"data": {"ca.crt": both}})
    luna.ready(READY_SECONDS)

    assert [each["metadata"]["uid"] for each in luna.pods()] == before


def test_no_pod_is_replaced_for_authorities_that_are_not_there(luna):
    before = templates(luna)
    luna.change(network={"caBundle": {"configMap": "corprate"}})
    found = eventually(lambda: luna.expect("Accepted", "False", "ConfigMapMissing"), READY_SECONDS)
    told = luna.expect("ModulesReady", "Unknown", "RolloutsHeld")["message"]
    held = templates(luna)
    luna.change(network={"caBundle": {"configMap": "corporate"}})
    luna.ready(READY_SECONDS)

    assert "ConfigMap corprate does not exist" in found["message"]
    assert "stay as they are, in spite of spec.network.caBundle" in told
    assert held == templates(luna) == before


def templates(system):
    return [each["spec"]["template"] for each in system.children(DEPLOYMENT)]
