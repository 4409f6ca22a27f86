"""Bad input at volume: what the API server lets through, and what comes of it.

Random resources are tried on an API server without nodes (`cluster.stand_ins`). It says of each what
the model of it says (`tests/admission.py`), by which thousands more are made. An operator converges
on some of them, and another one that takes its place writes nothing.
"""

import re
import secrets
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from admission import plain, refusals
from arkalia_operator.api import crds
from cluster.audit import AuditLog
from cluster.kinds import NAMESPACE, Ref
from cluster.kube import Kube
from cluster.operators import operators
from cluster.stand_ins import cluster
from cluster.systems import System, off_except
from cluster.waiting import eventually
from random_specs import SPECS, specs
from schema_values import Admitted, spoilt
from volume import examples

SCHEMA = crds.whole_schema(crds.SYSTEM)
SPEC = SCHEMA["properties"]["spec"]
ANY_WORDS = Admitted().of(SPEC)
COLLECTION = "/apis/arkalia.io/v1alpha1/namespaces/default/arkaliasystems"
TRIED_OUT = {"dryRun": "All", "fieldValidation": "Strict"}
OFF = off_except("globalstate", "helloria")
BUILT_IN = tuple(sorted({*OFF, "globalstate", "helloria"}))
CALM_LOOKS = 10
OPERATORS = 4
"""The first converges, the second writes nothing. One on a busy machine may be taken for done early."""
UNSHRUNK = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}
"""Smaller examples would take as many requests again."""
MANY = settings(examples(60, soak=600), **UNSHRUNK)
FEW = settings(examples(5, soak=50), **UNSHRUNK)

pytestmark = pytest.mark.volume


@st.composite
def let_through(draw):
    """Specs that are accepted, half of them with any text where none in particular is asked for."""
    return draw(ANY_WORDS | SPECS)


@st.composite
def broken(draw):
    """Such a spec, broken in one place, or perhaps only changed."""
    return draw(spoilt(draw(let_through()), SPEC))


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """The API server without nodes."""
    kube = Kube(str(plane.kubeconfig("person")))
    yield kube
    kube.close()


@pytest.fixture(scope="module")
def starter(plane):
    with operators(plane.folder, plane.kubeconfig("operator")) as starter:
        yield starter


@MANY
@given(let_through())
def test_everything_that_the_model_lets_through_is_accepted_as_it_was_written(own, spec):
    answer = tried_out(own, spec)

    assert complaints(spec) == []
    assert answer.is_success, answer.text
    assert answer.json().get("spec", {}) == spec


@MANY
@given(broken())
def test_everything_that_the_model_refuses_is_refused_with_the_field_that_is_wrong(own, spec):
    expected = complaints(spec)
    answer = tried_out(own, spec)

    assert answer.is_client_error is bool(expected), f"{expected}: {answer.text}"
    if expected:
        assert {each.path for each in expected} <= set(named(answer.json())), answer.text


def body_of(spec, namespace="default"):
    head = {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem"}
    return {**head, "metadata": {"name": "luna", "namespace": namespace}, "spec": spec}


def complaints(spec):
    """What the model says to *spec*."""
    return refusals({"metadata": {"name": "luna"}, "spec": spec}, SCHEMA, "")


def tried_out(kube, spec):
    """The answer of the API server, which stores nothing."""
    return kube.http.post(COLLECTION, params=TRIED_OUT, json=body_of(spec))


def named(status):
    """The fields that a refusal names."""
    causes = status.get("details", {}).get("causes", [])
    unknown = re.findall(r'unknown field "([^"]*)"', status["message"])
    return [plain(each) for each in (*(cause.get("field", "") for cause in causes), *unknown)]


@FEW
@given(specs(BUILT_IN))
def test_operator_converges_and_the_next_one_writes_nothing(own, plane, starter, spec):
    namespace = f"random-{secrets.token_hex(4)}"
    own.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    own.create(body_of(spec | {"modules": OFF | spec.get("modules", {})}, namespace))
    luna = System(own, namespace, "luna")
    audit = AuditLog(plane.audit, "operator")

    for _ in range(OPERATORS):
        mark = audit.mark()
        with_operator(starter, luna)
        written = [str(each) for each in audit.since(mark, namespace) if each.code < 400]
        if not written:
            break

    own.delete(Ref(NAMESPACE, "", namespace))
    assert written == []


def with_operator(starter, system):
    """An operator looks after *system* until it has nothing more to do."""
    operator = starter.start(ARKALIA_OPERATOR_WATCH_NAMESPACES=system.namespace)
    eventually(partial(calm, operator, system, []))
    operator.kill()


def calm(operator, system, counted):
    """Raises AssertionError until the operator has told how it is, and asked nothing for a while."""
    counted.append(operator.requests)
    assert operator.requests, "the operator has not begun"
    assert system.conditions(), operator.last_words()
    assert counted[-CALM_LOOKS:] == [counted[-1]] * CALM_LOOKS, f"at request {counted[-1]}"
