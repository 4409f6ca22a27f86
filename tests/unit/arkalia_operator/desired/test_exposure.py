"""The way in from outside leads to the module that is public, whatever it is called."""

from dataclasses import replace

import pytest

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.exposure import exposed, kept
from arkalia_operator.desired.resolved import Held, Problem, Resolution
from builders import a_component, a_module, a_system, modules_with, only, rendered

INGRESS = {"host": "ai.example.com", "ingress": {}}
GATEWAY = {"host": "ai.example.com", "gateway": {"parentRefs": [{"name": "edge"}]}}
HTTPS = [a_component(port=8443, scheme="HTTPS")]
DOOR = a_module("door", public=True, components=HTTPS)
SECOND = a_module("hatch", public=True)
INNER = a_module("inner")
WAYS_IN = {"Ingress", "HTTPRoute", "BackendTLSPolicy"}


def manifests(exposure, *modules):
    found = rendered(a_system(exposure=exposure), *(modules or (DOOR, INNER))).manifests
    return [each for each in found if each["kind"] in WAYS_IN]


def resolution(exposure, *modules, **fields):
    system = a_system(exposure=exposure)
    return system, replace(desired_state(system, modules_with(*modules)).resolution, **fields)


def found(exposure, *modules, **fields):
    return exposed(*resolution(exposure, *modules, **fields))


def test_system_that_says_nothing_has_no_way_in():
    assert manifests({}) == []
    assert found({}, DOOR) is None


def test_ingress_leads_to_the_port_of_the_public_module():
    [ingress] = manifests(INGRESS)

    assert ingress["metadata"]["name"] == "luna"
    assert "annotations" not in ingress["metadata"]
    assert ingress["spec"] == {
        "rules": [
            {
                "host": "ai.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "luna-door", "port": {"number": 8443}}},
                        }
                    ]
                },
            }
        ]
    }


def test_ingress_has_the_class_the_annotations_and_the_certificate_of_the_spec():
    wanted = {
        "className": "nginx",
        "annotations": {"b.example.com/x": "2", "a.example.com/x": "1"},
        "tls": {"secretName": "outside"},
    }

    [ingress] = manifests(INGRESS | {"ingress": wanted})

    assert ingress["metadata"]["annotations"] == {"a.example.com/x": "1", "b.example.com/x": "2"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["ai.example.com"], "secretName": "outside"}]


def test_way_in_belongs_to_the_system_and_not_to_a_module():
    [ingress] = manifests(INGRESS)

    assert "arkalia.io/module" not in ingress["metadata"]["labels"]
    assert ingress["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


def test_route_asks_the_gateways_of_the_spec():
    parents = [
        {"name": "edge", "namespace": "gateways", "sectionName": "https", "port": 443},
        {"name": "inside"},
    ]

    route = only(manifests(GATEWAY | {"gateway": {"parentRefs": parents}}), "HTTPRoute")

    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    assert route["spec"]["parentRefs"] == [gateway | each for each in parents]
    assert route["spec"]["hostnames"] == ["ai.example.com"]
    [rule] = route["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert rule["backendRefs"] == [
        {"group": "", "kind": "Service", "name": "luna-door", "port": 8443, "weight": 1}
    ]


def test_gateway_is_told_by_what_it_knows_the_module():
    policy = only(manifests(GATEWAY), "BackendTLSPolicy")

    assert policy["spec"] == {
        "targetRefs": [{"group": "", "kind": "Service", "name": "luna-door"}],
        "validation": {
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "luna-trust"}],
            "hostname": "luna-door.arkalia.svc",
        },
    }


def test_module_that_speaks_http_needs_no_trust():
    plain = a_module("door", public=True)

    assert {each["kind"] for each in manifests(GATEWAY, plain)} == {"HTTPRoute"}


def test_both_ways_in_are_there_side_by_side():
    assert {each["kind"] for each in manifests(GATEWAY | INGRESS)} == WAYS_IN


def test_one_of_several_public_modules_is_named():
    [ingress] = manifests(INGRESS | {"module": "hatch"}, DOOR, SECOND)

    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "luna-hatch", "port": {"number": 8000}}


@pytest.mark.parametrize(
    ("exposure", "modules", "told"),
    [
        (INGRESS, [DOOR, SECOND], "door, hatch are public: write one of them"),
        (INGRESS, [INNER], "no enabled module is public"),
        (
            INGRESS | {"module": "inner"},
            [DOOR, INNER],
            "inner is not an enabled module that is public; public are door",
        ),
        (INGRESS | {"module": "inner"}, [INNER], "no enabled module is public"),
    ],
)
def test_module_that_is_not_clear_is_asked_for(exposure, modules, told):
    problem = found(exposure, *modules)

    assert problem.reason == Reason.INVALID_SPEC
    assert told in problem.message
    assert manifests(exposure, *modules) == []


@pytest.mark.parametrize(
    "components",
    [[a_component(port=None)], [a_component(port=None), a_component("ui", port=80_00)]],
)
def test_module_without_a_port_where_its_service_leads_to_is_no_door(components):
    closed = a_module("door", public=True, components=components)

    assert isinstance(found(INGRESS, closed), Problem)


@pytest.mark.parametrize("exposure", [INGRESS, INGRESS | {"module": "weather"}])
def test_way_in_stays_while_a_module_cannot_be_read(exposure):
    strange = {"weather": Held(Problem(Reason.MODULE_INVALID, "it cannot be read"))}
    system, known = resolution(exposure, INNER, held=strange)

    assert exposed(system, known) is None
    assert kept(system, known) == {"luna"}


def test_way_in_stays_while_the_spec_does_not_say_where_it_leads():
    system, known = resolution(INGRESS, DOOR, SECOND)

    assert kept(system, known) == {"luna"}


def test_nothing_is_kept_of_a_way_in_that_is_clear_or_not_wanted():
    assert kept(*resolution(INGRESS, DOOR)) == frozenset()
    assert kept(a_system(), Resolution("0.1.0")) == frozenset()
