"""What ingress controllers and Gateways say, as they write it into status."""

import pytest

from arkalia_operator.desired.kinds import BACKEND_TLS_POLICY, HTTP_ROUTE, INGRESS
from arkalia_operator.planning.admissions import admission
from arkalia_operator.planning.observed import Admission

EDGE = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}
INSIDE = {**EDGE, "name": "inside", "namespace": "gateways", "sectionName": "https"}


def a_condition(kind="Accepted", status="True", generation=1, **said):
    return {"type": kind, "status": status, "observedGeneration": generation, **said}


def a_route(*said, parents=(EDGE,), generation=1):
    """An HTTPRoute; *said* are pairs of a parent and its conditions."""
    return {
        "metadata": {"namespace": "arkalia", "name": "luna", "generation": generation},
        "spec": {"parentRefs": list(parents)},
        "status": {"parents": [{"parentRef": ref, "conditions": list(all_)} for ref, all_ in said]},
    }


def of_route(*said, **fields):
    return admission(HTTP_ROUTE, a_route(*said, **fields))


def test_ingress_is_admitted_once_it_has_an_address():
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}, {"hostname": "lb.example.com"}]}}

    assert admission(INGRESS, {"status": status}) == Admission(
        admitted=True, addresses=("203.0.113.9", "lb.example.com")
    )


@pytest.mark.parametrize("status", [{}, {"loadBalancer": {}}, {"loadBalancer": {"ingress": [{}]}}])
def test_ingress_without_an_address_is_not_admitted(status):
    assert admission(INGRESS, {"status": status}) == Admission()


def test_route_of_which_nobody_speaks_is_not_admitted():
    assert of_route() == Admission()


def test_route_is_admitted_when_each_parent_agrees():
    both = a_condition(), a_condition("ResolvedRefs")

    assert of_route((EDGE, both)).admitted
    assert not of_route((EDGE, both), parents=(EDGE, INSIDE)).admitted
    assert of_route((EDGE, both), (INSIDE, both), parents=(EDGE, INSIDE)).admitted


def test_parent_is_the_same_with_the_namespace_written_out():
    assert of_route(({**EDGE, "namespace": "arkalia"}, [a_condition()])).admitted


@pytest.mark.parametrize("kind", ["Accepted", "ResolvedRefs"])
def test_refusal_names_the_parent_and_its_words(kind):
    agreed = [] if kind == "Accepted" else [a_condition()]
    no = a_condition(kind, "False", reason="NotAllowedByListeners", message="not from here")

    found = of_route((EDGE, [*agreed, no]))

    assert found == Admission(refusal="edge: NotAllowedByListeners: not from here")


def test_words_about_an_older_spec_do_not_count():
    old = a_condition(status="False", generation=1, reason="Old", message="old")

    assert of_route((EDGE, [old]), generation=2) == Admission()
    assert not of_route((EDGE, [a_condition(generation=1)]), generation=2).admitted


def test_policy_is_admitted_unless_a_gateway_refuses_it():
    no = a_condition(status="False", reason="NoValidCACertificate", message="no ca.crt")
    silent = {"metadata": {"namespace": "arkalia", "generation": 1}, "spec": {}}
    refused = {
        **silent,
        "status": {"ancestors": [{"ancestorRef": EDGE, "conditions": [no]}]},
    }

    assert admission(BACKEND_TLS_POLICY, silent) == Admission(admitted=True)
    assert admission(BACKEND_TLS_POLICY, refused).refusal == "edge: NoValidCACertificate: no ca.crt"
