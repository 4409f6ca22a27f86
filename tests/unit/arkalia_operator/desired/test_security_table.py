"""The truth table of a whole system's policies: all ends, all ports, each field on and off.

What must be let through is written down here in words of its own, from the module descriptions as
files; the rendered policies are read by the evaluator of `network_policies`.
"""

from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml

from arkalia_operator import catalogue
from arkalia_operator.desired import desired_state
from builders import a_system, an_access, modules_with
from network_policies import EGRESS, INGRESS, Address, Pod, end_agrees, pod_of, policies_of

ROOT = Path(__file__).resolve().parents[4]
MODULES = {
    body["metadata"]["name"]: body["spec"]
    for path in sorted(ROOT.glob("workloads/*/module.yaml"))
    for body in [yaml.safe_load(path.read_text(encoding="utf-8"))]
}
DATA = {"postgresql": 5432, "redis-queue": 6379, "redis-cache": 6379}
PROXY, RECEIVER = 3128, 4318


def labelled(**labels):
    names = {"data": "arkalia.io/data", "migration": "arkalia.io/migration"}
    names["component"] = "app.kubernetes.io/component"
    return Pod({"arkalia.io/system": "luna"} | {names[key]: each for key, each in labels.items()})


PODS = {
    ("module", name, component["name"]): pod_of(name, component["name"])
    for name, spec in MODULES.items()
    for component in spec["components"]
}
SERVERS = {("server", name): labelled(data=name, component="server") for name in DATA}
JOBS = {("job", name): labelled(data=name, component="provisioning") for name in DATA}
MIGRATIONS = {("migration", "zeroia"): labelled(migration="zeroia", component="migration")}
OTHERS = {
    ("internet",): Address("203.0.113.9"),
    ("company",): Address("10.20.0.5"),
    ("left out",): Address("10.66.0.5"),
    ("prometheus",): Pod({"app": "prometheus"}, "monitoring", "10.1.0.8"),
    ("controller",): Pod({"app": "controller"}, "ingress", "10.1.0.9"),
    ("neighbour",): Pod({"app": "neighbour"}),
    ("other system",): pod_of("helloria", system="sol"),
    ("names",): Pod({"k8s-app": "kube-dns"}, "kube-system"),
}
ENDS = PODS | SERVERS | JOBS | MIGRATIONS | OTHERS
PORTS = sorted(
    {each["port"] for spec in MODULES.values() for each in spec["components"] if "port" in each}
    | set(DATA.values())
    | {53, 443, PROXY, RECEIVER}
)
IN_CLUSTER = {end for end, each in ENDS.items() if each.labels is not None}
SELECTED = {*PODS, *SERVERS, *JOBS, *MIGRATIONS}
"""Ends that a policy of the system selects."""

namespace = "kubernetes.io/metadata.name"
POLICIES = {
    "ingressFrom": [{"namespaceSelector": {"matchLabels": {namespace: "ingress"}}}],
    "monitoringFrom": [
        {
            "namespaceSelector": {"matchLabels": {namespace: "monitoring"}},
            "podSelector": {"matchLabels": {"app": "prometheus"}},
        }
    ],
    "egressTo": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.66.0.0/16", "10.1.0.0/16"]}}],
}
OUTSIDE = {
    "network": {"proxy": {"https": f"http://proxy.example.com:{PROXY}"}},
    "monitoring": {"tracing": {"endpoint": f"http://collector.watch.svc:{RECEIVER}"}},
}
SITUATIONS = {
    "nothing said": ({}, {}),
    **{name: ({name: peers}, {}) for name, peers in POLICIES.items()},
    "world outside": ({}, OUTSIDE),
    "everything": (POLICIES, OUTSIDE),
}


def ports_of(module):
    return {each["port"] for each in MODULES[module]["components"] if "port" in each}


def needs(module):
    wanted = MODULES[module].get("needs", {})
    roles = {f"redis-{role}" for role in wanted.get("redis", [])}
    return roles | ({"postgresql"} if wanted.get("postgresql") else set())


def calls(caller, callee):
    """Whether the description of *caller* names *callee*, or what both are says it."""
    one, other = MODULES[caller], MODULES[callee]
    named = callee in {each["module"] for each in one.get("calls", [])}
    published = one.get("public", False) and other.get("routes")
    recorded = one.get("events", {}).get("records") and "postgresql" in needs(callee)
    return caller != callee and bool(named or published or recorded)


def is_open_to(end, port, policies, outside):
    """Where *end*, which a policy selects, may go at *port*."""
    yield from (ENDS if port == 53 else ())
    if end[0] == "module":
        yield from (each for each in PODS if calls(end[1], each[1]) and port in ports_of(each[1]))
        yield from (("server", each) for each in needs(end[1]) if port == DATA[each])
        yield from ([("company",)] if "egressTo" in policies else ())
        yield from (ENDS if outside and port in (PROXY, RECEIVER) else ())
    if end[0] == "job" and port == DATA[end[1]]:
        yield ("server", end[1])
    if end[0] == "migration" and port == DATA["postgresql"]:
        yield ("server", "postgresql")


def lets_in(end, port, policies):
    """From where *end*, which a policy selects, is reached at *port*."""
    if end[0] == "module" and port in ports_of(end[1]):
        yield from (each for each in PODS if calls(each[1], end[1]))
        yield from ([("prometheus",)] if "monitoringFrom" in policies else IN_CLUSTER)
        main = {each["port"] for each in MODULES[end[1]]["components"] if each["name"] == "main"}
        if MODULES[end[1]].get("public") and port in main:
            yield from ([("controller",)] if "ingressFrom" in policies else ENDS)
    if end[0] == "server" and port == DATA[end[1]]:
        yield from (each for each in PODS if end[1] in needs(each[1]))
        yield ("job", end[1])
        yield from (MIGRATIONS if end[1] == "postgresql" else ())


@cache
def policies_in(situation):
    policies, outside = SITUATIONS[situation]
    system = a_system(security={"networkPolicies": policies}, **outside)
    builtin = next(iter(catalogue.load().values()))
    found = desired_state(system, modules_with(*builtin.values()), access=an_access(*DATA))
    return policies_of(found)


def rendered_ways(situation, direction, end, port):
    """The other ends that the rendered policies of *end* let through."""
    policies = policies_in(situation)
    return {
        other
        for other in ENDS
        if end_agrees(policies, ENDS[end], ENDS[other], direction, (port, "TCP"))
    }


@pytest.mark.parametrize("situation", SITUATIONS)
def test_ends_go_where_the_descriptions_and_the_spec_say_and_nowhere_else(situation):
    policies, outside = SITUATIONS[situation]

    wrong = [
        (end, port)
        for end, port in product(SELECTED, PORTS)
        if rendered_ways(situation, EGRESS, end, port)
        != set(is_open_to(end, port, policies, outside))
    ]

    assert wrong == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_ends_are_reached_from_where_the_descriptions_and_the_spec_say_and_from_nowhere_else(
    situation,
):
    policies, _ = SITUATIONS[situation]

    wrong = [
        (end, port)
        for end, port in product(SELECTED, PORTS)
        if rendered_ways(situation, INGRESS, end, port) != set(lets_in(end, port, policies))
    ]

    assert wrong == []


def test_every_end_of_the_system_is_selected_by_a_policy():
    policies = policies_in("nothing said")

    closed = [
        end
        for end in SELECTED
        if not end_agrees(policies, ENDS[end], ENDS[end], EGRESS, (1, "TCP"))
    ]

    assert sorted(closed) == sorted(SELECTED)
    assert len(SELECTED) > len(MODULES) + len(DATA)


def test_policies_that_are_switched_off_leave_no_end_closed():
    system = a_system(security={"networkPolicies": {"enabled": False}})
    builtin = next(iter(catalogue.load().values()))

    found = desired_state(system, modules_with(*builtin.values()), access=an_access(*DATA))

    assert policies_of(found) == []
