"""What controllers of others say to an Ingress, an HTTPRoute or a BackendTLSPolicy of ours.

https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus: a Gateway's controller writes for
each parent whether it takes the route. An ingress controller writes an address, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from arkalia_operator.desired.kinds import BACKEND_TLS_POLICY, HTTP_ROUTE, INGRESS, Kind
from arkalia_operator.planning.observed import Admission

ADMITTED: Final = (INGRESS, HTTP_ROUTE, BACKEND_TLS_POLICY)
"""Kinds to which a controller of somebody else says yes or no."""
AGREEMENT: Final = ("Accepted", "ResolvedRefs")
PARENTS: Final = {
    HTTP_ROUTE.name: ("parents", "parentRef"),
    BACKEND_TLS_POLICY.name: ("ancestors", "ancestorRef"),
}
NAMED: Final = ("namespace", "name", "sectionName", "port")


def admission(kind: Kind, live: Mapping[str, Any]) -> Admission:
    """What is said to *live*, of one of the kinds `ADMITTED`."""
    return _of_ingress(live) if kind is INGRESS else _of_parents(kind, live)


def _of_ingress(live: Mapping[str, Any]) -> Admission:
    balancer = live.get("status", {}).get("loadBalancer", {})
    found = (each.get("hostname") or each.get("ip", "") for each in balancer.get("ingress", ()))
    addresses = tuple(filter(None, found))
    return Admission(admitted=bool(addresses), addresses=addresses)


def _of_parents(kind: Kind, live: Mapping[str, Any]) -> Admission:
    listed, named = PARENTS[kind.name]
    said = live.get("status", {}).get(listed, ())
    agreeing = {_name(each[named], live) for each in said if _agrees(each, live)}
    asked = {_name(each, live) for each in live["spec"].get("parentRefs", ())}
    refusals = [f"{each[named]['name']}: {told}" for each in said for told in _refusals(each, live)]
    return Admission(admitted=asked <= agreeing, refusal="; ".join(refusals))


def _name(parent: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells one parent from another."""
    whole = {"namespace": live["metadata"]["namespace"], **parent}
    return tuple(whole.get(each) for each in NAMED)


def _agrees(parent: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    said = {each["type"]: each["status"] for each in _present(parent, live)}
    return said.get("Accepted") == "True" and said.get("ResolvedRefs", "True") == "True"


def _refusals(parent: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    for each in _present(parent, live):
        if each["type"] in AGREEMENT and each["status"] == "False":
            yield f"{each.get('reason', '')}: {each.get('message', '')}".strip(": ")


def _present(parent: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The conditions that speak of the present spec."""
    generation = live["metadata"].get("generation", 0)
    for each in parent.get("conditions", ()):
        if each.get("observedGeneration", generation) >= generation:
            yield each
