"""Who may call whom: the rendered policies, read by an evaluator of its own."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkalia_operator.desired import desired_state
from builders import a_component, a_module, a_system, modules_with, only, rendered
from network_policies import Address, Pod, may_connect, pod_of

NOBODY = [{"podSelector": {"matchLabels": {"nobody": "at all"}}}]
"""A list of peers that is not empty, so that its default does not hold."""


STRANGER = Pod({"app": "stranger"}, "elsewhere")
INTERNET = Address("203.0.113.9")
RESOLVER = Pod({"k8s-app": "kube-dns"}, "kube-system")
OTHER_SYSTEM = pod_of("gate", system="sol")
OTHER_NAMESPACE = pod_of("gate", namespace="elsewhere")


GATE = a_module(
    "gate",
    public=True,
    components=[a_component(), a_component("admin", port=8999)],
    calls=[{"module": "vault"}],
    routes=[{"path": "/"}],
)
CHAT = a_module(
    "chat",
    components=[a_component(port=8001), a_component("worker")],
    routes=[{"path": "/chat"}],
    calls=[{"module": "judge"}],
)
JUDGE = a_module("judge", components=[a_component(port=8002)])
VAULT = a_module("vault", components=[a_component(port=8003), a_component("ui", port=8004)])
BATCH = a_module("batch", components=[a_component(port=None)], calls=[{"module": "judge"}])
ALL = (GATE, CHAT, JUDGE, VAULT, BATCH)


def system_of(*modules, policies=None, **spec):
    policies = {"monitoringFrom": NOBODY} | (policies or {})
    return rendered(a_system(security={"networkPolicies": policies}, **spec), *(modules or ALL))


@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        # a public module is the door, for everybody, at the port of its main component
        (INTERNET, pod_of("gate"), 8000, True),
        (STRANGER, pod_of("gate"), 8000, True),
        (OTHER_SYSTEM, pod_of("gate"), 8000, True),
        (INTERNET, pod_of("gate", "admin"), 8999, False),
        (INTERNET, pod_of("gate"), 22, False),
        # it calls every module with routes, and those that it names
        (pod_of("gate"), pod_of("chat"), 8001, True),
        (pod_of("gate", "admin"), pod_of("chat"), 8001, True),
        (pod_of("gate"), pod_of("vault"), 8003, True),
        (pod_of("gate"), pod_of("vault", "ui"), 8004, True),
        (pod_of("gate"), pod_of("judge"), 8002, False),
        # the others call those that they name, and nobody calls back
        (pod_of("chat"), pod_of("judge"), 8002, True),
        (pod_of("chat", "worker"), pod_of("judge"), 8002, True),
        (pod_of("batch"), pod_of("judge"), 8002, True),
        (pod_of("judge"), pod_of("chat"), 8001, False),
        (pod_of("chat"), pod_of("gate"), 8000, False),
        (pod_of("chat"), pod_of("vault"), 8003, False),
        (pod_of("chat"), pod_of("judge"), 8003, False),
        # a module does not call itself
        (pod_of("chat"), pod_of("chat", "worker"), 8001, False),
        # nothing from outside reaches what is not public, whatever its labels say
        (INTERNET, pod_of("chat"), 8001, False),
        (STRANGER, pod_of("chat"), 8001, False),
        (OTHER_SYSTEM, pod_of("chat"), 8001, False),
        (OTHER_NAMESPACE, pod_of("chat"), 8001, False),
        # a module without a port serves nobody
        (pod_of("gate"), pod_of("batch"), 8000, False),
        # nobody talks to the outside
        (pod_of("chat"), INTERNET, 443, False),
        (pod_of("gate"), STRANGER, 8000, False),
    ],
)
def test_module_reaches_what_its_description_names_and_nothing_else(source, target, port, allowed):
    assert may_connect(system_of(), source, target, port) is allowed


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("module", ["gate", "chat", "judge", "vault", "batch"])
def test_every_module_may_ask_for_names(module, protocol):
    assert may_connect(system_of(), pod_of(module), RESOLVER, 53, protocol)


def test_modules_speak_tcp_only():
    assert not may_connect(system_of(), pod_of("gate"), pod_of("chat"), 8001, "UDP")


@pytest.mark.parametrize(
    ("source", "allowed"), [(STRANGER, True), (OTHER_NAMESPACE, True), (INTERNET, False)]
)
def test_metrics_are_for_every_pod_of_the_cluster_unless_the_spec_says_who(source, allowed):
    desired = system_of(policies={"monitoringFrom": []})

    assert may_connect(desired, source, pod_of("chat"), 8001) is allowed


@pytest.mark.parametrize(
    ("source", "allowed"), [(Pod({"app": "prometheus"}, "monitoring"), True), (STRANGER, False)]
)
def test_metrics_are_for_those_whom_the_spec_names(source, allowed):
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        "podSelector": {"matchLabels": {"app": "prometheus"}},
    }

    desired = system_of(policies={"monitoringFrom": [peer]})

    assert may_connect(desired, source, pod_of("chat"), 8001) is allowed


@pytest.mark.parametrize(("source", "allowed"), [(INTERNET, False), (Address("10.2.0.1"), True)])
def test_door_is_open_for_those_whom_the_spec_names(source, allowed):
    desired = system_of(policies={"ingressFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]})

    assert may_connect(desired, source, pod_of("gate"), 8000) is allowed


@pytest.mark.parametrize(("target", "allowed"), [(INTERNET, False), (Address("10.2.0.1"), True)])
def test_modules_reach_the_outside_that_the_spec_names(target, allowed):
    desired = system_of(policies={"egressTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]})

    assert may_connect(desired, pod_of("chat"), target, 5432) is allowed


def test_policies_that_are_switched_off_are_not_rendered():
    desired = system_of(policies={"enabled": False})

    assert may_connect(desired, STRANGER, pod_of("chat"), 8001)


def test_policy_denies_a_direction_that_it_has_no_rule_for():
    policy = only(system_of(BATCH).manifests, "NetworkPolicy")

    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy["spec"]


def test_public_module_without_a_main_port_is_no_open_door():
    desired = system_of(
        a_module(
            "gate", public=True, components=[a_component(port=None), a_component("b", port=1234)]
        )
    )

    assert not may_connect(desired, INTERNET, pod_of("gate", "b"), 1234)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (pod_of("gate"), pod_of("chat"), 8001),
        (pod_of("chat"), pod_of("judge"), 8002),
        (INTERNET, pod_of("gate"), 8000),
    ],
)
def test_module_that_is_held_is_called_and_calls_as_before(source, target, port):
    before = system_of()
    after = system_of(modules={"chat": {"podTemplate": {"spec": None}}})
    own = only(before.manifests, "NetworkPolicy", "luna-chat")
    desired = replace(after, manifests=(*after.manifests, own))

    assert may_connect(desired, source, target, port)


@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        (pod_of("gate"), pod_of("weather"), 9999, True),
        (pod_of("chat"), pod_of("weather"), 9999, True),
        (pod_of("judge"), pod_of("weather"), 9999, False),
        (pod_of("weather"), pod_of("judge"), 8002, True),
        (pod_of("other"), pod_of("judge"), 8002, False),
    ],
)
def test_module_that_cannot_be_read_is_still_called_by_those_that_name_it(
    source, target, port, allowed
):
    chat = a_module("chat", components=[a_component(port=8001)], calls=[{"module": "weather"}])
    available = modules_with(GATE, chat, JUDGE, broken={"weather": "spec: Field required"})
    policies = {"networkPolicies": {"monitoringFrom": NOBODY}}

    desired = desired_state(a_system(security=policies, modules={"weather": {}}), available)

    assert may_connect(desired, source, target, port) is allowed


NAMES = ["a", "b", "c"]
DESCRIPTIONS = st.fixed_dictionaries(
    {
        "public": st.booleans(),
        "routes": st.lists(st.just({"path": "/x"}), max_size=1),
        "calls": st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(
            lambda names: [{"module": name} for name in names]
        ),
    }
)


@settings(max_examples=60)
@given(
    st.tuples(DESCRIPTIONS, DESCRIPTIONS, DESCRIPTIONS),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
)
def test_any_two_modules_are_connected_exactly_if_a_description_says_so(
    descriptions, source, target
):
    by_name = dict(zip(NAMES, descriptions, strict=True))
    desired = system_of(*(a_module(name, **each) for name, each in by_name.items()))
    caller, callee = by_name[source], by_name[target]

    named = {"module": target} in caller["calls"] or (caller["public"] and callee["routes"])

    assert may_connect(desired, pod_of(source), pod_of(target), 8000) == bool(
        named and source != target
    )
