"""Whatever is written and in whatever order: one plan brings the cluster there, a second has nothing to do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from applied_objects import AppliedObjects
from arkalia_operator.desired import desired_state
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.plan import key_of, plan
from builders import OPTIONAL, a_module, a_system, modules_with
from random_specs import AVAILABLE, SPECS

SERVED = st.sampled_from([frozenset(), OPTIONAL])
SOME = settings(max_examples=25)


def reconcile(server, system, available, served=OPTIONAL):
    """One turn of the operator's loop."""
    desired = desired_state(system, available)
    server.carry_out(plan(system, desired, server.observed(served)))
    return desired


def without_handed_over_replicas(state, desired):
    """*state* without what depends on the past: pods of which an autoscaler has the say."""
    for key, live in state.items():
        if key.kind == "Deployment" and key.name in desired.autoscaled:
            live["spec"] = {name: each for name, each in live["spec"].items() if name != "replicas"}
    return state


def in_hand(state, resolution):
    """The part of *state* that is not held."""
    return {
        key: live
        for key, live in state.items()
        if not resolution.hold_all
        if live["metadata"]["labels"]["arkalia.io/module"] not in resolution.held
    }


@SOME
@given(st.lists(SPECS, min_size=1, max_size=3), AVAILABLE, SERVED)
def test_second_plan_after_any_edits_is_empty(edits, available, served):
    server = AppliedObjects()
    for spec in edits:
        reconcile(server, a_system(**spec), available, served)
    writes = server.writes

    reconcile(server, a_system(**edits[-1]), available, served)

    assert server.writes == writes


@SOME
@given(st.lists(SPECS, min_size=1, max_size=3), AVAILABLE)
def test_restarted_operator_writes_nothing(edits, available):
    server = AppliedObjects()
    for spec in edits:
        reconcile(server, a_system(**spec), available)
    writes, server.accepted = server.writes, {}

    reconcile(server, a_system(**edits[-1]), available)

    assert server.writes == writes


@SOME
@given(st.lists(SPECS, min_size=2, max_size=4), AVAILABLE)
def test_end_state_is_that_of_the_last_edit_alone(edits, available):
    travelled, direct = AppliedObjects(), AppliedObjects()
    for spec in edits:
        desired = reconcile(travelled, a_system(**spec), available)

    reconcile(direct, a_system(**edits[-1]), available)

    states = [
        in_hand(without_handed_over_replicas(each.state(), desired), desired.resolution)
        for each in (travelled, direct)
    ]
    assert states[0] == states[1]


@SOME
@given(SPECS, SPECS, AVAILABLE)
def test_objects_of_a_held_module_stay_as_they_are(before, after, available):
    server = AppliedObjects()
    reconcile(server, a_system(**before), available)
    state = server.state()

    desired = reconcile(server, a_system(**after), available)

    resolution, written = desired.resolution, {key_of(each) for each in desired.manifests}
    for key, live in state.items():
        if (
            resolution.hold_all
            or live["metadata"]["labels"]["arkalia.io/module"] in resolution.held
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
