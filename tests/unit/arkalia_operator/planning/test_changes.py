"""What waits, and what status says of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.api.changes import ChangesStatus
from arkalia_operator.planning.approval import approved_now, pending
from arkalia_operator.planning.changes import (
    Waiting,
    changes_status,
    rollout_lines,
    verdict,
    waiting,
)
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.judge import judge
from arkalia_operator.planning.observed import ObjectKey, RolloutGate
from arkalia_operator.planning.upgrades import gate_of
from builders import OPTIONAL, a_component, a_module, a_system, an_observed, rendered

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POD = ObjectKey("Deployment", "arkalia", "luna-alpha")
LATER = a_module(components=[a_component(args=["--new"])])


def evidence(gate=None, now=None, before=None, **spec):
    """A system that was converged, and what is known of it now that it has *spec*."""
    system = a_system(**spec)
    observed = an_observed(a_system(), rendered(a_system(), a_module(), a_module("gamma")))
    desired = rendered(system, *(now or [a_module(), a_module("gamma")]))
    if before is not None:
        system = replace(system, status=before)
    return Evidence(system, desired, replace(observed, gate=gate or RolloutGate()))


def condition(status, kind):
    [found] = [each for each in status.conditions if each.type == kind]
    return found.status, found.reason, found.message


def test_nothing_waits_in_a_converged_system():
    status = judge(evidence(), NOW)

    assert condition(status, "ChangesApproved") == ("True", "NothingWaits", "No change waits.")
    assert status.changes == ChangesStatus()


def test_upgrade_that_is_held_is_told_and_leaves_the_system_ready():
    status = judge(evidence(RolloutGate(upgrades=False), now=[LATER, a_module("gamma")]), NOW)

    assert condition(status, "ChangesApproved") == (
        "False",
        "RolloutsHeld",
        "An upgrade of the operator would replace pods: Deployment luna-alpha; write "
        "spec.changes.rollout.upgrades: AtOnce to let it in.",
    )
    assert condition(status, "Ready")[0] == "True"
    assert (status.changes.restarts, status.changes.held) == (["Deployment luna-alpha"], 1)
    assert status.changes.hash


def test_change_of_the_spec_that_is_held_makes_the_system_not_ready_yet():
    held = evidence(
        RolloutGate(rollouts=False), environment="staging", changes={"holdRollouts": True}
    )
    status = judge(held, NOW)

    assert condition(status, "ChangesApproved")[1:] == (
        "RolloutsHeld",
        "spec.changes.holdRollouts keeps the pods of Deployment luna-alpha (spec.environment), "
        "Deployment luna-gamma (spec.environment) as they are: set it to false to replace them.",
    )
    assert condition(status, "Ready") == (
        "Unknown",
        "RolloutsHeld",
        "alpha: the pods of Deployment luna-alpha stay as they are, in spite of spec.environment; "
        "gamma: the pods of Deployment luna-gamma stay as they are, in spite of spec.environment",
    )
    assert status.changes.held == 0


def test_paused_system_says_how_much_differs():
    status = judge(evidence(environment="staging", changes={"pause": True}), NOW)

    assert condition(status, "ChangesApproved") == (
        "False",
        "Paused",
        "spec.changes.pause is set: nothing is written; 2 objects differ.",
    )
    assert condition(status, "Ready")[:2] == ("Unknown", "Paused")


def test_paused_system_in_which_nothing_differs_is_ready():
    status = judge(evidence(changes={"pause": True}), NOW)

    assert condition(status, "ChangesApproved")[1] == "Paused"
    assert condition(status, "Ready")[0] == "True"


def test_one_object_is_spoken_of_in_the_singular():
    assert Waiting(paused=1).differing == "1 object differs"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("Hold", "Version 0.2.0; write spec.changes.rollout.upgrades: AtOnce to let it in."),
        ("Waves", "Version 0.2.0; they are let in system by system as long as none gets worse."),
    ],
)
def test_version_that_is_held_is_named_with_the_way_to_let_it_in(policy, message):
    found = Waiting(version="0.2.0")

    assert (
        verdict(found, replace(evidence(), upgrades=policy)).message
        == f"An upgrade of the operator would replace pods: {message}"
    )
    assert changes_status(found, ChangesStatus()).held == 1
    assert changes_status(found, ChangesStatus()).hash


def waiting_for(after, **fields):
    """A converged system whose spec asks for *after* now."""
    found = evidence()
    wanted = rendered(a_system(**after), a_module(), a_module("gamma"))
    return replace(found, pending=pending(found.desired, wanted, OPTIONAL, first=False), **fields)


def test_plan_that_waits_is_told_with_its_hash_and_the_way_to_approve_it():
    found = waiting_for({"modules": {"alpha": {"env": {"A": "b"}}, "gamma": {"enabled": False}}})
    plan, gone = found.pending.hash, len(rendered(None, a_module("gamma")).manifests)

    status = judge(found, NOW)

    assert condition(status, "ChangesApproved") == (
        "False",
        "WaitingForApproval",
        f"Plan {plan} waits: objects 0 to create, 1 to change, {gone} to delete; the pods of "
        "Deployment luna-alpha are replaced. Approve it with arkalia approve luna --namespace "
        f"arkalia --hash {plan}, or take the change of the spec back.",
    )
    assert condition(status, "Ready") == (
        "Unknown",
        "WaitingForApproval",
        f"plan {plan} waits for approval",
    )
    changes = status.changes
    assert (changes.hash, changes.create, changes.change, changes.delete) == (plan, 0, 1, gone)
    assert changes.restarts == ["Deployment luna-alpha"]
    assert any("spec.template.spec.containers[alpha].env[A]" in each for each in changes.objects)


def test_plan_of_a_spec_that_is_not_understood_says_so():
    found = waiting_for({"version": "9.9.9"})

    assert "spec.version 9.9.9 is not known" in condition(judge(found, NOW), "ChangesApproved")[2]


def test_system_of_which_nothing_was_approved_is_not_called_paused():
    found = waiting_for({"environment": "staging"}, frozen=True)
    paused = replace(found, system=a_system(changes={"pause": True}))

    assert condition(judge(paused, NOW), "Ready")[1] == "WaitingForApproval"


def test_what_was_approved_stands_in_status():
    approved = approved_now(a_system(environment="staging"), "hash", "ada")

    assert judge(replace(evidence(), approved=approved), NOW).approved == approved


def test_long_list_of_pods_is_cut():
    names = ("alpha", "beta", "delta", "gamma", "zeta")
    modules = [a_module(name) for name in names]
    observed = an_observed(a_system(), rendered(a_system(), *modules))
    later = [a_module(name, components=[a_component(args=["--new"])]) for name in names]
    told = Evidence(
        a_system(),
        rendered(a_system(), *later),
        replace(observed, gate=RolloutGate(upgrades=False)),
    )

    message = verdict(waiting(told), told).message

    assert (
        "Deployment luna-alpha, Deployment luna-beta, Deployment luna-delta, and 2 more" in message
    )


def test_hash_is_another_for_another_template():
    closed = RolloutGate(upgrades=False)
    other = a_module(components=[a_component(args=["--other"])])

    hashes = {
        judge(evidence(closed, now=[each, a_module("gamma")]), NOW).changes.hash
        for each in (LATER, other)
    }

    assert len(hashes) == 2


@pytest.mark.parametrize("upgrades", [True, False])
def test_nothing_waits_for_approval_while_the_spec_holds_all_pods(upgrades):
    closed = RolloutGate(rollouts=False, upgrades=upgrades)
    held = evidence(closed, now=[LATER, a_module("gamma")], changes={"holdRollouts": True})

    status = judge(replace(held, version_waits="0.2.0"), NOW)

    assert status.changes.hash == ""
    assert status.changes.restarts == ["Deployment luna-alpha"]
    assert condition(status, "ChangesApproved")[2].endswith(
        "Version 0.2.0; spec.changes.holdRollouts keeps them as they are: set it to false first."
    )


def test_every_rollout_has_its_reason_in_status():
    found = rollout_lines(evidence(), NOW)

    assert [(each.name, each.reason, each.time) for each in found] == [
        ("Deployment luna-alpha", "created", NOW),
        ("Deployment luna-gamma", "created", NOW),
    ]


def test_change_of_the_spec_stays_known_while_its_first_note_is_refused():
    found = evidence(RolloutGate(upgrades=False, new_spec=True), environment="staging")
    bare = {key: replace(each, made="") for key, each in found.observed.children.items()}
    refused = replace(found, observed=replace(found.observed, children=bare))

    first = judge(refused, NOW)
    system = replace(refused.system, status=first)
    gate = gate_of(system, "Hold", "0.2.0-abc")
    again = replace(refused, system=system, observed=replace(refused.observed, gate=gate))

    assert not gate.new_spec
    assert gate.changed == {"Deployment luna-alpha", "Deployment luna-gamma"}
    assert waiting(again).held == {}
    assert judge(again, NOW).rollouts == first.rollouts


def test_time_of_a_rollout_stays_while_its_reason_does():
    before = judge(evidence(), NOW)

    later = rollout_lines(evidence(before=before), NOW + timedelta(hours=1))

    assert {each.time for each in later} == {NOW}


def test_time_of_a_rollout_moves_with_a_restart():
    before = judge(evidence(), NOW)
    found = evidence(before=before)
    children = dict(found.observed.children)
    children[POD] = replace(children[POD], restarted_at="2026-11-25T12:30:00Z")
    later = NOW + timedelta(hours=1)

    told = rollout_lines(replace(found, observed=replace(found.observed, children=children)), later)

    assert [(each.reason, each.time) for each in told] == [
        ("kubectl rollout restart at 2026-11-25T12:30:00Z", later),
        ("created", NOW),
    ]


def test_pods_of_another_owner_are_not_told():
    found = evidence()
    children = {
        key: replace(each, owner_uid="another") for key, each in found.observed.children.items()
    }

    assert (
        rollout_lines(replace(found, observed=replace(found.observed, children=children)), NOW)
        == []
    )
