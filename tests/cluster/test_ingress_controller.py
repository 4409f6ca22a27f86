"""A real ingress controller stands before the edge: client, Traefik, edge, gateway, module.

Traefik knows the Ingress that the operator made, and nothing else of the system. Clients come from
addresses of the loopback, so that it can be seen whose address is believed where.
"""

import base64
import secrets
from contextlib import ExitStack

import pytest
import yaml

from arkalia_contract import files
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import CONFIG_MAP, INGRESS, SECRET, SERVICE
from cluster import reach, shown_outside, streamer
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.traefik import TOLD_OUTSIDE, address_here, ingress_class, traefik
from cluster.waiting import eventually

HOST = "ai.example.com"
SHOWN = "ai-example-com"
READY_SECONDS = 600
LOGIN, ME = "/api/auth/login", "/api/auth/me"
STREAM = f"/api/v1/{streamer.NAME}{streamer.STREAM}"
HEARD = f"/api/v1/{streamer.NAME}{streamer.HEARD}"
ATTACK = "/docs?q=<script>alert(1)</script>"
REFUSALS = 6
EDGE = {
    "enabled": True,
    "requestsPerSecond": 1,
    "denyList": {"refusals": REFUSALS, "windowSeconds": 60, "denySeconds": 600},
}
MANY = range(100)
SMALL = {"replicas": 1}
ANYBODY = "127.0.0.2"


@pytest.fixture(scope="module")
def of_controller(kube):
    """The address by which the pods see a controller that runs on this machine."""
    if not reach.has_route(kube):
        pytest.skip("only a machine with a route into the cluster can be its controller")
    return address_here(kube)


@pytest.fixture(scope="module")
def own_class(kube):
    """An IngressClass of this story."""
    name = f"story-{secrets.token_hex(2)}"
    with ingress_class(kube, name):
        yield name


@pytest.fixture(scope="module")
def certificate(kube, namespace, tmp_path_factory):
    """That of the name outside, which only the controller has; its PEM."""
    data, pem = shown_outside.new(tmp_path_factory.mktemp("certificate"), HOST)
    kube.apply(shown_outside.secret(namespace, SHOWN, data))
    return pem


@pytest.fixture(scope="module")
def exposure(own_class, certificate):
    """An Ingress of that class and with that certificate, and an edge behind it."""
    ingress = {"className": own_class, "tls": {"secretName": SHOWN}}
    return {"host": HOST, "ingress": ingress, "edge": EDGE}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, of_controller, exposure):
    """A system of the gateway, the accounts and the streamer."""
    system = System(kube, namespace, "luna").declare(
        deletionPolicy="Delete",
        network={"trustedProxies": [f"{of_controller}/32"]},
        modules=off_except("helloria", "security") | {"helloria": SMALL, "security": SMALL},
        exposure=exposure,
    )
    image = eventually(lambda: image_of(system))
    kube.apply(streamer.module(namespace, image, public=False))
    system.change(modules={streamer.NAME: SMALL})
    return system


def image_of(system):
    """That of the gateway. Raises AssertionError while it has no pod."""
    pods = system.pods()
    assert pods, "no pod of the gateway"
    return pods[0]["spec"]["containers"][0]["image"]


@pytest.fixture(scope="module")
def controller(kube, luna, own_class, tmp_path_factory):
    """Traefik, which checks the certificate of the edge by what the how-to page says."""
    folder = tmp_path_factory.mktemp("traefik")
    told = Ref(CONFIG_MAP, luna.namespace, names.trust(luna.name))
    authority = folder / "ca.crt"
    authority.write_text(eventually(lambda: kube.require(told))["data"][files.AUTHORITY_KEY])
    service = eventually(lambda: kube.require(Ref(SERVICE, luna.namespace, names.edge(luna.name))))
    transport = {"serverName": reach.name_of(service), "rootCAs": [str(authority)]}
    transports = folder / "transports.yaml"
    transports.write_text(yaml.safe_dump({"http": {"serversTransports": {"luna": transport}}}))
    chosen = {"traefik.ingress.kubernetes.io/service.serverstransport": "luna@file"}
    kube.patch(Ref.of(service), {"metadata": {"annotations": chosen}})
    with traefik(
        folder,
        f"providers.kubernetesingress.ingressclass={own_class}",
        f"providers.kubernetesingress.namespaces={luna.namespace}",
        f"providers.kubernetesingress.ingressendpoint.ip={TOLD_OUTSIDE}",
        f"providers.file.filename={transports}",
    ) as running:
        luna.ready(READY_SECONDS)
        yield running


@pytest.fixture
def client(controller, certificate):
    """Makes a client outside, at an address of the loopback."""
    with ExitStack() as opened:
        yield lambda address: opened.enter_context(controller.client(address, HOST, certificate))


@pytest.fixture(scope="module")
def admin(kube, luna, controller, certificate):
    """What the first administrator shows, who has logged in from outside."""
    found = kube.require(Ref(SECRET, luna.namespace, names.admin(luna.name)))["data"]
    proof = {"user": "admin", "password": base64.b64decode(found["password"]).decode()}
    with controller.client(ANYBODY, HOST, certificate) as client:
        token = eventually(lambda: logged_in(client, proof), longest_step=2)
    return {"Authorization": f"Bearer {token}"}


def logged_in(client, proof):
    return status(200, client.post(LOGIN, json=proof)).json()["access_token"]


def status(wanted, answer):
    """*answer*. Raises AssertionError if it is another one than *wanted*."""
    assert answer.status_code == wanted, f"{answer.status_code}: {answer.text}"
    return answer


def test_controller_tells_where_the_way_in_is_and_the_system_believes_it(luna, controller):
    luna.expect("ExposureReady", "True", "Exposed")

    told = luna.kube.require(Ref(INGRESS, luna.namespace, luna.name))["status"]
    assert told["loadBalancer"]["ingress"] == [{"ip": TOLD_OUTSIDE}]


def test_request_from_outside_reaches_the_gateway_which_knows_whose_it_is(luna, client, admin):
    address = "127.0.0.3"

    answer = client(address).get(ME, headers={**admin, "X-Forwarded-For": "203.0.113.9"})

    assert status(200, answer).json()["name"] == "admin"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    eventually(lambda: seen(luna, ME, {address}))


def seen(luna, path, clients):
    assert luna.asked_by(path) == clients


def test_answer_streams_through_all_of_them(client, admin):
    speaker, hearer = client("127.0.0.4"), client("127.0.0.5")

    with speaker.stream("GET", STREAM, headers=admin) as answer:
        words = answer.iter_lines()
        assert next(words) == streamer.WORD
        status(200, hearer.get(HEARD, headers=admin))
        rest = [each for each in words if each]

    assert rest[-1] == streamer.END


def test_limit_is_that_of_the_client_and_not_of_the_controller(client):
    quick, slow = client("127.0.0.6"), client("127.0.0.7")

    answers = (quick.get("/docs").status_code for _ in MANY)

    assert next((each for each in answers if each != 200), "never refused") == 429
    status(200, slow.get("/docs"))


def test_client_is_denied_and_neither_another_one_nor_the_controller(luna, client):
    attacker, other = client("127.0.0.8"), client("127.0.0.9")
    for _ in range(REFUSALS):
        status(403, attacker.get(ATTACK))

    status(403, attacker.get("/health"))
    status(200, other.get("/health"))
    status(200, luna.reach("edge").get("/health"))
