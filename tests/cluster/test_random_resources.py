"""Bad input at volume: what the API server lets through, and what comes of it.

Random resources are tried on an API server without nodes (`cluster.stand_ins`). It says of each what
the model of it says (`tests/admission.py`), by which thousands more are made. An operator converges
on some of them, and another one that takes its place writes nothing; and whatever a system was before
its last edit, it ends as one that never was anything else.
"""

import json
import re
import secrets

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from admission import plain, refusals
from arkalia_contract import labels
from arkalia_operator.api import crds
from arkalia_operator.desired.kinds import DEPLOYMENT, HOLD_DATA, JOB
from arkalia_operator.desired.kinds import HORIZONTAL_POD_AUTOSCALER as SCALER
from cluster.audit import AuditLog
from cluster.kinds import MODULE, NAMESPACE, SYSTEM, Ref
from cluster.kube import JSON_PATCH, RefusedError
from cluster.pictures import difference, line
from cluster.systems import CHILD_KINDS, System, off_except
from cluster.waiting import eventually, steadily
from random_modules import module_specs
from random_specs import SPECS, specs
from schema_values import Admitted, spoilt
from volume import examples

SCHEMAS = {each.kind: crds.whole_schema(each) for each in crds.RESOURCES}
PLURALS = {each.kind: each.plural for each in crds.RESOURCES}
API = "/apis/arkalia.io/v1alpha1/namespaces/default"
TRIED_OUT = {"dryRun": "All", "fieldValidation": "Strict"}
FOREIGN = "weather"
OFF = off_except("globalstate", "helloria")
BUILT_IN = tuple(sorted({*OFF, "globalstate", "helloria"}))
WITHOUT_DATA = [each for each in CHILD_KINDS if each not in {*HOLD_DATA, JOB}]
QUICK = {"ARKALIA_OPERATOR_SPREAD_SECONDS": "1"}
CALM_LOOKS = 10
OPERATORS = 4
"""The first converges, the second writes nothing. One on a busy machine may be taken for done early."""
UNSHRUNK = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}
"""Smaller examples would take as many requests again."""
MANY = settings(examples(60, soak=600), **UNSHRUNK)
FEW = settings(examples(5, soak=50), **UNSHRUNK)

pytestmark = pytest.mark.volume


def any_words(schema, kind):
    """Specs of a *kind* that are let through, half of systems' with texts that mean something."""
    if kind == MODULE.name:
        return module_specs()
    values = Admitted().of(schema["properties"]["spec"])
    return values | SPECS if kind == SYSTEM.name else values


SPECS_OF = {kind: any_words(schema, kind) for kind, schema in SCHEMAS.items()}


@st.composite
def let_through(draw):
    """A kind, and a spec of it that is accepted."""
    kind = draw(st.sampled_from([*SPECS_OF]))
    return kind, draw(SPECS_OF[kind])


@st.composite
def broken(draw):
    """A kind and such a spec of it, broken in one place, or perhaps only changed."""
    kind, spec = draw(let_through())
    return kind, draw(spoilt(spec, SCHEMAS[kind]["properties"]["spec"]))


@MANY
@given(let_through())
def test_everything_that_the_model_lets_through_is_accepted_as_it_was_written(own, resource):
    answer = tried_out(own, *resource)

    assert complaints(*resource) == []
    assert answer.is_success, answer.text
    assert answer.json().get("spec", {}) == resource[1]


@MANY
@given(broken())
def test_everything_that_the_model_refuses_is_refused_with_the_field_that_is_wrong(own, resource):
    expected = complaints(*resource)
    answer = tried_out(own, *resource)

    assert answer.is_client_error is bool(expected), f"{expected}: {answer.text}"
    if expected:
        assert {each.path for each in expected} <= set(named(answer.json())), answer.text


def body_of(kind, spec, namespace="default", name="luna"):
    head = {"apiVersion": "arkalia.io/v1alpha1", "kind": kind}
    return {**head, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def complaints(kind, spec):
    """What the model says to *spec*."""
    return refusals({"metadata": {"name": "luna"}, "spec": spec}, SCHEMAS[kind], "")


def tried_out(kube, kind, spec):
    """The answer of the API server, which stores nothing."""
    return kube.http.post(f"{API}/{PLURALS[kind]}", params=TRIED_OUT, json=body_of(kind, spec))


def named(status):
    """The fields that a refusal names."""
    causes = status.get("details", {}).get("causes", [])
    unknown = re.findall(r'unknown field "([^"]*)"', status["message"])
    return [plain(each) for each in (*(cause.get("field", "") for cause in causes), *unknown)]


@FEW
@given(specs((*BUILT_IN, FOREIGN)), module_specs())
def test_operator_converges_and_the_next_one_writes_nothing(own, plane, starter, spec, description):
    luna = a_system(own, description)
    write(luna, spec)
    audit = AuditLog(plane.audit, "operator")

    for _ in range(OPERATORS):
        mark, before = audit.mark(), told_by(luna)
        with_operator(starter, luna)
        written = [str(each) for each in audit.since(mark, luna.namespace) if each.code < 400]
        if not written:
            break

    now = told_by(luna)
    end(luna)
    assert written == [], difference(before, now)


@FEW
@given(st.lists(specs(BUILT_IN), min_size=2, max_size=4))
def test_end_state_of_edits_is_that_of_the_last_one_alone(own, starter, edits):
    travelled, direct = a_system(own), a_system(own)
    operator = started(starter, travelled)
    taken = [spec for spec in edits if is_taken(travelled, spec)]
    write(direct, taken[-1])

    with_operator(starter, direct)
    worked_off(operator, travelled)
    operator.kill()

    if is_ready(direct):  # what waits for somebody leaves what was there before
        eventually(lambda: same(in_hand(direct), in_hand(travelled)))
    for each in (travelled, direct):
        end(each)


def a_system(kube, description=None):
    """A system, not declared yet, in a namespace of its own where a module may be described."""
    namespace = f"random-{secrets.token_hex(4)}"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    if description:
        kube.create(body_of(MODULE.name, description, namespace, FOREIGN))
    return System(kube, namespace, "luna")


def write(system, spec):
    """Have *system* be what *spec* says, with few modules: it has all that it does not switch off."""
    whole = spec | {"modules": OFF | spec.get("modules", {})}
    if system.kube.get(system.ref) is None:
        system.kube.create(body_of(SYSTEM.name, whole, system.namespace))
    else:
        replaced = [{"op": "replace", "path": "/spec", "value": whole}]
        system.kube.patch(system.ref, replaced, JSON_PATCH)


def is_taken(system, spec):
    """Have *system* be what *spec* says, unless a volume would have to shrink: that is refused."""
    try:
        write(system, spec)
    except RefusedError as refused:
        if "a volume never shrinks" not in str(refused):
            raise
        return False
    return True


def end(system):
    system.kube.delete(Ref(NAMESPACE, "", system.namespace))


def started(starter, system):
    return starter.start(ARKALIA_OPERATOR_WATCH_NAMESPACES=system.namespace, **QUICK)


def with_operator(starter, system):
    """An operator looks after *system* until it has nothing more to do."""
    operator = started(starter, system)
    worked_off(operator, system)
    assert operator.lives, operator.last_words()
    operator.kill()


def worked_off(operator, system):
    """Wait until the operator has told of the present spec and has nothing more to do."""
    eventually(lambda: told(system))
    steadily(operator.calm(CALM_LOOKS))


def told(system):
    assert system.conditions(), f"nothing is told of the present spec of {system.ref}"


def told_by(system):
    """The status of *system*, line by line."""
    return json.dumps(system.kube.require(system.ref).get("status"), indent=1).splitlines()


def is_ready(system):
    return system.conditions()["Ready"]["status"] == "True"


def in_hand(system):
    """What of the objects of *system* does not depend on the way there; data stay."""
    children = system.children(*WITHOUT_DATA)
    scaled = {each["metadata"]["name"] for each in children if each["kind"] == SCALER.name}
    return sorted(
        line(without_history(each, scaled))
        for each in children
        if labels.DATA not in each["metadata"]["labels"]
        and labels.LINEAGE not in each["metadata"]["labels"]
    )


def without_history(body, scaled):
    """*body* without the note why its pods were replaced, and the number that an autoscaler chose."""
    if body["kind"] != DEPLOYMENT.name:
        return body
    metadata = {name: each for name, each in body["metadata"].items() if name != "annotations"}
    chosen = ("replicas",) if metadata["name"] in scaled else ()
    spec = {name: each for name, each in body["spec"].items() if name not in chosen}
    return {**body, "metadata": metadata, "spec": spec}


def same(wanted, seen):
    assert seen == wanted, difference(wanted, seen)
