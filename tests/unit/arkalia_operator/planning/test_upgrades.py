"""Which operator this is, and which systems may follow it now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.planning.upgrades import (
    Stage,
    Waves,
    default_version,
    gate_of,
    next_wave,
    policy_of,
    ready_since,
    renderer,
    stage,
)
from builders import a_component, a_module, a_system, modules_with

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
WAVES = Waves(share=0.25, soak=timedelta(seconds=60))
OWN = "0.2.0-abc"


def told(ready=None, held=0, released="", version="", generation=1):
    """A system of which status tells this."""
    since = LONG_AGO.isoformat()
    condition = {"type": "Ready", "status": ready, "reason": "R", "message": "",
                 "observedGeneration": 1, "lastTransitionTime": since}  # fmt: skip
    return a_system(
        generation=generation,
        status={
            "observedGeneration": 1,
            "version": version,
            "conditions": [condition] if ready else [],
            "changes": {"held": held, "released": released},
        },
    )


def test_operators_that_make_the_same_pods_are_the_same():
    assert renderer(modules_with(a_module())) == renderer(modules_with(a_module()))


def test_operator_that_makes_other_pods_is_another():
    other = a_module(components=[a_component(args=["--new"])])

    assert renderer(modules_with(a_module())) != renderer(modules_with(other))


@pytest.mark.parametrize(
    ("policy", "released", "allowed"),
    [("Hold", "", False), ("Waves", "0.1.0-x", False), ("AtOnce", "", True), ("Hold", OWN, True)],
)
def test_upgrade_is_let_in_by_its_policy_or_its_release(policy, released, allowed):
    assert gate_of(told(released=released), policy, OWN).upgrades is allowed


def test_gate_knows_whether_status_is_about_the_present_spec():
    assert not gate_of(told(), "Hold", OWN).new_spec
    assert gate_of(told(generation=2), "Hold", OWN).new_spec


def test_gate_keeps_pods_where_the_spec_holds_rollouts():
    assert not gate_of(a_system(changes={"holdRollouts": True}), "AtOnce", OWN).rollouts


@pytest.mark.parametrize(
    ("gate", "running", "version"),
    [
        (RolloutGate(upgrades=False), "0.1.0", "0.1.0"),
        (RolloutGate(rollouts=False), "0.1.0", "0.1.0"),
        (RolloutGate(), "0.1.0", "0.2.0"),
        (RolloutGate(upgrades=False), "", "0.2.0"),
        (RolloutGate(upgrades=False), "0.0.9", "0.2.0"),
    ],
)
def test_version_that_nobody_chose_is_held_with_the_upgrade_while_it_is_known(
    gate, running, version
):
    assert default_version(told(version=running), gate, ["0.1.0", "0.2.0"], "0.2.0") == version


@pytest.mark.parametrize(
    ("system", "policy", "expected"),
    [
        (told("True"), "Waves", Stage.UNCONCERNED),
        (told("True", held=1), "Hold", Stage.UNCONCERNED),
        (told("True", held=1), "Waves", Stage.HOLDING),
        (told("True", held=1, released="0.1.0-x"), "Waves", Stage.HOLDING),
        (told("False", held=1), "Waves", Stage.UNFIT),
        (told(held=1), "Waves", Stage.UNFIT),
        (told("True", held=1, released=OWN), "Waves", Stage.ROLLING),
        (told("Unknown", released=OWN), "Waves", Stage.ROLLING),
        (told(released=OWN), "Waves", Stage.ROLLING),
        (told("True", released=OWN), "Waves", Stage.DONE),
        (told("False", released=OWN), "Waves", Stage.WORSE),
    ],
)
def test_stage_of_a_system_stands_in_its_status(system, policy, expected):
    assert stage(system, policy, OWN) is expected


def test_system_whose_spec_holds_its_pods_keeps_no_other_from_going():
    held = told("True", held=1, released=OWN)
    spec = a_system(changes={"holdRollouts": True}).spec

    assert stage(replace(held, spec=spec), "Waves", OWN) is Stage.UNCONCERNED


def wave(done=0, holding=0, *others, since=LONG_AGO):
    """How many systems are in the next wave."""
    stages = [Stage.DONE] * done + [Stage.HOLDING] * holding + list(others)
    systems = {number: (each, since) for number, each in enumerate(stages)}
    found = next_wave(systems, WAVES, NOW)
    assert all(systems[each][0] is Stage.HOLDING for each in found)
    return len(found)


@pytest.mark.parametrize(
    ("done", "holding", "size"),
    [(0, 12, 1), (1, 11, 2), (3, 9, 9), (2, 10, 1), (12, 0, 0), (0, 0, 0), (1, 1, 1)],
)
def test_one_system_goes_first_then_a_share_then_all(done, holding, size):
    assert wave(done, holding) == size


@pytest.mark.parametrize("stops", [Stage.WORSE, Stage.ROLLING])
def test_no_further_system_goes_while_one_is_worse_or_on_its_way(stops):
    assert wave(3, 9, stops) == 0


@pytest.mark.parametrize("other", [Stage.UNFIT, Stage.UNCONCERNED])
def test_system_that_is_not_concerned_or_not_fit_keeps_no_other_from_going(other):
    assert wave(0, 5, other) == 1


@pytest.mark.parametrize("since", [NOW - timedelta(seconds=59), None])
def test_no_further_system_goes_before_the_last_one_was_ready_for_a_while(since):
    assert wave(1, 5, since=since) == 0


@given(
    st.lists(st.sampled_from([Stage.DONE] * 9 + [Stage.WORSE]), min_size=1, max_size=30),
    st.floats(0.01, 1),
    st.randoms(use_true_random=False),
)
def test_upgrade_reaches_all_systems_wave_by_wave_or_stops_at_the_first_that_gets_worse(
    ends, share, dice
):
    """*ends* says of each system how it is once it has the new pods."""
    stages, waves = [Stage.HOLDING] * len(ends), []
    while found := go(stages, share):
        assert Stage.WORSE not in stages
        waves.append(len(found))
        for each in dice.sample(found, len(found)):
            assert go(stages, share) == [], "one is still on its way"
            stages[each] = ends[each]

    few = ceil(len(ends) * share)
    sizes = [each for each in (1, few - 1, len(ends) - few) if each]
    assert waves == sizes[: len(waves)]
    assert Stage.WORSE in stages or set(stages) == {Stage.DONE}


def go(stages, share):
    """Let in who may go now: they are on their way."""
    systems = {number: (each, LONG_AGO) for number, each in enumerate(stages)}
    found = next_wave(systems, replace(WAVES, share=share), NOW)
    for each in found:
        stages[each] = Stage.ROLLING
    return found


def test_ready_since_is_when_it_became_ready():
    assert ready_since(told("True")) == LONG_AGO
    assert ready_since(told("False")) is None
    assert ready_since(told()) is None


def test_policy_of_a_system_comes_before_that_of_the_operator():
    waves = a_system(changes={"rollout": {"upgrades": "Waves"}})

    assert policy_of(waves, "Hold") == "Waves"
    assert policy_of(a_system(), "Hold") == "Hold"
