"""Whatever is written and in whatever order: one plan brings the cluster there, a second has nothing to do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applied_objects import AppliedObjects
from arkalia_operator.desired import ground, rendered
from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.data.needs import needed
from arkalia_operator.desired.kinds import BY_NAME, HOLD_DATA
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.trust import Issuer, Trust
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.plan import key_of, plan
from arkalia_operator.planning.schemas import remembered
from builders import OPTIONAL, a_module, a_system, an_access, modules_with
from random_specs import AVAILABLE, SPECS
from volume import examples

SERVED = st.sampled_from([frozenset(), OPTIONAL])
TRUST = Trust(Issuer("https://issuer", "{}"), ("an authority",))
TURNS = 9
"""More than any system needs: volumes and servers, what prepares them, schemas, pods, the rest."""
SOME = examples(25, soak=1500)

pytestmark = pytest.mark.volume


def reconcile(server, system, available, served=OPTIONAL):
    """One turn of the operator's loop; gives what must exist, and what it did for it."""
    observed = server.observed(served)
    resolution = resolve(system, available)
    whole = an_access(*DataService)
    services = {each: whole.services[each] for each in needed(resolution)}
    known = remembered(system, observed)
    desired = rendered(system, resolution, TRUST, known, replace(whole, services=services))
    decided = plan(system, desired, observed)
    server.carry_out(decided)
    return desired, decided


def converge(server, spec, available, served=OPTIONAL):
    """Turn after turn until one has nothing to do; gives what must exist."""
    for _ in range(TURNS):
        desired, decided = reconcile(server, a_system(**spec), available, served)
        if decided.is_empty:
            return desired
    message = f"still something to do: {decided}"
    raise AssertionError(message)


def in_hand(state, desired):
    """What of *state* is not held, and does not depend on the way there: data stay."""
    return {
        key: without_history(key, live, desired)
        for key, live in state.items()
        if not desired.resolution.hold_all and key.name not in desired.kept
        if live["metadata"]["labels"].get("arkalia.io/module") not in desired.resolution.held
        if BY_NAME[key.kind] not in HOLD_DATA
    }


def without_history(key, live, desired):
    """*live* without the note why its pods were replaced, and the number that an autoscaler chose."""
    told = {name: each for name, each in live["metadata"].items() if name != "annotations"}
    spec = live.get("spec", {})
    if key.kind == "Deployment" and key.name in desired.autoscaled:
        spec = {name: each for name, each in spec.items() if name != "replicas"}
    return {**live, "metadata": told, "spec": spec}


@SOME
@given(SPECS, AVAILABLE)
def test_what_is_applied_before_anything_is_known_is_applied_no_other_way_later(spec, available):
    system = a_system(**spec)
    resolution = resolve(system, available)

    later = rendered(system, resolution, TRUST, access=an_access(*DataService)).manifests

    assert [each for each in ground(system, resolution).manifests if each not in later] == []


@SOME
@given(st.lists(SPECS, min_size=1, max_size=3), AVAILABLE, SERVED)
def test_any_edits_converge_and_a_restarted_operator_has_nothing_to_do(edits, available, served):
    server = AppliedObjects()
    for spec in edits[:-1]:
        reconcile(server, a_system(**spec), available, served)
    converge(server, edits[-1], available, served)
    server.accepted = {}

    _, decided = reconcile(server, a_system(**edits[-1]), available, served)

    assert decided.is_empty


@SOME
@given(st.lists(SPECS, min_size=2, max_size=4), AVAILABLE)
def test_end_state_is_that_of_the_last_edit_alone(edits, available):
    travelled, direct = AppliedObjects(), AppliedObjects()
    for spec in edits[:-1]:
        reconcile(travelled, a_system(**spec), available)

    desired = [converge(each, edits[-1], available) for each in (travelled, direct)]

    assert in_hand(travelled.state(), desired[0]) == in_hand(direct.state(), desired[1])


@SOME
@given(SPECS, SPECS, AVAILABLE)
def test_objects_of_a_held_module_stay_as_they_are(before, after, available):
    server = AppliedObjects()
    converge(server, before, available)
    state = server.state()

    desired, _ = reconcile(server, a_system(**after), available)

    resolution, written = desired.resolution, {key_of(each) for each in desired.manifests}
    for key, live in state.items():
        if (
            resolution.hold_all
            or live["metadata"]["labels"].get("arkalia.io/module") in resolution.held
        ):
            # A name that two modules would give belongs to the one that is not held.
            assert key in written or server.state()[key] == live


@given(st.lists(st.integers(1, 9), max_size=4), st.integers(1, 4))
def test_autoscaler_is_never_contradicted(steps, least):
    available = modules_with(a_module(scaling={"minReplicas": least, "maxReplicas": 9}))
    server, key = AppliedObjects(), ObjectKey("Deployment", "arkalia", "luna-alpha")
    reconcile(server, a_system(), available)
    assert server.objects[key]["spec"]["replicas"] == least

    for step in steps:
        server.scale(key, step)
        reconcile(server, a_system(modules={"alpha": {"env": {"STEP": str(step)}}}), available)

        assert server.objects[key]["spec"]["replicas"] == step


@given(st.integers(0, 5), st.integers(1, 4))
def test_fixed_number_of_pods_goes_over_to_the_autoscaler_without_a_jump(fixed, least):
    available = modules_with(a_module())
    server, key = AppliedObjects(), ObjectKey("Deployment", "arkalia", "luna-alpha")
    reconcile(server, a_system(modules={"alpha": {"replicas": fixed}}), available)

    scaling = {"minReplicas": least, "maxReplicas": 9}
    reconcile(server, a_system(modules={"alpha": {"scaling": scaling}}), available)

    assert server.objects[key]["spec"]["replicas"] == max(fixed, least)


def test_deployment_that_was_scaled_to_nothing_gets_its_pods_back():
    available = modules_with(a_module(scaling={"minReplicas": 2, "maxReplicas": 9}))
    server, key = AppliedObjects(), ObjectKey("Deployment", "arkalia", "luna-alpha")
    reconcile(server, a_system(), available)

    server.scale(key, 0)
    reconcile(server, a_system(), available)

    assert server.objects[key]["spec"]["replicas"] == 2
