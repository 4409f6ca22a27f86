"""An evaluator of NetworkPolicies of its own, for tests: who can reach whom under rendered policies.

It follows https://kubernetes.io/docs/concepts/services-networking/network-policies/: a connection is
let through if the policies of both ends let it through, and an end that no policy selects lets
everything through.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

INGRESS, EGRESS = ("Ingress", "from", "ingress"), ("Egress", "to", "egress")
HOME = "arkalia"
"""The namespace of the policies."""


@dataclass(frozen=True)
class Pod:
    labels: dict
    namespace: str = HOME
    address: str = "10.1.0.7"


@dataclass(frozen=True)
class Address:
    address: str
    labels: None = None
    namespace: str = ""


def pod_of(module, component="main", system="luna", namespace=HOME):
    labels = {
        "arkalia.io/system": system,
        "arkalia.io/module": module,
        "app.kubernetes.io/component": component,
    }
    return Pod(labels, namespace)


def chosen(selector, labels):
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(fits(each, labels) for each in selector.get("matchExpressions", []))


def fits(expression, labels):
    value, values = labels.get(expression["key"]), expression.get("values", [])
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


def is_peer(peer, end):
    if "ipBlock" in peer:
        address, block = ip_address(end.address), peer["ipBlock"]
        left_out = any(address in ip_network(each) for each in block.get("except", []))
        return address in ip_network(block["cidr"]) and not left_out
    if end.labels is None:
        return False
    if "namespaceSelector" in peer:
        names = {"kubernetes.io/metadata.name": end.namespace}
        if not chosen(peer["namespaceSelector"], names):
            return False
    elif end.namespace != HOME:
        return False
    return chosen(peer.get("podSelector", {}), end.labels)


def lets_through(policy, direction, end, port):
    _, peers, rules = direction
    return any(
        (peers not in rule or any(is_peer(each, end) for each in rule[peers]))
        and ("ports" not in rule or {"port": port[0], "protocol": port[1]} in rule["ports"])
        for rule in policy["spec"].get(rules, [])
    )


def end_agrees(policies, pod, other, direction, port):
    concerned = [
        each
        for each in policies
        if pod.labels and pod.namespace == HOME
        if chosen(each["spec"]["podSelector"], pod.labels)
        if direction[0] in each["spec"]["policyTypes"]
    ]
    return not concerned or any(lets_through(each, direction, other, port) for each in concerned)


def policies_of(desired):
    return [each for each in desired.manifests if each["kind"] == "NetworkPolicy"]


def may_connect(desired, source, target, port, protocol="TCP"):
    policies = policies_of(desired)
    return end_agrees(policies, source, target, EGRESS, (port, protocol)) and end_agrees(
        policies, target, source, INGRESS, (port, protocol)
    )
