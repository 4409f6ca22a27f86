"""The operator uses every right that the chart gives it, and needs no other.

It runs with a service account that has the chart's own roles and nothing else, in the whole cluster
and in named namespaces, on an API server without nodes (`cluster.stand_ins`) that logs every request.
The course makes it do all that it ever does: with every kind, with the definitions of the operators
that Arkalia works beside.
"""

import secrets
from functools import partial
from typing import NamedTuple

import pytest
import yaml

from arkalia_contract import labels
from arkalia_operator import rbac
from arkalia_operator.api import API_VERSION
from arkalia_operator.cluster.lease import LeaseKey
from arkalia_operator.desired import kinds
from cluster import chart_rights
from cluster.development import definitions
from cluster.kinds import ACTION, MODULE, Ref
from cluster.kube import Kube
from cluster.stand_ins import cluster
from cluster.systems import System, off_except, uids
from cluster.used_rights import Trail, Use
from cluster.waiting import eventually
from faults.process import operator

CHECKED = "--enable-admission-plugins=OwnerReferencesPermissionEnforcement"
"""As OpenShift has it: who makes an object of a system must have a right on the system."""
OTHERS = {
    "prometheus-operator": (kinds.SERVICE_MONITOR, kinds.PROMETHEUS_RULE),
    "gateway-api": (kinds.HTTP_ROUTE, kinds.BACKEND_TLS_POLICY),
    "cert-manager": (kinds.CERTIFICATE,),
    "cloudnative-pg": (kinds.CLUSTER,),
}
ON = off_except("globalstate", "helloria", "sandozia")
LUNA = {
    "modules": ON | {"sandozia": {"scaling": {"minReplicas": 2, "maxReplicas": 3}}},
    "exposure": {
        "host": "ai.example.com",
        "ingress": {"className": "public"},
        "gateway": {"parentRefs": [{"name": "public", "namespace": "gateways"}]},
    },
}
SOL = {
    "modules": off_except("sandozia"),
    "data": {"postgresql": {"mode": "cnpg", "instances": 2}},
    "security": {"tls": {"mode": "certManager", "issuerRef": {"name": "corporate"}}},
}
"""Waits for both of the others, and for their answer: it is never Ready here."""
ANSWERED = 34
"""More actions than are kept."""
NOT_SEEN = {
    Use("arkalia.io", "arkaliasystems/finalizers", "update"): (
        "the API server asks for it beside the request for a child, and logs that one only; "
        "a test below takes it away"
    ),
}


DESCRIPTION = {
    "image": {"repository": "images.example.com/mine", "tag": "1"},
    "components": [{"name": "main"}],
}
UNHEARD = tuple(
    Use("arkalia.io", plural, "watch") for plural in ("arkaliaactions", "arkaliamodules")
)
UNSEEN = Use("batch", "jobs", "list")
"""Without it nothing can be decided."""
NAMED = pytest.mark.parametrize("course", ["namespaces"], indirect=True)
"""For what is the same wherever the rights come from."""


class Deaf(NamedTuple):
    """What came of an operator that may not watch everything."""

    trail: Trail
    told: str
    restarts: float


class Course(NamedTuple):
    """An operator with the chart's rights, and the two systems that it looks after."""

    rights: chart_rights.ChartRights
    luna: System
    sol: System


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster"), CHECKED) as plane:
        yield plane


@pytest.fixture(scope="module")
def own(plane):
    """The API server without nodes, with everybody's definitions."""
    kube = Kube(str(plane.kubeconfig("person")))
    for operator_name, served in OTHERS.items():
        for kind in served:
            applied = kube.apply(definition_of(operator_name, kind))
            eventually(partial(kube.established, Ref.of(applied)))
    yield kube
    kube.close()


def definition_of(operator_name, kind):
    group, _, _ = kind.api_version.rpartition("/")
    path = definitions(operator_name) / f"{group}_{kind.plural}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["cluster", "namespaces"])
def course(request, own, plane):
    places = [f"{request.param}-{name}" for name in ("one", "two")]
    watched = tuple(places) if request.param == "namespaces" else ()
    rights = chart_rights.installed(own, plane, f"operator-{request.param}", watched)
    for place in places:
        chart_rights.make_sure_of(own, place)
    return Course(rights, System(own, places[0], "luna"), System(own, places[1], "sol"))


def running(course, name, **settings):
    rights = course.rights
    log = rights.plane.folder / f"{rights.account.namespace}-{name}.log"
    return operator(rights.kubeconfig(), log, **rights.settings, **settings)


@pytest.fixture(scope="module")
def trail(course):
    """What the operator did while everything happened that makes it do something."""
    luna, sol = course.luna, course.sol
    with running(course, "whole"):
        luna.declare(**LUNA).ready()
        sol.declare(**SOL)
        eventually(partial(has, sol, kinds.CERTIFICATE, kinds.CLUSTER))
        for _ in range(2):
            for child in everything(luna) + everything(sol):
                change(luna.kube, child)
            repair(luna, sol)
        refuse_actions(luna)
        remove(luna, sol)
    return course.rights.trail()


def everything(system):
    """Its children of every kind."""
    return system.children(*kinds.IN_APPLY_ORDER)


def has(system, *wanted):
    for kind in wanted:
        assert system.children(kind), f"{system.ref} has no {kind.name} yet"


def change(kube, child):
    """Change a label of the operator's; a Job it does not change, so that one is hidden from it."""
    key, value = (labels.PART_OF, "somebody-elses")
    if child["kind"] == kinds.JOB.name:
        key, value = labels.SYSTEM, None
    kube.patch(Ref.of(child), {"metadata": {"labels": {key: value}}})


def repair(luna, sol):
    """Wait for one kind after the other, and then look at all: a look at all is 50 questions."""
    for kind in kinds.IN_APPLY_ORDER:
        eventually(partial(repaired, luna, sol, kind))
    eventually(partial(repaired, luna, sol, *kinds.IN_APPLY_ORDER))


def repaired(luna, sol, *of_kinds):
    for child in luna.children(*of_kinds) + sol.children(*of_kinds):
        assert child["metadata"]["labels"][labels.PART_OF] == labels.PART_OF_ARKALIA, child
    if kinds.JOB in of_kinds:
        has(luna, kinds.JOB)


def refuse_actions(system):
    """Have more plans approved than there are."""
    for number in range(ANSWERED):
        spec = {
            "system": system.name,
            "kind": "ApprovePlan",
            "approvedBy": "person",
            "approvePlan": {"hash": f"{number:016x}"},
        }
        name = {"name": f"approve-{number}", "namespace": system.namespace}
        system.kube.create(
            {"apiVersion": API_VERSION, "kind": ACTION.name, "metadata": name, "spec": spec}
        )
    eventually(partial(few_are_left, system))


def few_are_left(system):
    found = system.kube.find(ACTION, system.namespace)
    assert len(found) < ANSWERED, f"{len(found)} actions"
    assert all(each.get("status", {}).get("phase") == "Refused" for each in found)


def remove(luna, sol):
    """Ask for less, so that of every kind something is deleted that is not data."""
    before = {system: uids_by_kind(system) for system in (luna, sol)}
    luna.change(exposure=None, modules=off_except())
    sol.change(modules=off_except())
    of_luna = set(kinds.IN_APPLY_ORDER) - {kinds.CERTIFICATE, *kinds.HOLD_DATA}
    for kind in of_luna:
        eventually(partial(fewer, luna, before[luna], kind))
    eventually(partial(fewer, sol, before[sol], kinds.CERTIFICATE))


def uids_by_kind(system):
    return {kind: uids(system.children(kind)) for kind in kinds.IN_APPLY_ORDER}


def fewer(system, before, kind):
    left = uids(system.children(kind))
    assert not before[kind] <= left, f"{system.ref} lost no {kind.name}"


def test_operator_is_refused_nothing(trail):
    assert trail.refused == set()


def test_operator_uses_nothing_but_what_the_chart_gives(trail, course):
    assert trail.used <= course.rights.given


@NAMED
def test_operator_uses_everything_that_the_chart_gives(trail, deaf, course):
    unused = course.rights.given - trail.used - trail.read - deaf.trail.used

    assert unused == set(NOT_SEEN)


def test_operator_asks_for_all_that_it_uses(trail):
    served = {kind.name for kind in kinds.IN_APPLY_ORDER}
    asked = {Use.of(each) for each in rbac.rights(served, LeaseKey("anywhere", "any"))}

    assert trail.used <= asked


@pytest.fixture(scope="module")
def deaf(course, trail):
    """An operator that may not watch the kinds of its own that it can work without; then it may."""
    course.rights.take(*UNHEARD)
    mark, mars = course.rights.mark(), System(course.luna.kube, course.luna.namespace, "mars")
    with running(course, "deaf", sweep_seconds=1) as process:
        mars.declare(modules=off_except("helloria")).ready()
        told = eventually(partial(mars.expect, "PermissionsReady", "False", "PermissionsMissing"))
        eventually(partial(looked_up, course, mark))
        restarts = process.metric("arkalia_operator_resource_watch_restarts_total")
        course.rights.give_back(*UNHEARD)
        eventually(partial(mars.expect, "PermissionsReady", "True", "PermissionsGranted"))
    return Deaf(course.rights.trail(mark), told["message"], restarts)


def looked_up(course, mark):
    """Raises AssertionError until the sweep has read what no watch told; changes it for that."""
    kube, namespace = course.luna.kube, course.luna.namespace
    kube.apply(
        {
            "apiVersion": API_VERSION,
            "kind": MODULE.name,
            "metadata": {"name": "mine", "namespace": namespace},
            "spec": DESCRIPTION,
        }
    )
    [action, *_] = kube.find(ACTION, namespace)
    for ref in (Ref(MODULE, namespace, "mine"), Ref.of(action)):
        kube.patch(ref, {"metadata": {"annotations": {"story": secrets.token_hex(4)}}})
    missing = {use._replace(verb="get") for use in UNHEARD} - course.rights.trail(mark).used
    assert not missing, f"not looked up yet: {missing}"


@NAMED
def test_operator_serves_on_where_it_may_not_watch_and_names_the_rule(deaf):
    assert deaf.trail.refused == set(UNHEARD)
    assert (
        'Add to its role: {apiGroups: ["arkalia.io"], resources: [arkaliaactions], verbs: [watch]}; '
        '{apiGroups: ["arkalia.io"], resources: [arkaliamodules], verbs: [watch]}.'
    ) in deaf.told


@NAMED
def test_watches_that_are_allowed_go_on_beside_one_that_is_not(deaf):
    assert deaf.restarts <= 1


@pytest.fixture(scope="module")
def venus(course, deaf):
    """A Ready system, with an operator that has every right."""
    with running(course, "robbed"):
        yield (
            System(course.luna.kube, course.luna.namespace, "venus")
            .declare(modules=off_except("helloria"))
            .ready()
        )


@NAMED
@pytest.mark.parametrize(
    ("use", "kind"),
    [
        (Use("", "services", "create"), kinds.SERVICE),
        (Use("arkalia.io", "arkaliasystems/finalizers", "update"), kinds.DEPLOYMENT),
    ],
    ids=lambda each: each.resource if isinstance(each, Use) else "",
)
def test_right_that_is_taken_away_is_named_as_soon_as_it_is_missed(course, venus, use, kind):
    course.rights.take(use)
    venus.kube.delete(venus.child(kind))

    told = eventually(partial(venus.expect, "PermissionsReady", "False", "PermissionsMissing"))
    refused = eventually(partial(venus.expect, "Ready", "False", "ApplyFailed"))
    course.rights.give_back(use)
    eventually(partial(venus.expect, "PermissionsReady", "True", "PermissionsGranted"))
    venus.ready()

    rule = f'{{apiGroups: ["{use.group}"], resources: [{use.resource}], verbs: [{use.verb}]}}'
    assert told["message"].endswith(f"Add to its role: {rule}.")
    assert "forbidden" in refused["message"]
    assert venus.kube.get(venus.child(kind))


@pytest.mark.soak
@NAMED
def test_operator_that_may_not_list_a_kind_of_every_system_says_so_and_begins_once_it_may(course):
    course.rights.take(UNSEEN)
    terra = System(course.luna.kube, course.luna.namespace, "terra")

    with running(course, "blind"):
        terra.declare(modules=off_except("helloria"))
        blind = eventually(partial(terra.expect, "Ready", "Unknown", "PermissionsMissing"))
        course.rights.give_back(UNSEEN)
        terra.ready()
        eventually(partial(terra.expect, "PermissionsReady", "True", "PermissionsGranted"))

    assert '{apiGroups: ["batch"], resources: [jobs], verbs: [list]}' in blind["message"]
