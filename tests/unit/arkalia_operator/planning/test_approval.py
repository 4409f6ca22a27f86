"""`spec.changes.policy: Approve`: what is carried out, what waits, and what an approval does."""

from dataclasses import replace

import pytest

from arkalia_operator.api.changes import ChangesStatus
from arkalia_operator.planning.approval import (
    KEPT,
    answers,
    approval,
    approved_now,
    carried,
    outlived,
    pending,
    written,
)
from builders import OPTIONAL, a_module, a_system, an_action, rendered

APPROVE = {"policy": "Approve"}
RUNS = {
    "rollouts": [
        {"name": "Deployment luna-alpha", "reason": "created", "time": "2026-11-25T12:00:00Z"}
    ]
}


def approved(system, **spec):
    """*system*, of which *spec* was approved."""
    was = approved_now(a_system(generation=1, **spec), "hash-1", "ada")
    return replace(system, status=system.status.model_copy(update={"approved": was}))


def test_spec_is_carried_out_at_once_where_nobody_asks_for_approval():
    system = a_system(environment="staging")

    assert carried(system).system is system
    assert carried(system).wanted is None


def test_what_was_approved_is_carried_out_in_the_place_of_the_spec():
    system = approved(a_system(changes=APPROVE, environment="staging"), environment="production")

    found = carried(system)

    assert found.system.spec.environment == "production"
    assert found.wanted is system
    assert found.approved.by == "ada"


def test_spec_that_was_approved_waits_for_nothing():
    system = approved(a_system(changes=APPROVE, environment="staging"), environment="staging")

    assert carried(system).wanted is None


def test_pause_and_holds_are_obeyed_without_approval():
    changes = APPROVE | {"pause": True, "holdRollouts": True}
    found = carried(approved(a_system(changes=changes), environment="staging"))

    assert found.system.spec.changes.pause
    assert found.system.spec.changes.hold_rollouts


def test_system_that_runs_when_the_policy_begins_goes_on():
    found = carried(a_system(changes=APPROVE, environment="staging", status=RUNS))

    assert (found.wanted, found.frozen) == (None, False)
    assert found.approved.spec == {"environment": "staging"}
    assert found.approved.hash == ""


def test_new_system_waits_from_its_beginning():
    system = a_system(changes=APPROVE)

    found = carried(system)

    assert found.frozen
    assert found.wanted is system
    assert found.system.spec.changes.pause


def test_nothing_is_carried_out_of_an_approved_spec_that_cannot_be_read():
    system = approved(a_system(changes=APPROVE))
    broken = system.status.approved.model_copy(update={"spec": {"environment": 7}})
    status = system.status.model_copy(update={"approved": broken})

    found = carried(replace(system, status=status))

    assert found.frozen
    assert not found.system.spec.changes.pause  # what runs is kept


def test_spec_is_kept_as_it_was_written():
    spec = {"environment": "staging", "logLevel": "INFO", "modules": {"alpha": {"replicas": 2}}}

    assert written(a_system(changes=APPROVE, **spec).spec) == spec


def test_plan_has_another_hash_for_another_outcome():
    now = rendered()
    plans = [
        pending(now, rendered(a_system(environment=each), a_module()), OPTIONAL, first=False)
        for each in ("staging", "staging", "development")
    ]

    assert plans[0].hash == plans[1].hash != plans[2].hash


def test_first_plan_creates_everything():
    found = pending(rendered(), rendered(), OPTIONAL, first=True)

    assert {each.operation for each in found.items} == {"create"}
    assert len(found.items) == len(rendered().manifests)


def test_object_of_a_kind_that_is_not_served_is_not_planned():
    found = pending(rendered(), rendered(), frozenset(), first=True)

    assert "ServiceMonitor" not in {each.key.kind for each in found.items}


def test_plan_of_a_spec_that_is_not_understood_names_the_problem():
    found = pending(
        rendered(), rendered(a_system(version="9.9.9"), a_module()), OPTIONAL, first=False
    )

    assert found.problems[0].startswith("spec.version 9.9.9")


def test_approval_is_of_the_plan_that_waits_and_not_answered():
    others = [an_action("a", "other"), an_action("b", "plan", phase="Done")]

    assert approval(others, "plan") is None
    assert approval([*others, an_action("c", "plan")], "plan").name == "c"


def test_nobody_approves_what_does_not_wait():
    assert approval([an_action(plan="plan")], "") is None


def told(system, *actions):
    return {each.name: (status.phase, status.message) for each, status in answers(actions, system)}


def test_approval_that_was_accepted_is_done():
    system = approved(a_system(changes=APPROVE))

    assert told(system, an_action(plan="hash-1")) == {
        "approve": ("Done", "Generation 1 of the spec is carried out.")
    }


def test_approval_of_an_upgrade_is_done():
    changes = ChangesStatus(released="0.2.0-abc", released_hash="plan")
    system = a_system()
    system = replace(system, status=system.status.model_copy(update={"changes": changes}))

    assert told(system, an_action(plan="plan"))["approve"][0] == "Done"


@pytest.mark.parametrize(
    ("waits", "message"),
    [
        ("", "Plan old does not wait, no plan waits: look at it (arkalia plan) and approve that."),
        (
            "new",
            "Plan old does not wait, plan new waits: look at it (arkalia plan) and approve that.",
        ),
    ],
)
def test_approval_of_another_plan_is_refused(waits, message):
    system = a_system(status={"changes": {"hash": waits}})

    assert told(system, an_action(plan="old")) == {"approve": ("Refused", message)}


def test_approval_of_pods_that_the_spec_holds_is_refused_with_the_way_out():
    system = a_system(changes={"holdRollouts": True})

    assert told(system, an_action(plan="held")) == {
        "approve": (
            "Refused",
            "Plan held does not wait for approval: spec.changes.holdRollouts keeps the pods as they "
            "are, set it to false.",
        )
    }


def test_approval_that_is_about_to_be_taken_is_not_answered_yet():
    assert told(a_system(status={"changes": {"hash": "plan"}}), an_action(plan="plan")) == {}


def test_answer_is_given_once():
    assert told(a_system(), an_action(plan="old", phase="Refused")) == {}


def test_oldest_of_many_answered_actions_end():
    done = [
        an_action(f"a-{number}", phase="Done", created=f"2026-11-25T12:00:{number:02}Z")
        for number in range(KEPT + 2)
    ]

    assert [each.name for each in outlived([*reversed(done), an_action("open")])] == ["a-0", "a-1"]
    assert outlived(done[:KEPT]) == []
