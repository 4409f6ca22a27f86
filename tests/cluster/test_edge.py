"""An edge of two pods: one is drained, its certificate renewed, and nobody outside notices."""

import json
import socket
import ssl
import time
from importlib.metadata import version

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from arkalia_contract import endpoints, labels
from arkalia_operator import catalogue
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import desired_state, kinds, metadata, names
from arkalia_operator.desired.edge import nginx
from arkalia_operator.desired.resolve import Defaults, Modules
from cluster import load, prometheus, reach, shown_outside, streamer
from cluster.development import environment
from cluster.kinds import MODULE, Ref
from cluster.systems import GATEWAY, System, uids
from cluster.visitors import image_of
from cluster.waiting import eventually

HOST = "ai.example.com"
SECRET = "ai-example-com"
REQUESTS_A_SECOND = 40
MUCH_A_SECOND = 120
NODE_SECONDS = 30


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Makes a new certificate of the name outside: the Secret's data, and the PEM to trust it by."""
    folder = tmp_path_factory.mktemp("certificate")
    return lambda: shown_outside.new(folder, HOST)


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, certificate):
    """A system whose public module is the streamer, behind an edge of two pods."""
    if not reach.has_route(kube):
        pytest.skip("only a machine with a route into the cluster can shake hands with the edge")
    system = System(kube, namespace, "luna").declare(modules=GATEWAY).ready()
    kube.apply(streamer.module(namespace, image_of(kube, namespace), public=True))
    write(kube, namespace, certificate()[0])
    edge = {"enabled": True, "replicas": 2, "tls": {"secretName": SECRET}}
    system.change(
        modules={"streamer": {"replicas": 1}},
        exposure={"host": HOST, "module": "streamer", "edge": edge},
    )
    return system.ready()


def write(kube, namespace, data):
    """The Secret of the certificate that is shown outside."""
    kube.apply(shown_outside.secret(namespace, SECRET, data))


def edge_pods(luna):
    found = luna.kube.find(kinds.POD, luna.namespace, metadata.edge_selector("luna"))
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def service_of(luna):
    return luna.kube.require(Ref(kinds.SERVICE, luna.namespace, names.edge("luna")))


def evict(luna, pod):
    """As `kubectl drain` does it; the status that the API server answers with."""
    name = {key: pod["metadata"][key] for key in ("name", "namespace")}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": name}
    return luna.kube.http.post(f"{Ref.of(pod).path}/eviction", json=body).status_code


def test_drained_pod_costs_no_request_and_the_other_must_wait(luna, kube):
    service, (first, second) = service_of(luna), edge_pods(luna)
    wanted = load.towards(
        service, endpoints.HEALTH, seconds=900, lasting=4, fleeting=4, rate=REQUESTS_A_SECOND
    )
    with load.load(kube, service, image_of(kube, luna.namespace), wanted) as running:
        assert evict(luna, first) == 201
        assert evict(luna, second) == 429
        eventually(lambda: replaced(luna, first))
        luna.ready()
        tally = running.answered(more=REQUESTS_A_SECOND)

    assert (tally.failed, tally.errors) == (0, [])
    assert second["metadata"]["uid"] in uids(edge_pods(luna))


def replaced(luna, pod):
    """Raises AssertionError until *pod* is gone, ending or not, and there are two again."""
    left = luna.kube.get(Ref.of(pod))
    assert left is None, f"{Ref.of(pod)} is still there"
    assert len(edge_pods(luna)) == 2


def shown(luna, pem):
    """Shake hands by the name outside, trusting *pem* alone. Raises AssertionError."""
    address = service_of(luna)["spec"]["clusterIP"], 443
    context = ssl.create_default_context(cadata=pem)
    try:
        with socket.create_connection(address, timeout=NODE_SECONDS) as connection:
            context.wrap_socket(connection, server_hostname=HOST).close()
    except ssl.SSLCertVerificationError as error:
        raise AssertionError(error) from error


def test_renewed_certificate_is_shown_while_a_stream_goes_on(luna, kube, certificate):
    data, new = certificate()
    service = service_of(luna)
    system = ssl.create_default_context(cadata=reach.trusted(kube, service))
    url = f"https://{service['spec']['clusterIP']}"
    named = {"sni_hostname": reach.name_of(service)}
    with (
        httpx.Client(verify=system, timeout=NODE_SECONDS, trust_env=False) as client,
        client.stream("GET", f"{url}/stream", extensions=named) as answer,
    ):
        words = answer.iter_lines()
        assert next(words) == "data: word"
        before = uids(edge_pods(luna))

        write(kube, luna.namespace, data)
        nudge(luna)
        for _ in range(10):  # each pod shows it
            eventually(lambda: shown(luna, new))
        heard = client.get(f"{url}/heard", extensions=named)
        rest = [each for each in words if each]

    assert heard.status_code == 200
    assert rest[-1] == "data: end"
    assert uids(edge_pods(luna)) == before


def nudge(luna):
    """The kubelet looks at the Secrets of a pod at once when the pod changes."""
    for pod in edge_pods(luna):
        luna.kube.patch(
            Ref.of(pod), {"metadata": {"annotations": {"story": str(time.monotonic())}}}
        )


def test_who_asks_by_plain_http_is_sent_to_https(luna):
    address = service_of(luna)["spec"]["clusterIP"]

    answer = httpx.get(f"http://{address}/docs?a=b", headers={"Host": HOST}, trust_env=False)

    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{HOST}/docs?a=b")


def told(luna):
    """What all pods of the edge tell Prometheus, added up."""
    sums = {}
    for pod in edge_pods(luna):
        head, _, name = Ref.of(pod).path.rpartition("/")
        inside = f"{head}/https:{name}:{nginx.METRICS_PORT}/proxy{endpoints.METRICS}"
        text = luna.kube.http.get(inside).raise_for_status().text
        for family in text_string_to_metric_families(text):
            for each in family.samples:
                key = (each.name, *each.labels.values())
                sums[key] = sums.get(key, 0) + each.value
    return sums


def test_metrics_tell_what_was_asked_and_refused(luna):
    edge = reach.Reached(luna.kube, Ref(kinds.SERVICE, luna.namespace, names.edge("luna")))
    before = told(luna)

    assert edge.get("/docs?q=<script>alert(1)</script>").status_code == 403
    assert edge.get(endpoints.HEALTH).status_code == 200

    after = told(luna)
    grown = {key: after[key] - before[key] for key in after if key[0].endswith("_total")}
    assert {key: number for key, number in grown.items() if number} == {
        ("arkalia_edge_requests_total", "2xx"): 1,
        ("arkalia_edge_requests_total", "4xx"): 1,
        ("arkalia_edge_refusals_total", "filter"): 1,
    }
    assert after["arkalia_edge_configuration_accepted",] == 2
    ends = after["arkalia_edge_certificate_expires_timestamp_seconds", "public"] / 2
    assert ends - time.time() == pytest.approx(60 * 86400, abs=86400)


@pytest.fixture(scope="module")
def objects(luna):
    """What the operator makes of the system. Nobody serves the kinds of Prometheus here."""
    kube, own = luna.kube, luna.namespace
    foreign = ArkaliaModule.from_body(kube.require(Ref(MODULE, own, "streamer")))
    defaults = Defaults(version("arkalia-operator"), registry="")
    available = Modules(catalogue.load(), {"streamer": foreign}, {}, defaults)
    return desired_state(ArkaliaSystem.from_body(kube.require(luna.ref)), available).manifests


def expressions(luna, objects):
    """Every expression of the edge's alerts, and of the panels that lie in the cluster."""
    name = names.edge(luna.name)
    [rules] = (each for each in objects if of_edge(each, kinds.PROMETHEUS_RULE))
    alerts = [rule["expr"] for group in rules["spec"]["groups"] for rule in group["rules"]]
    board = names.edge_dashboard(luna.name)
    told = luna.kube.require(Ref(kinds.CONFIG_MAP, luna.namespace, board))["data"]
    panels = json.loads(told[f"{board}.json"])["panels"]
    drawn = [target["expr"] for each in panels for target in each.get("targets", ())]
    assert rules["metadata"]["name"] == name
    assert len(alerts) > 4
    assert len(drawn) > 8
    return alerts, [each.replace("$__rate_interval", "10s") for each in drawn]


def of_edge(body, kind):
    return body["kind"] == kind.name and labels.EDGE in body["metadata"]["labels"]


def test_prometheus_gets_all_that_alerts_and_panels_of_the_edge_are_made_of(
    luna, kube, objects, tmp_path
):
    alerts, panels = expressions(luna, objects)
    kubeconfig = environment()["KUBECONFIG"]
    with prometheus.prometheus(tmp_path / "prometheus", kube, kubeconfig, objects) as running:
        for expression in (*alerts, *panels):
            for selector in prometheus.selectors(expression):
                eventually(lambda each=selector: running.ask(each))
        for expression in panels:
            eventually(lambda each=expression: running.ask(each))
        eventually(lambda: all_quiet(running, len(alerts)))

        pods = {each["metric"]["pod"] for each in running.ask("arkalia_edge_connections")}
        assert pods == {each["metadata"]["name"] for each in edge_pods(luna)}
        assert {health for _, health, _ in running.targets()} == {"up"}, running.targets()


def all_quiet(running, number):
    """Raises AssertionError until every alert of the edge was judged, and none has a reason to fire."""
    found = {name: rule for name, rule in running.rules().items() if "ArkaliaEdge" in name}
    told = {name: (rule["health"], rule["state"]) for name, rule in found.items()}
    assert len(told) == number, told
    assert set(told.values()) == {("ok", "inactive")}, told


def test_autoscaler_takes_the_edge_over_as_it_is(luna, kube):
    before = uids(edge_pods(luna))

    luna.change(exposure={"edge": {"replicas": None, "scaling": {"maxReplicas": 3}}})
    luna.ready()

    scaler = kube.require(Ref(kinds.HORIZONTAL_POD_AUTOSCALER, luna.namespace, names.edge("luna")))[
        "spec"
    ]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 3)
    assert before <= uids(edge_pods(luna))


@pytest.mark.soak
def test_load_adds_a_pod_of_the_edge_and_costs_no_request(luna, kube):
    few = {"requests": {"cpu": "10m", "memory": "64Mi"}}
    scaling = {"minReplicas": 2, "maxReplicas": 3, "targetCPUUtilizationPercentage": 50}
    luna.change(exposure={"edge": {"replicas": None, "scaling": scaling, "resources": few}})
    luna.ready()
    service = service_of(luna)
    wanted = load.towards(
        service, endpoints.HEALTH, seconds=900, lasting=4, fleeting=4, rate=MUCH_A_SECOND
    )

    with load.load(kube, service, image_of(kube, luna.namespace), wanted) as running:
        eventually(lambda: ready_pods(luna, 3))
        tally = running.answered(more=MUCH_A_SECOND)

    assert (tally.failed, tally.errors) == (0, [])


def ready_pods(luna, number):
    """Raises AssertionError until so many pods of the edge are ready."""
    deployment = luna.kube.require(Ref(kinds.DEPLOYMENT, luna.namespace, names.edge("luna")))
    assert deployment["status"].get("readyReplicas") == number, deployment["status"]
