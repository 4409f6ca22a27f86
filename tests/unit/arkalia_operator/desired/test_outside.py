"""What pods are told of the world outside, and the way there."""

import pytest

from arkalia_operator.desired import outside
from arkalia_operator.desired.overlay import OWN_VARIABLES
from builders import a_component, a_module, a_system, only, rendered

PROXY = {"http": "http://proxy.example.com:3128", "https": "http://proxy.example.com:3129"}
TRACING = {"endpoint": "http://collector.watch.svc:4318"}
DOOR = a_module(public=True)


def told(module=None, settings=None, **spec):
    """Variables of a container, of which the operator usually sets none."""
    system = a_system(**spec, modules={"alpha": settings or {}})
    deployment = only(rendered(system, module or a_module()).manifests, "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


def sources(**spec):
    deployment = only(rendered(a_system(**spec)).manifests, "Deployment")
    [volume] = [
        each
        for each in deployment["spec"]["template"]["spec"]["volumes"]
        if each["name"] == "arkalia"
    ]
    return volume["projected"]["sources"]


def egress(**spec):
    policy = only(rendered(a_system(**spec)).manifests, "NetworkPolicy")
    return policy["spec"]["egress"]


def test_container_of_a_system_that_says_nothing_is_told_nothing_of_the_world_outside():
    names = set(told())

    assert {name for name in names if not name.startswith("ARKALIA_")} == set()
    assert not names & {"ARKALIA_TRACING_ENDPOINT", "ARKALIA_TRUSTED_PROXIES"}


def test_container_is_told_of_proxies_in_the_names_that_clients_read():
    found = told(network={"proxy": PROXY})

    for name in ("HTTP_PROXY", "http_proxy"):
        assert found[name] == "http://proxy.example.com:3128"
    for name in ("HTTPS_PROXY", "https_proxy"):
        assert found[name] == "http://proxy.example.com:3129"


def test_names_of_the_cluster_are_asked_directly_and_those_of_the_spec_after_them():
    found = told(network={"proxy": PROXY | {"noProxy": [".corp.example.com", "10.0.0.0/8"]}})

    expected = "localhost,127.0.0.1,::1,.svc,.cluster.local,.corp.example.com,10.0.0.0/8"
    assert found["NO_PROXY"] == found["no_proxy"] == expected


def test_one_proxy_alone_is_told_alone():
    found = told(network={"proxy": {"https": PROXY["https"]}})

    assert "HTTPS_PROXY" in found
    assert "HTTP_PROXY" not in found


def test_variable_of_the_user_wins_over_the_proxy():
    found = told(settings={"env": {"HTTP_PROXY": "http://mine:1"}}, network={"proxy": PROXY})

    assert found["HTTP_PROXY"] == "http://mine:1"


def test_container_is_told_whom_to_trust_outside_and_finds_it_there():
    network = {"caBundle": {"configMap": "corporate", "key": "bundle.pem"}}

    found = told(network=network)

    path = "/etc/arkalia/outside/ca.crt"
    assert (found["SSL_CERT_FILE"], found["REQUESTS_CA_BUNDLE"]) == (path, path)
    assert sources(network=network)[-1] == {
        "configMap": {
            "name": "corporate",
            "items": [{"key": "bundle.pem", "path": "outside/ca.crt"}],
            "optional": True,
        }
    }


def test_pods_of_a_system_without_authorities_of_its_own_have_nothing_more_mounted():
    assert [name for each in sources() for name in each] == ["configMap", "configMap"]


def test_container_is_told_where_traces_are_sent():
    found = told(monitoring={"tracing": TRACING | {"sampling": 1}})

    assert found["ARKALIA_TRACING_ENDPOINT"] == "http://collector.watch.svc:4318"
    assert found["ARKALIA_TRACING_SAMPLING"] == "1"


def test_module_with_an_endpoint_of_its_own_sends_its_traces_there():
    found = told(
        settings={"config": {"tracing_endpoint": "http://mine:4318"}},
        monitoring={"tracing": TRACING},
    )

    assert "ARKALIA_TRACING_ENDPOINT" not in found


@pytest.mark.parametrize(
    ("module", "expected"), [(DOOR, "10.0.0.0/8,2001:db8::/32"), (a_module(), None)]
)
def test_public_modules_alone_are_told_who_stands_before_them(module, expected):
    found = told(module, network={"trustedProxies": ["10.0.0.0/8", "2001:db8::/32"]})

    assert found.get("ARKALIA_TRUSTED_PROXIES") == expected


def test_pod_template_changes_nothing_of_what_the_operator_tells():
    system = a_system(
        network={"trustedProxies": ["10.0.0.0/8"]},
        modules={
            "alpha": {
                "podTemplate": {
                    "spec": {
                        "containers": [
                            {
                                "name": "alpha",
                                "env": [{"name": "ARKALIA_TRUSTED_PROXIES", "value": "0.0.0.0/0"}],
                            }
                        ]
                    }
                }
            }
        },
    )

    deployment = only(rendered(system, DOOR).manifests, "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]

    told = [each for each in container["env"] if each["name"] == "ARKALIA_TRUSTED_PROXIES"]
    assert told == [{"name": "ARKALIA_TRUSTED_PROXIES", "value": "10.0.0.0/8"}]
    assert {"ARKALIA_TRUSTED_PROXIES", "ARKALIA_TRACING_ENDPOINT"} <= OWN_VARIABLES


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("http://proxy.example.com:3128", 3128),
        ("http://proxy.example.com", 80),
        ("https://proxy.example.com/", 443),
        ("http://[2001:db8::1]:8080", 8080),
    ],
)
def test_way_to_a_proxy_is_open(address, port):
    found = egress(network={"proxy": {"https": address}})

    assert found[-1] == {"ports": [{"port": port, "protocol": "TCP"}]}


def test_ways_to_proxies_and_to_the_receiver_of_traces_are_one_rule():
    system = a_system(network={"proxy": PROXY}, monitoring={"tracing": TRACING})

    [rule] = outside.egress(system)

    assert [each["port"] for each in rule["ports"]] == [3128, 3129, 4318]


def test_no_way_out_is_open_for_a_system_that_says_nothing():
    assert outside.egress(a_system()) == []
    assert len(egress()) == 1


def test_component_without_a_port_is_told_too():
    module = a_module(components=[a_component(port=None)])

    assert "HTTP_PROXY" in told(module, network={"proxy": PROXY})
