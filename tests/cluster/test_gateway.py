"""What modules publish, as the gateway of a system knows it; and an edge before it."""

import json
from pathlib import Path

import pytest
import yaml

from arkalia_operator.desired import metadata, names
from arkalia_operator.desired.kinds import POD
from cluster.kinds import Ref
from cluster.systems import GATEWAY, PATIENCE_SECONDS, System
from cluster.visitors import output_of, visitor
from cluster.waiting import eventually

MODULE = Path(__file__).resolve().parents[2] / "docs/examples/third-party-module/module.yaml"
PUBLISHED = "/api/v1/greeter/greetings/Ada"

ADDRESSES = """
import json, socket, sys
found = socket.getaddrinfo(sys.argv[1], 8080, type=socket.SOCK_STREAM)
print(json.dumps(sorted({address[0] for *_, address in found})))
"""


@pytest.fixture(scope="module")
def greeter(kube, namespace):
    """Somebody else's module, with one route, as it was written."""
    module = yaml.safe_load(MODULE.read_text(encoding="utf-8"))
    module["metadata"]["namespace"] = namespace
    kube.apply(module)
    return module


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, greeter):
    """A system of the gateway and two pods of that module."""
    modules = GATEWAY | {"greeter": {"replicas": 2}}
    return System(kube, namespace, "luna").declare(modules=modules).ready()


def gateway_pods(luna):
    return {pod["metadata"]["uid"] for pod in luna.pods("helloria")}


def asked(luna, path, status):
    """The gateway's answer at *path*, which has *status*."""
    answer = luna.reach().get(path)
    assert answer.status_code == status, answer.text
    return answer


def test_published_route_is_known_and_lets_nobody_in_who_does_not_say_who_they_are(luna):
    answer = eventually(lambda: asked(luna, PUBLISHED, 401))

    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    asked(luna, "/api/v1/greeter/health", 404)


def test_name_of_the_pods_stands_for_each_of_them(luna, kube, namespace):
    image = luna.pods()[0]["spec"]["containers"][0]["image"]
    host = f"{names.pods('luna', 'greeter')}.{namespace}.svc"
    pod = visitor(Ref(POD, namespace, "asks-for-addresses"), image, ADDRESSES, host)

    told = json.loads(output_of(kube, pod))

    assert told == sorted(each["status"]["podIP"] for each in luna.pods("greeter"))
    assert len(told) == 2


def test_route_that_is_added_is_known_without_a_new_pod(luna, kube, greeter):
    before = gateway_pods(luna)
    asked(luna, "/v1/hello/Ada", 404)
    route = {"path": "/greetings/{name}", "alias": ["/v1/hello/{name}"]}

    kube.apply({**greeter, "spec": {**greeter["spec"], "routes": [route]}})

    eventually(lambda: asked(luna, "/v1/hello/Ada", 401))
    assert gateway_pods(luna) == before


def edge_pods(luna):
    wanted = metadata.edge_selector("luna")
    return [
        each
        for each in luna.kube.find(POD, luna.namespace, wanted)
        if "deletionTimestamp" not in each["metadata"]
    ]


def test_edge_stands_before_the_gateway_and_the_gateway_believes_it(luna):
    # Whoever asks again and again whether an attack passes is denied else, and so is this story.
    luna.change(exposure={"edge": {"enabled": True, "denyList": {"enabled": False}}})
    eventually(lambda: luna.expect("ExposureReady", "True", "Exposed"), PATIENCE_SECONDS)
    luna.ready()
    edge = luna.reach("edge")

    def believed():
        [pod] = edge_pods(luna)
        answer = edge.get(PUBLISHED)
        assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        lines = luna.kube.log(Ref.of(luna.pods()[0])).splitlines()
        told = [json.loads(each) for each in lines if each.startswith("{")]
        clients = {each.get("client") for each in told if "greeter" in str(each.get("path", each))}
        assert clients - {None, pod["status"]["podIP"]}, clients

    eventually(believed, PATIENCE_SECONDS)
    assert edge.get("/docs?q=<script>alert(1)</script>").status_code == 403
    assert edge.get("/metrics").status_code == 404


def test_edge_is_told_something_new_without_a_new_pod_and_is_gone_when_nobody_wants_it(luna):
    before = [each["metadata"]["uid"] for each in edge_pods(luna)]

    luna.change(exposure={"edge": {"requestFilter": {"mode": "Off"}}})

    def off():
        assert luna.reach("edge").get("/docs?q=<script>alert(1)</script>").status_code == 200

    eventually(off, PATIENCE_SECONDS)
    assert [each["metadata"]["uid"] for each in edge_pods(luna)] == before

    luna.change(exposure={"edge": None})
    eventually(lambda: luna.expect("ExposureReady", "True", "NotExposed"), PATIENCE_SECONDS)
    eventually(lambda: none(edge_pods(luna)), PATIENCE_SECONDS)


def none(found):
    assert not found, found
