"""The edge stands before whichever module is public, and only where the spec asks for it."""

import pytest

from arkalia_operator.desired import desired_state, exposure
from arkalia_operator.desired.certificates import wanted_certificates
from arkalia_operator.desired.edge.request_filter import pattern
from builders import a_component, a_module, a_system, modules_with, only, rendered
from pod_security import violations

HTTPS = [a_component(port=8443, scheme="HTTPS", terminationGracePeriodSeconds=270)]
DOOR = a_module("door", public=True, components=HTTPS)
TALK = {"path": "/talk/{id}", "methods": ["POST"], "freeText": True, "alias": ["/v1/talk/{id}"]}
INNER = a_module("inner", routes=[TALK, {"path": "/things"}])
NETWORK = {"trustedProxies": ["10.0.0.0/8"]}
OF_EDGE = {"arkalia.io/system": "luna", "arkalia.io/edge": "true"}


def a_spec(ways=None, **edge):
    return {"network": NETWORK, "exposure": {**(ways or {}), "edge": {"enabled": True} | edge}}


def manifests(*modules, spec=None, **edge):
    return rendered(a_system(**(spec or a_spec(**edge))), *(modules or (DOOR, INNER))).manifests


def text(name, **edge):
    return only(manifests(**edge), "ConfigMap", "luna-edge")["data"][name]


def test_system_that_asks_for_none_has_none():
    found = manifests(spec={"exposure": {"edge": {"requestsPerSecond": 3}}})

    assert not [each for each in found if "edge" in each["metadata"]["name"]]


def test_pods_of_the_edge_are_restricted_and_stop_after_the_module():
    template = only(manifests(), "Deployment", "luna-edge")["spec"]["template"]

    assert violations(template) == []
    assert template["spec"]["terminationGracePeriodSeconds"] > 270
    assert template["spec"]["containers"][0]["image"] == "images.example.com/arkalia/edge:0.1.0"


def test_settings_replace_no_pod():
    def template(**edge):
        return only(manifests(**edge), "Deployment", "luna-edge")["spec"]["template"]

    assert template() == template(requestsPerSecond=99, requestFilter={"mode": "Off"})
    assert template() != template(tls={"secretName": "own"})


@pytest.mark.parametrize(("replicas", "budgets"), [(0, 0), (1, 0), (2, 1)])
def test_edge_has_a_budget_where_a_pod_can_be_spared(replicas, budgets):
    found = [each for each in manifests(replicas=replicas) if each["kind"] == "PodDisruptionBudget"]

    assert [each["metadata"]["name"] for each in found] == ["luna-edge"] * budgets


def test_edge_that_scales_leaves_its_number_of_pods_to_the_autoscaler():
    scaling = {"minReplicas": 2, "maxReplicas": 7, "targetCPUUtilizationPercentage": 60}
    system = a_system(**a_spec(scaling=scaling))
    found = desired_state(system, modules_with(DOOR))

    scaler = only(found.manifests, "HorizontalPodAutoscaler", "luna-edge")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 7)
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    assert scaler["scaleTargetRef"]["name"] == "luna-edge"
    assert "replicas" not in only(found.manifests, "Deployment", "luna-edge")["spec"]
    assert found.autoscaled["luna-edge"] == 2
    assert only(found.manifests, "PodDisruptionBudget", "luna-edge")


def test_edge_that_does_not_scale_has_no_autoscaler():
    found = desired_state(a_system(**a_spec(replicas=3)), modules_with(DOOR))

    assert not [each for each in found.manifests
                if each["kind"] == "HorizontalPodAutoscaler" and "edge" in each["metadata"]["name"]]  # fmt: skip
    assert "luna-edge" not in found.autoscaled


def test_edge_that_may_scale_down_to_one_pod_has_no_budget():
    found = manifests(scaling={"minReplicas": 1})

    assert not [each for each in found if each["kind"] == "PodDisruptionBudget"]


def test_ways_in_lead_to_the_edge():
    ways = {
        "host": "ai.example.com",
        "ingress": {},
        "gateway": {"parentRefs": [{"name": "public"}]},
    }
    found = manifests(spec=a_spec(ways))

    backend = only(found, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend == {"service": {"name": "luna-edge", "port": {"number": 443}}}
    assert only(found, "HTTPRoute")["spec"]["rules"][0]["backendRefs"][0]["name"] == "luna-edge"
    policy = only(found, "BackendTLSPolicy")["spec"]
    assert policy["validation"]["hostname"] == "luna-edge.arkalia.svc"


def test_only_the_edge_reaches_the_module_and_nothing_else_is_reached_from_it():
    found = manifests()

    to_module = only(found, "NetworkPolicy", "luna-door")["spec"]["ingress"][-1]
    assert to_module["from"] == [{"podSelector": {"matchLabels": OF_EDGE}}]
    edge = only(found, "NetworkPolicy", "luna-edge")["spec"]
    users, monitoring = edge["ingress"]
    assert users == {"ports": [{"port": number, "protocol": "TCP"} for number in (8080, 8443)]}
    assert monitoring["ports"] == [{"port": 8444, "protocol": "TCP"}]
    assert monitoring["from"] == [{"namespaceSelector": {}}], "pods of the cluster alone"
    [_, to_door] = edge["egress"]
    assert to_door["ports"] == [{"port": 8443, "protocol": "TCP"}]
    assert to_door["to"][0]["podSelector"]["matchLabels"]["arkalia.io/module"] == "door"


def test_policies_that_are_off_are_off_for_the_edge_too():
    off = {"security": {"networkPolicies": {"enabled": False}}}

    assert not [each for each in manifests(spec=a_spec() | off) if each["kind"] == "NetworkPolicy"]


def test_module_believes_the_edge_and_not_the_proxies_before_it():
    [container] = only(manifests(), "Deployment", "luna-door")["spec"]["template"]["spec"][
        "containers"
    ]
    told = {each["name"]: each.get("value") for each in container["env"]}

    assert told["ARKALIA_EDGE"] == "luna-edge-pods.arkalia.svc"
    assert "ARKALIA_TRUSTED_PROXIES" not in told


def test_pods_are_known_by_their_name_before_they_are_ready():
    each = only(manifests(), "Service", "luna-edge-pods")["spec"]

    assert (each["clusterIP"], each["publishNotReadyAddresses"]) == ("None", True)


def test_plain_http_has_a_port_outside_and_none_where_the_parts_of_a_system_ask():
    def ports(name):
        return {
            each["name"]: each["port"]
            for each in only(manifests(), "Service", name)["spec"]["ports"]
        }

    assert ports("luna-edge") == {"https": 443, "http": 80}
    assert ports("luna-edge-pods") == {"https": 8443, "metrics": 8444}


def test_metrics_are_asked_for_as_those_of_modules_are_and_only_where_it_is_wanted():
    found = manifests()
    spec = only(found, "ServiceMonitor", "luna-edge")["spec"]

    [endpoint] = spec["endpoints"]
    assert (endpoint["port"], endpoint["scheme"]) == ("metrics", "https")
    assert endpoint["tlsConfig"]["serverName"] == "luna-edge.arkalia.svc"
    assert spec["selector"]["matchLabels"] == OF_EDGE
    assert only(found, "ConfigMap", "luna-edge-dashboard")["metadata"]["labels"][
        "grafana_dashboard"
    ]
    off = {"serviceMonitors": False, "dashboards": False}
    names = {each["metadata"]["name"] for each in manifests(spec=a_spec() | {"monitoring": off})
             if each["kind"] in {"ServiceMonitor", "PrometheusRule", "ConfigMap"}}  # fmt: skip
    assert {each for each in names if "edge" in each} == {"luna-edge"}, "its settings alone"


@pytest.mark.parametrize(("replicas", "wanted"), [(0, 0), (1, 1)])
def test_nobody_is_alarmed_by_an_edge_that_has_no_pods(replicas, wanted):
    found = [each for each in manifests(replicas=replicas) if each["kind"] == "PrometheusRule"]

    assert len([each for each in found if each["metadata"]["name"] == "luna-edge"]) == wanted


def test_labels_of_monitoring_are_on_what_prometheus_finds():
    spec = a_spec() | {"monitoring": {"labels": {"release": "prometheus"}}}
    found = manifests(spec=spec)

    for kind in ("ServiceMonitor", "PrometheusRule"):
        assert only(found, kind, "luna-edge")["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.parametrize("chosen", ["NodePort", "LoadBalancer"])
def test_edge_that_is_the_way_in_itself_sees_the_addresses_of_clients(chosen):
    assert only(manifests(serviceType=chosen), "Service", "luna-edge")["spec"]["type"] == chosen
    service = only(manifests(serviceType=chosen), "Service", "luna-edge")["spec"]
    assert service["externalTrafficPolicy"] == "Local"
    assert "externalTrafficPolicy" not in only(manifests(), "Service", "luna-edge")["spec"]


def test_edge_has_a_certificate_for_the_names_of_its_service():
    system = a_system(**a_spec())
    resolution = desired_state(system, modules_with(DOOR)).resolution

    [found] = [each for each in wanted_certificates(system, resolution) if each.edge]

    assert found.secret == "luna-edge-tls"
    assert "luna-edge.arkalia.svc" in found.dns_names


def test_certificate_of_the_edge_is_asked_of_cert_manager():
    manager = {"tls": {"mode": "certManager", "issuerRef": {"name": "ca"}}}

    found = only(manifests(spec=a_spec() | {"security": manager}), "Certificate", "luna-edge-tls")

    assert found["metadata"]["labels"]["arkalia.io/edge"] == "true"


def test_edge_that_leads_nowhere_for_now_stays_as_it_is():
    system = a_system(**a_spec({"module": "lost"}) | {"modules": {"lost": {}}})
    available = modules_with(DOOR, broken={"lost": "spec.image: Field required"})
    found = desired_state(system, available)

    assert not [
        each for each in found.manifests if each["kind"] == "Service" and "edge" in str(each)
    ]
    assert {"luna-edge", "luna-edge-pods"} <= exposure.kept(system, found.resolution)
    assert "spec.exposure.module" not in found.inputs["Deployment", "luna-edge"]


def test_module_without_tls_is_asked_without():
    plain = a_module("door", public=True)
    found = only(manifests(plain), "ConfigMap", "luna-edge")["data"]["nginx.conf"]

    assert "proxy_pass http://module;" in found
    assert "proxy_ssl_verify" not in found


@pytest.mark.parametrize(("config", "limit"), [({}, 2**20), ({"max_body_bytes": 7}, 7)])
def test_body_may_be_as_long_as_the_module_takes(config, limit):
    spec = a_spec() | {"modules": {"door": {"config": config}}}
    data = only(manifests(spec=spec), "ConfigMap", "luna-edge")["data"]

    assert f"client_max_body_size {limit};" in data["nginx.conf"]
    assert f"SecRequestBodyLimit {limit + 1}" in data["filter.conf"]


def test_parts_that_are_off_are_not_loaded():
    off = {"requestFilter": {"mode": "Off"}, "denyList": {"enabled": False}}

    assert "modsecurity" not in text("nginx.conf", **off)
    assert "denied" not in text("nginx.conf", **off)
    assert "filter.conf" not in only(manifests(**off), "ConfigMap", "luna-edge")["data"]


def test_certificate_outside_is_shown_for_the_host():
    found = only(manifests(spec=a_spec({"host": "ai.example.com"}, tls={"secretName": "own"})),
                 "ConfigMap", "luna-edge")["data"]["nginx.conf"]  # fmt: skip

    assert "server_name ai.example.com;" in found
    assert "/etc/arkalia/public-tls/tls.crt" in found


def test_bodies_of_free_text_are_not_looked_at_at_exactly_their_paths():
    assert "^(?:/api/v1/inner/talk/[^/]+|/v1/talk/[^/]+)$" in text("filter.conf")


def test_filter_says_nothing_of_free_text_where_there_is_none():
    found = only(manifests(DOOR), "ConfigMap", "luna-edge")["data"]["filter.conf"]

    assert "tx.free_text=1" not in found


def test_path_of_somebody_elses_module_cannot_be_a_rule():
    evil = a_module("evil", routes=[TALK | {"alias": ['/v1/a" "id:1,phase:1,allow"']}])

    found = only(manifests(DOOR, evil), "ConfigMap", "luna-edge")["data"]["filter.conf"]

    assert "allow" not in found.replace("allowed", "")


@pytest.mark.parametrize(
    ("path", "written"),
    [("/a.b", r"/a\.b"), ("/a/{id}/c", "/a/[^/]+/c"), ("/a/*", "/a/.*"), ("/{x}", "/[^/]+")],
)
def test_pattern_stands_for_the_paths_of_a_route(path, written):
    assert pattern(path) == written
